"""A model and the rows of whose ALTs it has the top target ─Drawn→ tracks and mutation maps."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from regplug.api.models import OpenModel
from regplug.api.track.makers import profile_maker
from regplug.errors import ModelError
from regplug.genome.fasta import Genome
from regplug.genome.transcripts import Transcripts
from regplug.hooks.track_writer import Kind, Profile, TrackFile
from regplug.interpret.explain.maps import explain_place
from regplug.interpret.explain.mutation_map import MutationMap
from regplug.models.cache import Cache
from regplug.scoring.effects import Array, difference
from regplug.scoring.examined import Examined
from regplug.scoring.model import Model
from regplug.tracks.bigwig import TrackFiles
from regplug.tracks.folder import file_names, write_tracks
from regplug.tracks.loops import fill_variants, has_profile, reach_of
from regplug.tracks.regions import Tracked
from regplug.tracks.variants import Neighbourhood, neighbourhoods
from regplug.vcf.leading_row import Row

VALUES = 200  # along a window; in longer ones every few bases have one


class Drawn(NamedTuple):
    """A model, and the rows whose top target is one of its.

    Attributes:
        run: the model.
        model: as it scores variants.
        rows: their indices.
        alleles: of these rows.
        targets: of these rows, indices among the model's.
    """

    run: OpenModel
    model: Model
    rows: list[int]
    alleles: list[Examined]
    targets: list[int]

    def changes(self, genome: Genome) -> Array:
        """Return ALT - REF of each row's target, shape (rows,)."""
        scores = self.model.score(self.alleles, genome)
        every = difference(scores.ref, scores.alt)
        picked: Array = every[np.arange(len(every)), self.targets]
        return picked

    def places(self, changes: Array, genome: Genome) -> list[Neighbourhood]:
        """Return where tracks are drawn: not around long alleles; a model of RNA has none."""
        if self.model.card.strand == "forward":
            return []
        window = self.model.window
        shown = [allele.is_short(window) for allele in self.alleles]
        variants = [allele.variant for allele in self.alleles]
        size, reach = np.where(shown, np.abs(changes), np.nan), reach_of(self._tracked([]))
        return neighbourhoods(variants, size, genome, reach)

    def tracks(
        self,
        places: Sequence[Neighbourhood],
        genome: Genome,
        folder: Path,
        progress: Callable[[int], None],
    ) -> tuple[TrackFile, ...]:
        """Write REF, ALT and their difference around each place, of its own target."""
        card = self.model.card
        target_of = {
            replace(allele.variant, chrom=genome.contig(allele.variant.chrom) or ""): target
            for allele, target in zip(self.alleles, self.targets, strict=True)
        }

        def fill(files: TrackFiles) -> None:
            for place in places:
                tracked = self._tracked([target_of[place.variant]])
                fill_variants([place], tracked, genome, progress)(files)

        (name,) = file_names([card.name])
        label = f"{card.name}, top target"
        kinds: list[Kind] = ["ref", "alt", "difference"]
        return write_tracks(folder / name, card.name, [label], kinds, genome, fill)

    def profile(self, row: int, genome: Genome) -> Profile | None:
        """Return the profile around a row's variant, of its target, if the model has one."""
        at = self.rows.index(row)
        profile = profile_maker(self.run, genome)
        return profile(self.alleles[at].variant, self.model.card.labels[self.targets[at]])

    def _tracked(self, targets: Sequence[int]) -> Tracked:
        """Return the model and targets with the step of its tracks."""
        tracked = Tracked(self.run.adapter, self.run.remembered, targets, 1)
        every = 1 if has_profile(tracked) else max(1, self.model.window // VALUES)
        return tracked._replace(step=every)

    def maps(self, row: int, genome: Genome) -> list[MutationMap]:
        """Return the mutation maps of a row's REF and ALT, of its target; none of a long one."""
        at = self.rows.index(row)
        if not self.alleles[at].is_short(self.model.window):
            return []
        found = explain_place(
            self.alleles[at].variant, self.model, genome, targets=[self.targets[at]]
        )
        return list(found[0].maps.values())


def drawn_rows(
    run: OpenModel,
    rows: Sequence[Row],
    examined: Sequence[Examined],
    genes: Transcripts | None,
    cache: Cache | None,
) -> Drawn:
    """Return a model with its rows.

    Raises:
        ModelError: it has no such target.
    """
    card = run.card
    own = [i for i, row in enumerate(rows) if row.model == card.name]
    targets = []
    for index in own:
        if rows[index].target not in card.labels:
            raise ModelError(f"{card.name} has no target {rows[index].target}: annotate again")
        targets.append(card.labels.index(rows[index].target))
    model = run.for_variants(transcripts=genes, cache=cache)
    return Drawn(run, model, own, [examined[i] for i in own], targets)
