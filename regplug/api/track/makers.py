"""What makes the mutation maps and profiles of single variants, for views that show them."""

from contextlib import ExitStack
from functools import cache

from msgspec.structs import replace

from regplug.api.models import OpenModel, opened
from regplug.errors import ModelError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Variant
from regplug.hooks.track_writer import Changes, MapMaker, Profile, ProfileMaker
from regplug.interpret.explain.maps import explain_place
from regplug.scoring.backend import BackendOptions
from regplug.scoring.examined import examine
from regplug.scoring.model import Model
from regplug.tracks.kept import Kept
from regplug.tracks.loops import has_profile
from regplug.tracks.profile_variants import profile_pairs
from regplug.tracks.regions import Tracked


def map_maker(model: Model, genome: Genome) -> MapMaker:
    """Return what makes the mutation maps of a variant."""

    def maps(variant: Variant, target: str) -> list[Changes]:
        place = model.card.labels.index(target)
        return list(explain_place(variant, model, genome, targets=[place])[0].maps.values())

    return maps


def profile_maker(run: OpenModel, genome: Genome) -> ProfileMaker:
    """Return what makes the profile of a variant; it makes none if the model has none."""
    tracked = Tracked(run.adapter, run.remembered, [], 1)

    def profiles(variant: Variant, target: str) -> Profile | None:
        if not has_profile(tracked):
            return None
        examined = examine(variant, genome)
        if not examined.is_short(run.card.window or 0):
            return None
        one = examined.variant
        one = replace(one, chrom=genome.contig(one.chrom) or one.chrom)
        of_target = tracked._replace(targets=[run.card.labels.index(target)])
        (pair,) = profile_pairs([one], of_target, genome)
        return Profile(pair.interval, pair.ref[:, 0], pair.alt[:, 0])

    return profiles


def makers_of(
    kept: Kept, genome: Genome, stack: ExitStack, repo: str | None, options: BackendOptions
) -> tuple[MapMaker, ProfileMaker]:
    """Return makers for finished tracks, which open the model when one of them is first called.

    Args:
        kept: what the tracks are of.
        genome: that they were made with.
        stack: closes the model.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
    """

    @cache
    def makers() -> tuple[MapMaker, ProfileMaker]:
        (run,) = stack.enter_context(opened([kept.model], repo, options))
        if run.card.sha256 != kept.sha256:
            raise ModelError(f"the tracks are of another version of {kept.model}: make them anew")
        return map_maker(run.for_variants(), genome), profile_maker(run, genome)

    return (
        lambda variant, target: makers()[0](variant, target),
        lambda variant, target: makers()[1](variant, target),
    )
