"""Means over rows, such as exons or sequences, and their bootstrap bands."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000  # bootstraps of a band: draws of as many rows as there are, with replacement
BAND = (2.5, 97.5)  # percentiles of the draws' means
SEED = 0

_AT_ONCE = 50  # draws computed together
_COLUMNS = 4096  # columns whose draws are held together


class Mean(NamedTuple):
    """Arrays of shape (columns,): a mean over rows, its band, and how many rows have a value."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rows: NDArray[np.int64]

    def shaped(self, *shape: int) -> "Mean":
        """Return the same with arrays of another shape."""
        mean, low, high = (array.reshape(shape) for array in self[:3])
        return Mean(mean, low, high, self.rows.reshape(shape))


def band(values: NDArray[np.float32]) -> Mean:
    """Return the mean of values (rows, columns) and its 95 % bootstrap band.

    The rows are drawn again DRAWS times (seeded); the band holds the middle 95 % of the means. NaN
    is no value.
    """
    pieces = [_band(values[:, at : at + _COLUMNS]) for at in range(0, values.shape[1], _COLUMNS)]
    mean, low, high = (np.concatenate([piece[at] for piece in pieces]) for at in range(3))
    return Mean(mean, low, high, np.concatenate([piece.rows for piece in pieces]))


def _band(values: NDArray[np.float32]) -> Mean:
    known = ~np.isnan(values)
    weights, sums = known.astype(np.float64), np.where(known, values, 0).astype(np.float64)
    random = np.random.default_rng(SEED)
    shares = np.full(len(values), 1 / len(values))
    means = []
    with np.errstate(invalid="ignore"):  # 0 / 0 where no row that was drawn has a value
        for _ in range(0, DRAWS, _AT_ONCE):
            drawn = random.multinomial(len(values), shares, size=_AT_ONCE).astype(np.float64)
            means.append((drawn @ sums) / (drawn @ weights))
        mean = sums.sum(axis=0) / weights.sum(axis=0)
    some = known.any(axis=0)
    low, high = np.full((2, values.shape[1]), np.nan)
    if some.any():
        low[some], high[some] = np.nanpercentile(np.concatenate(means)[:, some], BAND, axis=0)
    return Mean(mean, low, high, known.sum(axis=0))
