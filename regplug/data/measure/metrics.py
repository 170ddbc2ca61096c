"""Metrics: how well scores tell bound sequences from the others, or follow intensities."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr
from sklearn.metrics import average_precision_score, roc_auc_score

BOOTSTRAPS = 1000
PERCENTILES = (2.5, 97.5)


class Estimate(NamedTuple):
    """A metric's value, and the 2.5 and 97.5 percentiles of its bootstraps.

    The percentiles are nan without bootstraps.
    """

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


def ranking_intervals(
    bound: NDArray[Any], scores: NDArray[Any], *, bootstraps: int, seed: int = 0
) -> tuple[Estimate, Estimate]:
    """Return the areas under the ROC curve and the precision-recall curve.

    The second is the average precision: the sum, from the highest score down, of precision times
    gained recall. Both have the same bootstraps, which draw from each class by itself.

    Args:
        bound: labels (n,), 0 or 1, both classes present.
        scores: (n,).
        bootstraps: how many; 0 for none.
        seed: of the draws.
    """
    aurocs, auprcs = [], []
    for positives, negatives in _draws(bound, scores, seed, bootstraps):
        true, false = positives.cumsum(), negatives.cumsum()
        before = true - positives / 2  # a tie counts half
        aurocs.append(float(negatives @ before / (true[-1] * false[-1])))
        precision = true / np.maximum(true + false, 1)
        auprcs.append(float(positives @ precision / true[-1]))
    precision_area = float(average_precision_score(bound, scores))
    return _interval(auroc(bound, scores), aurocs), _interval(precision_area, auprcs)


def auroc_interval(bound: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Estimate:
    """Return the area under the ROC curve; bootstraps draw from each class by itself."""
    drawn = [
        float(np.diff(false) @ (true[1:] + true[:-1]) / 2)
        for false, true in _curves(bound, scores, seed)
    ]
    return _interval(auroc(bound, scores), drawn)


def roc_band(
    bound: NDArray[Any], scores: NDArray[Any], rates: NDArray[np.float64], *, seed: int = 0
) -> NDArray[np.float64]:
    """Return the band of true positive rates at false positive rates (rates,), shape (2, rates).

    They are the 2.5 and 97.5 percentiles of the bootstraps that `auroc_interval` draws.
    """
    drawn = [np.interp(rates, *curve) for curve in _curves(bound, scores, seed)]
    band: NDArray[np.float64] = np.percentile(drawn, PERCENTILES, axis=0)
    return band


def pearson_interval(targets: NDArray[Any], scores: NDArray[Any], *, seed: int = 0) -> Estimate:
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
    """Yield the false and true positive rates of each bootstrap, from the highest score down."""
    for counts in _draws(bound, scores, seed, BOOTSTRAPS):
        true, false = (np.append(0, of_class.cumsum() / of_class.sum()) for of_class in counts)
        yield false, true


def _draws(
    bound: NDArray[Any], scores: NDArray[Any], seed: int, bootstraps: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield how many positives and negatives each bootstrap has of each score, the highest first.

    Metrics are computed of these counts: scikit-learn's take milliseconds to check their arguments.
    """
    rng = np.random.default_rng(seed)
    values, levels = np.unique(-scores, return_inverse=True)
    classes = [levels[bound == label] for label in (1, 0)]
    for _ in range(bootstraps):
        positives, negatives = (
            np.bincount(rng.choice(part, len(part)), minlength=len(values)) for part in classes
        )
        yield positives, negatives


def _interval(value: float, drawn: list[float]) -> Estimate:
    low, high = np.percentile(drawn, PERCENTILES) if drawn else (np.nan, np.nan)
    return Estimate(value, float(low), float(high))
