"""Metrics: how well scores tell bound sequences from the others, or follow intensities."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr
from sklearn.metrics import roc_auc_score

BOOTSTRAPS = 1000
PERCENTILES = (2.5, 97.5)


class Interval(NamedTuple):
    """A figure, and the 2.5 and 97.5 percentiles of its bootstraps."""

    value: float
    low: float
    high: float


def auroc(bound: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return the area under the ROC curve of scores (n,) for labels (n,), both classes present."""
    return float(roc_auc_score(bound, scores))


def pearson(targets: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return Pearson's correlation of targets (n,) and scores (n,); 0 if either is constant."""
    if np.ptp(targets) == 0 or np.ptp(scores) == 0:
        return 0.0
    return float(pearsonr(targets, scores).statistic)


def auroc_interval(bound: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Interval:
    """Return the area under the ROC curve; bootstraps draw from each class by itself."""
    drawn = [
        float(np.diff(false) @ (true[1:] + true[:-1]) / 2)
        for false, true in _curves(bound, scores, seed)
    ]
    return _interval(auroc(bound, scores), drawn)


def roc_band(
    bound: NDArray[Any], scores: NDArray[Any], rates: NDArray[np.float64], *, seed: int = 0
) -> NDArray[np.float64]:
    """Return the band of the ROC curve, shape (2, rates): true at false positive rates (rates,).

    Lowest and highest are percentiles of the bootstraps that `auroc_interval` draws.
    """
    drawn = [np.interp(rates, *curve) for curve in _curves(bound, scores, seed)]
    band: NDArray[np.float64] = np.percentile(drawn, PERCENTILES, axis=0)
    return band


def pearson_interval(targets: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Interval:
    """Return Pearson's correlation of targets (n,) and scores (n,); bootstraps draw rows."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(0, len(targets), len(targets))
        drawn.append(pearson(targets[rows], scores[rows]))
    return _interval(pearson(targets, scores), drawn)


def _curves(
    bound: NDArray[Any], scores: NDArray[Any], seed: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the false and true positive rates of each bootstrap, down the scores.

    Counted here because scikit-learn takes milliseconds to check its arguments.
    """
    rng = np.random.default_rng(seed)
    values, levels = np.unique(-scores, return_inverse=True)
    classes = [levels[bound == label] for label in (1, 0)]
    for _ in range(BOOTSTRAPS):
        counts = [
            np.bincount(rng.choice(part, len(part)), minlength=len(values)) for part in classes
        ]
        true, false = (np.append(0, one.cumsum() / one.sum()) for one in counts)
        yield false, true


def _interval(value: float, drawn: list[float]) -> Interval:
    low, high = np.percentile(drawn, PERCENTILES)
    return Interval(value, float(low), float(high))
