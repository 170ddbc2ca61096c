"""Variants of a VCF ─track_variants→ REF, ALT and difference, three files per target."""

from collections import Counter
from contextlib import ExitStack, closing

import numpy as np

from regplug.api.annotate import File
from regplug.api.models import trained_on
from regplug.api.track.asked import Asked, target_places
from regplug.api.track.makers import map_maker, profile_maker
from regplug.api.track.views import check_views
from regplug.errors import VariantFileError
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import check_build, find_fasta
from regplug.genome.regions import merged
from regplug.hooks.track_writer import TrackSet
from regplug.scoring.effects import difference
from regplug.scoring.model import score_variants
from regplug.tracks.folder import write_tracks
from regplug.tracks.kept import keep
from regplug.tracks.loops import fill_variants, reach_of
from regplug.tracks.regions import Tracked
from regplug.tracks.variants import neighbourhoods
from regplug.vcf.annotate import Tally
from regplug.vcf.records import VariantReader, variants_of


def around_variants(
    asked: Asked, vcf: str, fasta: File | None, stack: ExitStack, *, force: bool
) -> tuple[TrackSet, Tally]:
    """Write REF, ALT and difference tracks around the variants of a VCF.

    Args:
        asked: what the user asked for.
        vcf: path of a VCF or BCF.
        fasta: the reference, or None to look for it.
        stack: closes the genome, which the views read, when the run ends.
        force: go on though contigs, REFs or the model's organism do not fit the FASTA.

    Raises:
        VariantFileError: the VCF cannot be read, or none of its ALTs can be scored.
        GenomeError: there is no reference, or it does not fit the VCF or the model.
        ModelError: as `target_places`.
        OutputError: a file cannot be written.
    """
    reader = stack.enter_context(closing(VariantReader(vcf)))
    path = find_fasta(fasta, reader.header_values, build=reader.assembly)
    genome = stack.enter_context(Genome(path))
    if not force:
        check_build(genome, reader.contigs)
        check_organism(genome, trained_on([asked.model]))
    card = asked.model.card
    targets = target_places(card, asked)
    model = asked.model.for_variants()
    tracked = Tracked(asked.model.adapter, asked.model.remembered, targets, asked.step or 1)
    reach = reach_of(tracked)
    read = [(record.id or "", variants_of(record)) for record in reader]
    variants = [variant for _, of_record in read for variant in of_record]
    ids = tuple(name for name, of_record in read for _ in of_record)
    if not variants:
        raise VariantFileError(f"{reader.path} holds no variant: there is nothing to draw")
    assembly = asked.assembly or reader.assembly or None
    none = np.empty((0, 0), np.float32)
    planned = TrackSet(asked.output, (), assembly, genome, (), tuple(variants), none, ids=ids)
    check_views(asked.views, planned)
    examined, (scores,) = score_variants(variants, [model], genome, force=force)
    tally = Tally(len(variants), len(read), {card.name: Counter(scores.status)})
    differences = difference(scores.ref, scores.alt)[:, targets]
    differences[[not allele.is_short(model.window) for allele in examined]] = np.nan  # not drawn
    spread = np.array([card.targets[target].spread or 1 for target in targets], np.float32)
    size = np.abs(differences / spread).max(axis=1)
    drawn = neighbourhoods([allele.variant for allele in examined], size, genome, reach)
    if not drawn:
        counts = ", ".join(f"{count} {status}" for status, count in Counter(scores.status).items())
        raise VariantFileError(
            f"no ALT of {reader.path} can be drawn ({counts}): tracks show those that are written "
            "as bases, at most half a window"
        )
    covering = tuple(merged(place.interval for place in drawn))
    with asked.bar("variants", len(drawn)) as progress:
        tracks = write_tracks(
            asked.output,
            card.name,
            [card.labels[target] for target in targets],
            ["ref", "alt", "difference"],
            genome,
            fill_variants(drawn, tracked, genome, progress),
            file_format=asked.file_format,
            kept=keep(
                card,
                genome,
                assembly,
                covering,
                variants=variants,
                ids=ids,
                differences=differences,
            ),
        )
    made = planned._replace(
        tracks=tracks,
        regions=covering,
        differences=differences,
        maps=map_maker(model, genome),
        profiles=profile_maker(asked.model, genome),
    )
    return made, tally
