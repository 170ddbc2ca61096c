"""Closed tiles, so many per open one ─Draw.keep→ which are taken; exact, and tile by tile."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

GC_BINS, REPEAT_BINS = 20, 5  # of equal width, from 0 to 1
BINS = GC_BINS * REPEAT_BINS

Match = Literal["gc", "repeats"]


def bins_of(
    gc: NDArray[np.float64], repeats: NDArray[np.float64], match: tuple[Match, ...]
) -> NDArray[np.int64]:
    """Return the bin of each tile (n,), below BINS, by its shares of G and C and of repeats (n,).

    Tiles are told apart by what `match` names alone.
    """
    by_gc = np.minimum((gc * GC_BINS).astype(np.int64), GC_BINS - 1)
    by_repeats = np.minimum((repeats * REPEAT_BINS).astype(np.int64), REPEAT_BINS - 1)
    return by_gc * REPEAT_BINS * ("gc" in match) + by_repeats * ("repeats" in match)


class Draw:
    """Takes tiles at random, as many of each bin as are wanted, while they come by.

    Which are taken of a batch is drawn as its share of all that are still to come: every choice of
    so many tiles of a bin is equally likely, and no tile need be remembered.

    Attributes:
        missing: tiles that are wanted and not there.
    """

    def __init__(
        self, opened: NDArray[np.int64], closed: NDArray[np.int64], *, rate: float, seed: int
    ) -> None:
        """Take `rate` closed tiles for an open one; the counts of both by bin are given (BINS,)."""
        wanted = np.floor(rate * opened + 0.5).astype(np.int64)
        self._wanted = np.minimum(wanted, closed)
        self._coming = closed.copy()
        self._rng = np.random.default_rng(seed)
        self.missing = int((wanted - self._wanted).sum())

    def keep(self, bins: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of the next closed tiles to take (n,), given the bin of each."""
        kept = np.zeros(len(bins), np.bool_)
        for at in np.unique(bins).tolist():
            rows = np.flatnonzero(bins == at)
            wanted, coming = int(self._wanted[at]), int(self._coming[at])
            taken = int(self._rng.hypergeometric(wanted, coming - wanted, len(rows)))
            kept[self._rng.permutation(rows)[:taken]] = True
            self._wanted[at] -= taken
            self._coming[at] -= len(rows)
        return kept
