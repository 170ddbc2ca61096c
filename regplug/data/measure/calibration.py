"""Whether probabilities mean what they say: labels, probabilities ─calibrate→ Calibration."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

BINS = 10  # of equal width, from 0 to 1


class Calibration(NamedTuple):
    """Sites in bins of predicted probability; each array has shape (bins,)."""

    sites: NDArray[np.int64]
    positives: NDArray[np.int64]
    predicted: NDArray[np.float64]  # mean probability; nan in a bin without sites

    @property
    def observed(self) -> NDArray[np.float64]:
        """Return the share of positives in each bin, shape (bins,); nan in a bin without sites."""
        return _shares(self.positives, self.sites)

    @property
    def error(self) -> float:
        """Return |observed - predicted| of the bins, averaged over the sites in them.

        The expected calibration error (Naeini, Cooper and Hauskrecht 2015).
        """
        gaps = np.nan_to_num(np.abs(self.observed - self.predicted))
        return float(gaps @ self.sites / self.sites.sum())

    def interval(self) -> NDArray[np.float64]:
        """Return Wilson's 95 % interval of the observed shares, shape (2, bins)."""
        ends = np.full((2, len(self.sites)), np.nan)
        for at in np.flatnonzero(self.sites):
            test = binomtest(int(self.positives[at]), int(self.sites[at]))
            ends[:, at] = test.proportion_ci(method="wilson")
        return ends


def calibrate(bound: NDArray[Any], probabilities: NDArray[Any]) -> Calibration:
    """Return the calibration of probabilities (n,) for labels (n,), 0 or 1.

    A probability between two bins belongs to the lower.
    """
    ends = np.linspace(0, 1, BINS + 1)
    bins = np.searchsorted(ends[1:-1], probabilities)
    sites = np.bincount(bins, minlength=BINS)
    positives = np.bincount(bins[bound == 1], minlength=BINS)
    sums = np.bincount(bins, weights=probabilities, minlength=BINS)
    return Calibration(sites, positives, _shares(sums, sites))


def _shares(part: NDArray[Any], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return part / whole, nan where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
