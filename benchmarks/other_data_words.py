"""Regressions on the words of sequences: what networks have to beat.

TrainingSet ─fit_ridge, fit_logistic→ Regression ─scores→ (n,)
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from regplug.data.measure.kmers import joined_words
from regplug.data.measure.metrics import auroc
from regplug.data.sets.training import TrainingSet
from regplug.genome.codes import UNKNOWN, Codes

Floats = NDArray[np.float64]
Figure = Callable[[NDArray[np.float32], Floats], float]  # of targets and scores
ALPHAS = (1.0, 10.0, 100.0, 1000.0)  # of ridge
PENALTIES = (0.003, 0.03, 0.3)  # C of the logistic regression
LENGTHS = {"ridge": (4, 5, 6, 7, 8), "logistic": (3, 4, 5, 6)}


class Regression(NamedTuple):
    """A regression on words of k bases; the words of both strands are one if both are read."""

    k: int
    penalty: float
    both_strands: bool
    model: Ridge | LogisticRegression

    def scores(self, codes: Codes) -> Floats:
        """Return the scores (n,) of codes (n, bases)."""
        features = word_counts(codes, self.k, both_strands=self.both_strands)
        if isinstance(self.model, Ridge):
            found: Floats = self.model.predict(features)
        else:
            found = self.model.decision_function(features.log1p())
        return found


def word_counts(codes: Codes, k: int, *, both_strands: bool) -> sparse.csr_matrix:
    """Return how often each word of k bases stands in codes (n, bases), shape (n, words).

    With `both_strands` a word and its reverse complement are one.
    """
    places = codes.shape[1] - k + 1
    words, known = np.zeros((len(codes), places), np.int64), np.ones((len(codes), places), bool)
    for at in range(k):
        bases = np.array(codes[:, at : at + places])
        words = words * 4 + np.minimum(bases, 3)
        known &= bases < UNKNOWN
    columns = joined_words(k) if both_strands else np.arange(4**k)
    rows = np.repeat(np.arange(len(codes)), known.sum(1))
    shape = len(codes), int(columns.max()) + 1
    return sparse.coo_matrix((np.ones(len(rows)), (rows, columns[words[known]])), shape).tocsr()


def fit_ridge(data: TrainingSet, figure: Figure) -> Regression:
    """Return a ridge regression whose word length and penalty have the best figure in the folds."""
    return _best(data, product(LENGTHS["ridge"], ALPHAS), figure, _ridge)


def fit_logistic(data: TrainingSet) -> Regression:
    """Return the same by logistic regression on log(1 + count), by AUC."""
    return _best(data, product(LENGTHS["logistic"], PENALTIES), auroc, _logistic)


def _ridge(data: TrainingSet, k: int, penalty: float) -> Regression:
    both = data.card.strand == "both"
    model = Ridge(alpha=penalty, solver="sparse_cg")
    return Regression(k, penalty, both, model.fit(_counts(data, k), data.targets))


def _logistic(data: TrainingSet, k: int, penalty: float) -> Regression:
    both = data.card.strand == "both"
    model = LogisticRegression(C=penalty, max_iter=500)
    return Regression(k, penalty, both, model.fit(_counts(data, k).log1p(), data.targets))


def _counts(data: TrainingSet, k: int) -> sparse.csr_matrix:
    return word_counts(data.codes, k, both_strands=data.card.strand == "both")


def _best(
    data: TrainingSet,
    settings: Iterable[tuple[int, float]],
    figure: Figure,
    fit: Callable[[TrainingSet, int, float], Regression],
) -> Regression:
    """Return the regression with the best mean figure over the set's folds, fitted on all rows."""

    def mean(setting: tuple[int, float]) -> float:
        figures = []
        for fold in range(data.card.folds):
            out = data.folds == fold
            model = fit(_part(data, ~out), *setting)
            figures.append(figure(data.targets[out], model.scores(data.codes[out])))
        return float(np.mean(figures))

    return fit(data, *max(settings, key=mean))


def _part(data: TrainingSet, rows: NDArray[np.bool_]) -> TrainingSet:
    return TrainingSet(data.codes[rows], data.targets[rows], data.folds[rows], data.card)
