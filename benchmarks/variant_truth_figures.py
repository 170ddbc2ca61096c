"""Figures of predicted effects beside measured ones, with intervals: effects ─figure→ Estimate.

Variants that may share a cause (the changes of one base, reporters of one stretch) are drawn
together in the bootstrap: each has the number of its group.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Groups = NDArray[np.intp]
REPLICATES = 1000
TENTH = 10


class Estimate(NamedTuple):
    """A figure and the middle 95 % of its bootstrap; NaN where it cannot be had of so few."""

    value: float
    low: float
    high: float
    variants: int


def right(differences: Floats) -> float:
    """Return the share of differences (n,) above 0; one of 0 is half right."""
    if not len(differences):
        return float("nan")
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


def strongest(differences: Floats) -> NDArray[np.intp]:
    """Return the indices of the tenth of differences (n,) of largest size, of equal ones the first.

    At least one, if there is any.
    """
    order = np.argsort(-np.abs(differences), kind="stable")
    return order[: max(len(differences) // TENTH, 1)]


def rank_correlation(predicted: Floats, measured: Floats) -> float:
    """Return Spearman's correlation of two columns (n,); equal values share a mean rank.

    NaN where there are fewer than three, or all of a column are equal.
    """
    if len(predicted) < 3:
        return float("nan")
    x, y = (rankdata(column) - (len(column) + 1) / 2 for column in (predicted, measured))
    size = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / size) if size else float("nan")


def estimate(figure: Callable[[NDArray[np.intp]], float], groups: Groups, *, seed: int) -> Estimate:
    """Return a figure of all n variants, and how far it varies if groups are drawn anew.

    Args:
        figure: of variants by their indices, which may stand there several times.
        groups: shape (n,): the number of each variant's group.
        seed: of the draws.
    """
    everything = np.arange(len(groups))
    if not len(groups):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    rng = np.random.default_rng(seed)
    drawn = [
        figure(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]))
        for _ in range(REPLICATES)
    ]
    known = np.array([value for value in drawn if not np.isnan(value)])
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return Estimate(figure(everything), float(low), float(high), len(groups))


def direction(differences: Floats, *, seed: int) -> Estimate:
    """Return the share of sites (n,) whose higher allele is predicted higher; sites are drawn."""
    everything = np.arange(len(differences))
    return estimate(lambda drawn: right(differences[drawn]), everything, seed=seed)


def direction_of_strongest(differences: Floats, *, seed: int) -> Estimate:
    """Return the same for the tenth of largest predicted change, which is chosen in each draw."""

    def figure(drawn: NDArray[np.intp]) -> float:
        chosen = differences[drawn]
        return right(chosen[strongest(chosen)])

    found = estimate(figure, np.arange(len(differences)), seed=seed)
    return found._replace(variants=len(strongest(differences)))


def correlation(predicted: Floats, measured: Floats, groups: Groups, *, seed: int) -> Estimate:
    """Return Spearman's correlation (n,) and its interval; groups are drawn."""
    return estimate(
        lambda drawn: rank_correlation(predicted[drawn], measured[drawn]), groups, seed=seed
    )


def stretches(chroms: Sequence[str], positions: Sequence[int], *, within: int) -> Groups:
    """Return group numbers (n,): variants share one where no gap between them exceeds `within`."""
    order = sorted(range(len(positions)), key=lambda i: (chroms[i], positions[i]))
    groups, number = np.zeros(len(positions), np.intp), 0
    for before, i in pairwise(order):
        near = chroms[before] == chroms[i] and positions[i] - positions[before] <= within
        number += not near
        groups[i] = number
    return groups
