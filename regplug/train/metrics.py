"""Metrics: how well scores tell bound sequences from the others, or follow intensities."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr
from sklearn.metrics import roc_auc_score

BOOTSTRAPS = 1000


class Interval(NamedTuple):
    """A figure, and the 2.5 and 97.5 percentiles of its bootstraps."""

    value: float
    low: float
    high: float


def auroc(bound: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return the area under the ROC curve of scores (n,) for labels (n,), both classes present."""
    return float(roc_auc_score(bound, scores))


def pearson(targets: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return Pearson's correlation of targets (n,) and scores (n,)."""
    return float(pearsonr(targets, scores).statistic)


def auroc_interval(bound: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Interval:
    """Return the area under the ROC curve; bootstraps draw from each class by itself."""
    rng = np.random.default_rng(seed)
    distinct, place = np.unique(scores, return_inverse=True)  # low to high
    positives, negatives = place[bound == 1], place[bound == 0]
    drawn = []
    for _ in range(BOOTSTRAPS):
        at, others = (
            np.bincount(rng.choice(part, len(part)), minlength=len(distinct))
            for part in (positives, negatives)
        )
        below = others.cumsum() - others / 2  # a tie counts half
        drawn.append(float(at @ below) / (len(positives) * len(negatives)))
    return _interval(auroc(bound, scores), drawn)


def pearson_interval(targets: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Interval:
    """Return Pearson's correlation of targets (n,) and scores (n,); bootstraps draw rows."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(0, len(targets), len(targets))
        drawn.append(pearson(targets[rows], scores[rows]))
    return _interval(pearson(targets, scores), drawn)


def _interval(value: float, drawn: list[float]) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(value, float(low), float(high))
