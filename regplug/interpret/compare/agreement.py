"""What two models say of the same changes ─agreement→ how far they agree, and where not."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.files.extras import needs

Changes = NDArray[np.float32]  # (changes,), NaN where there is none

DRAWS = 1000  # bootstraps of the rank correlation
FEWEST = 3  # changes
SEED = 0


class Agreement(NamedTuple):
    """How far two models agree on a target; NaN where one of them has the same for all changes.

    Attributes:
        n: changes that both have a score for.
        spearman: their rank correlation.
        low: the 2.5th percentile of its bootstraps over changes.
        high: the 97.5th percentile.
        pearson: their correlation.
        same_sign: share of the changes that are large in both (over their units) and go the same
            way; NaN if none is large in both.
        large: how many these are.
    """

    n: int
    spearman: float
    low: float
    high: float
    pearson: float
    same_sign: float
    large: int


class Side(NamedTuple):
    """The changes of one model's target, and the unit in which they are called large."""

    changes: Changes
    unit: float

    @property
    def scaled(self) -> Changes:
        """Return the changes in units."""
        return self.changes / np.float32(self.unit)


def side(changes: Changes, spread: float | None) -> Side:
    """Return a side; its unit is the target's spread, or else the standard deviation here."""
    known = changes[~np.isnan(changes)]
    return Side(changes, float(spread or (known.std() if len(known) else 0.0) or 1.0))


def agreement(one: Side, other: Side) -> Agreement:
    """Return how far two sides agree on changes (n,).

    Source of the interval: the ranks of all changes are drawn again, with replacement.
    """
    with needs("motifs"):
        from scipy.stats import rankdata
    known = ~(np.isnan(one.changes) | np.isnan(other.changes))
    left, right = one.changes[known], other.changes[known]
    large = (np.abs(one.scaled[known]) > 1) & (np.abs(other.scaled[known]) > 1)
    same = float((np.sign(left) == np.sign(right))[large].mean()) if large.any() else np.nan
    if len(left) < FEWEST or np.ptp(left) == 0 or np.ptp(right) == 0:
        return Agreement(len(left), np.nan, np.nan, np.nan, np.nan, same, int(large.sum()))
    ranks = np.stack([rankdata(left), rankdata(right)])
    rng = np.random.default_rng(SEED)
    drawn = [_correlation(ranks[:, rng.integers(0, len(left), len(left))]) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    pearson = _correlation(np.stack([left, right]).astype(np.float64))
    return Agreement(
        len(left), _correlation(ranks), float(low), float(high), pearson, same, int(large.sum())
    )


def outliers(one: Side, other: Side, most: int) -> list[int]:
    """Return the changes on which the two differ most, in units; the largest difference first."""
    apart = np.abs(one.scaled - other.scaled)
    order = np.argsort(-np.nan_to_num(apart, nan=-1), kind="stable")
    return [int(at) for at in order[:most] if apart[at] > 0]


def _correlation(both: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two rows; NaN if one of them is constant."""
    centred = both - both.mean(axis=1, keepdims=True)
    sizes = np.sqrt((centred**2).sum(axis=1))
    return float(centred[0] @ centred[1] / (sizes[0] * sizes[1])) if sizes.all() else np.nan
