"""Every single-base change of a sequence: Interval ─mutation_maps→ a MutationMap per target.

A change is scored as `regplug annotate` scores that SNV, in the window centred on it: the map may
be longer than the window, and has the same numbers as the VCF.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes, decode
from regplug.genome.fasta import Reference
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.effects import Array, difference
from regplug.scoring.examined import Examined
from regplug.scoring.model import Model

BASES = 512  # bases that are changed in a batch

Column = NDArray[np.float32]  # (bases,); NaN where there is no score


class MutationMap(NamedTuple):
    """What every single-base change of a sequence does to one target.

    Attributes:
        interval: of the reference, 0-based and half-open.
        codes: the sequence that is changed, REF's or ALT's haplotype, shape (bases,).
        score: of that sequence in the window around the variant; in a region, around its middle.
        differences: shape (bases, 4): the score with that base (A, C, G, T) there less the score;
            0 at the base itself, NaN where there is no score.
        scores: of that sequence in the window around each base, shape (bases,); None if each is
            `score`.
        percentile: of `score`, the share of background places that score lower; None: not known.
    """

    interval: Interval
    codes: Codes
    score: float
    differences: Array
    scores: Column | None = None
    percentile: float | None = None

    @property
    def loss(self) -> Column:
        """Return the score less that of the worst base, shape (bases,), 0 or more.

        Source: Basset's saturation mutagenesis (Kelley, Snoek and Rinn 2016), basset_sat.py.
        """
        loss: Column = 0 - self.differences.min(axis=1)
        return loss

    @property
    def gain(self) -> Column:
        """Return the score of the best base less the score, shape (bases,), 0 or more."""
        gain: Column = self.differences.max(axis=1)
        return gain

    @property
    def weighted(self) -> Array:
        """Return DeepBind's (p(ŝ) - p(s)) * max(0, p(ŝ), p(s)), shape (bases, 4).

        s is the sequence and ŝ the changed one: where neither is bound, the change counts 0.
        Source: Alipanahi et al. 2015, mutation maps.
        """
        before = np.full(len(self.codes), self.score) if self.scores is None else self.scores
        larger = np.maximum(before[:, None], before[:, None] + self.differences)
        weighted: Array = (self.differences * np.maximum(0, larger)).astype(np.float32)
        return weighted

    @property
    def height(self) -> Column:
        """Return the height of DeepBind's letters: max(0, -min over bases of `weighted`)."""
        height: Column = 0 - self.weighted.min(axis=1)
        return height


def mutation_maps(
    model: Model,
    genome: Reference,
    interval: Interval,
    *,
    effect: Callable[[Array, Array], Array] = difference,
    progress: Callable[[int], None] = lambda bases: None,
) -> list[MutationMap]:
    """Return the map of `interval` for each of the model's targets, in order.

    Args:
        model: whose scores these are.
        genome: what the sequence and its flanks are read from.
        interval: that is changed, base by base.
        effect: how a change is compared with the sequence, of `effects.EFFECTS`.
        progress: called with the number of bases done, a batch at a time.

    Raises:
        RegplugError: as the genome and the backend raise.
    """
    codes = genome.codes(interval)
    letters, targets = decode(codes), len(model.card.targets)
    scores = np.full((len(codes), targets), np.nan, np.float32)
    differences = np.full((len(codes), 4, targets), np.nan, np.float32)
    for start in range(0, len(codes), BASES):
        known = [at for at in range(start, min(start + BASES, len(codes))) if codes[at] != UNKNOWN]
        changes = [(at, base) for at in known for base in range(4) if base != codes[at]]
        if changes:
            snvs = [
                Variant(interval.chrom, interval.start + at + 1, letters[at], "ACGT"[base])
                for at, base in changes
            ]
            found = model.score([Examined(snv, Status.OK) for snv in snvs], genome)
            at, base = np.array(changes).T
            scores[at] = found.ref
            differences[at, base] = effect(found.ref, found.alt)
            differences[known, codes[known]] = np.where(np.isnan(scores[known]), np.nan, 0)
        progress(min(BASES, len(codes) - start))
    middle = (len(codes) - 1) // 2
    return [
        MutationMap(interval, codes, float(scores[middle, t]), differences[:, :, t], scores[:, t])
        for t in range(targets)
    ]
