"""Peaks of several factors ─PanelSource.batches→ an epoch's examples: bound, shuffled, genome.

A factor's peaks are positives of its target and negatives of the other targets, except of those
with a peak that shares 50 bases with them.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.data.sites.windows import random_pieces
from regplug.genome.codes import Codes, reverse_complement
from regplug.train.loop.examples import Examples

OVERLAP = 50  # bases that two sequences of one place share
Weight = Annotated[float, msgspec.Meta(ge=0)]


class Mixture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an epoch is drawn from, and how much each kind counts in a target's loss.

    Attributes:
        strongest: peaks of each factor that are used.
        shuffles: dinucleotide shuffles per peak, of peaks drawn at random.
        pieces: random pieces of the genome.
        bound: weight of a target's own peaks.
        own_shuffle: weight of their shuffles.
        other_bound: weight of the other factors' peaks.
        other_shuffle: weight of their shuffles.
        genome: weight of the pieces.
    """

    strongest: Annotated[int, msgspec.Meta(ge=1)] = 6000
    shuffles: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.7
    pieces: Annotated[int, msgspec.Meta(ge=1)] = 8000
    bound: Weight = 6.0
    own_shuffle: Weight = 6.0
    other_bound: Weight = 0.7
    other_shuffle: Weight = 0.2
    genome: Weight = 1.0


class Bound(NamedTuple):
    """Peaks of all factors, each factor's strongest first."""

    codes: Codes  # (n, bases)
    factor: NDArray[np.intp]  # (n,), index of its factor
    near: NDArray[np.bool_]  # (n, factors), whether it shares 50 bases with a peak of the factor


class Drawn(NamedTuple):
    """All examples of an epoch."""

    codes: Codes  # (n, bases)
    targets: NDArray[np.float32]  # (n, factors)
    weights: NDArray[np.float32]  # (n, factors)


def join_bound(sets: Sequence[Codes], strongest: int) -> Bound:
    """Return the `strongest` peaks of each set (n, bases), `near` by all peaks of the others."""
    runs_of = [
        np.unique(np.append(_runs(peaks), _runs(reverse_complement(peaks)))) for peaks in sets
    ]
    used = [peaks[:strongest] for peaks in sets]
    near = [
        np.stack([np.isin(_runs(peaks), runs).any(1) for runs in runs_of], axis=1) for peaks in used
    ]
    factor = np.repeat(np.arange(len(sets)), [len(peaks) for peaks in used])
    return Bound(np.concatenate(used), factor, np.concatenate(near))


def _runs(codes: Codes) -> NDArray[np.uint64]:
    """Return a 64-bit hash of every run of 50 bases, shape (n, bases - 49)."""
    odd = np.random.default_rng(0).integers(2**63, size=OVERLAP, dtype=np.uint64) * 2 + 1
    runs = sliding_window_view(codes.astype(np.uint64) + 1, min(OVERLAP, codes.shape[1]), axis=1)
    hashes: NDArray[np.uint64] = (runs * odd[: runs.shape[2]]).sum(axis=2, dtype=np.uint64)
    return hashes


class PanelSource:
    """The source of a panel's examples, an ExampleSource.

    Attributes:
        bound: the peaks.
        windows: of the genome, codes (bases,) each.
        mixture: what is drawn of these.
        size: examples of an epoch.
    """

    def __init__(self, bound: Bound, windows: Sequence[Codes], mixture: Mixture) -> None:
        """Weigh the peaks by 1 / sqrt(peaks of their factor), so that rare factors count more."""
        self.bound, self.windows, self.mixture = bound, windows, mixture
        n, factors = bound.near.shape
        counts = np.bincount(bound.factor, minlength=factors)
        self._rows = np.arange(n)
        self._balance = np.sqrt(counts.mean() / counts)[bound.factor]
        self._shuffles = round(n * mixture.shuffles)
        self.size = n + self._shuffles + mixture.pieces

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Examples]:
        """Yield an epoch's examples in random order, `size` at a time."""
        drawn = self.draw(rng)
        order = rng.permutation(self.size)
        for start in range(0, self.size - size + 1, size):
            rows = order[start : start + size]
            yield Examples(drawn.codes[rows], drawn.targets[rows], drawn.weights[rows])

    def draw(self, rng: np.random.Generator) -> Drawn:
        """Return all peaks, fresh shuffles of some, and fresh pieces of the windows."""
        mixture, bound = self.mixture, self.bound
        sources = rng.choice(self._rows, self._shuffles, replace=False)
        shuffled = shuffle_dinucleotides(bound.codes[sources], rng=rng)
        width = bound.codes.shape[1]
        pieces = random_pieces(self.windows, mixture.pieces, width=width, rng=rng)
        codes = np.concatenate([bound.codes, shuffled, pieces])
        targets = np.zeros((len(codes), bound.near.shape[1]), np.float32)
        targets[self._rows, bound.factor] = 1
        weights = np.concatenate(
            [
                self._weights(
                    self._rows, mixture.bound, np.where(bound.near, 0, mixture.other_bound)
                ),
                self._weights(sources, mixture.own_shuffle, mixture.other_shuffle),
                np.full((len(pieces), targets.shape[1]), mixture.genome),
            ]
        )
        return Drawn(codes, targets, weights.astype(np.float32))

    def _weights(
        self, rows: NDArray[np.intp], own: float, other: float | NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return weights (rows, targets): `own` in the column of the row's factor, else `other`."""
        weights = np.zeros((len(rows), self.bound.near.shape[1])) + other
        weights[np.arange(len(rows)), self.bound.factor[rows]] = own * self._balance[rows]
        return weights
