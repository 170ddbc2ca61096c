"""Sequences that motifs are put into: random ones, or those of a file, shuffled ─Ground→ codes."""

from collections.abc import Sequence
from os import PathLike, fspath
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from regplug.api.annotate import File
from regplug.api.cuts import cut_regions
from regplug.errors import SequenceError
from regplug.genome.assembly import check_organism
from regplug.genome.codes import Codes, encode
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.interpret.marginal.backgrounds import random_backgrounds, shuffled_backgrounds
from regplug.interpret.marginal.effects import SEED
from regplug.scoring.card import ModelCard
from regplug.scoring.sequences import read_fasta


class Made(NamedTuple):
    """Backgrounds, shape (n, width), and what they are, in words."""

    codes: Codes
    words: str


class Ground(NamedTuple):
    """Makes backgrounds for a model.

    Attributes:
        card: the model's.
        width: of a background, in bases.
        number: how many there are to be.
        gc: share of G and C in random ones.
    """

    card: ModelCard
    width: int
    number: int
    gc: float

    def random(self) -> Made:
        """Return random backgrounds."""
        rng = np.random.default_rng(SEED)
        words = f"{self.number} random sequences with {self.gc:.0%} G and C"
        return Made(random_backgrounds(self.number, self.width, self.gc, rng), words)

    def shuffled(
        self, sequences: File | Sequence[str], fasta: File | None, force: bool = False
    ) -> Made:
        """Return dinucleotide shuffles of a FASTA's or BED's sequences, or of letters.

        Raises:
            SequenceError: one is shorter than a background, or all have unknown bases.
            RegplugError: as the files and the genome raise.
        """
        rows = (
            self._of_sequences(sequences)
            if fasta is None
            else self._of_regions(fspath(sequences), fasta, force)  # type: ignore[arg-type]
        )
        codes = shuffled_backgrounds(np.stack(rows), self.number, np.random.default_rng(SEED))
        words = f"{self.number} dinucleotide shuffles of {len(rows)} sequences"
        if isinstance(sequences, str | PathLike):
            words += f", {fspath(sequences)}"
        return Made(codes, words)

    def _of_sequences(self, sequences: File | Sequence[str]) -> list[Codes]:
        named = (
            read_fasta(fspath(sequences))
            if isinstance(sequences, str | PathLike)
            else ((str(number), letters) for number, letters in enumerate(sequences, start=1))
        )
        return [self._middle(name, encode(letters)) for name, letters in named]

    def _middle(self, name: str, codes: Codes) -> Codes:
        start = (len(codes) - self.width) // 2
        if start < 0:
            raise SequenceError(
                f"sequence {name} has {len(codes)} bases, and {self.card.name} reads {self.width}: "
                "leave it out"
            )
        return codes[start : start + self.width]

    def _of_regions(self, bed: str, fasta: File, force: bool) -> list[Codes]:
        with Genome(find_fasta(fasta)) as genome:
            if not force:
                check_organism(genome, {self.card.name: self.card.assembly})
            card = replace(self.card, window=self.width)
            return [cut.codes for cut in cut_regions(bed, genome, card, None)]
