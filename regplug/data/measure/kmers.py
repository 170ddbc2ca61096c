"""A baseline that a network has to beat: a logistic regression on the words in a tile.

Sites ─fit_words→ WordRegression ─scores→ log-odds of tiles

Words are all 6-mers, a word and its reverse complement being one; features are log(1 + count),
each less its mean and over its standard deviation in training.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from regplug.data.sites.parts import PARTS
from regplug.data.sites.sites import UNLABELLED, Sites
from regplug.errors import DataError
from regplug.genome.codes import UNKNOWN, Codes

K = 6
PENALTY = 1e-4  # C of scikit-learn: the sum of losses counts so much beside half the squared norm
STEPS = 200  # of lbfgs, at most
ROWS = 40_000  # tiles to learn from, at most, drawn at random: features take 8 kB each
TOGETHER = 1024  # tiles counted at once


def joined_words(k: int) -> NDArray[np.int64]:
    """Return the column of each word of k bases (4 ** k,); both strands' words share one."""
    words = np.arange(4**k)
    other, rest = np.zeros_like(words), words.copy()
    for _ in range(k):
        other, rest = other * 4 + 3 - rest % 4, rest // 4
    columns: NDArray[np.int64] = np.unique(np.minimum(words, other), return_inverse=True)[1]
    return columns


_COLUMN = joined_words(K)
WORDS = int(_COLUMN.max()) + 1


def word_counts(codes: Codes) -> NDArray[np.uint8]:
    """Return how often each word stands in tiles (n, bases): (n, WORDS), up to 255.

    A word with an unknown base is none.
    """
    n, places = len(codes), max(0, codes.shape[1] - K + 1)
    words, known = np.zeros((n, places), np.int64), np.ones((n, places), np.bool_)
    for at in range(K):
        bases = codes[:, at : at + places]
        words = words * 4 + np.minimum(bases, 3)
        known &= bases < UNKNOWN
    cells = _COLUMN[words] + np.arange(n)[:, None] * WORDS
    counts = np.bincount(cells[known], minlength=n * WORDS).reshape(n, WORDS)
    return np.minimum(counts, 255).astype(np.uint8)


class WordRegression(NamedTuple):
    """A regression per target; one that could not be fitted is nan throughout."""

    weights: NDArray[np.float32]  # (WORDS, targets), of log(1 + count)
    constants: NDArray[np.float32]  # (targets,)
    rows: int  # tiles it was fitted on

    def scores(self, codes: Codes) -> NDArray[np.float32]:
        """Return the log-odds of tiles (n, bases) to be open: (n, targets)."""
        features = np.log1p(word_counts(codes).astype(np.float32))
        scores: NDArray[np.float32] = features @ self.weights + self.constants
        return scores


def fit_words(
    sites: Sites,
    columns: Sequence[int],
    *,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> WordRegression:
    """Return a regression of the targets in `columns`, fitted on a set's training part.

    A target without both classes there gets nan. `progress` is called with 1 per target.

    Raises:
        DataError: the set has no tile to train on, or is damaged.
    """
    counts, targets = _training(sites, columns, seed)
    features = counts.astype(np.float32)
    np.log1p(features, out=features)
    mean = features.mean(axis=0)
    spread = np.maximum(features.std(axis=0), 1e-6)
    features -= mean
    features /= spread
    weights = np.full((WORDS, len(columns)), np.nan, np.float32)
    constants = np.full(len(columns), np.nan, np.float32)
    for at, labels in enumerate(targets.T):
        known = labels != UNLABELLED
        if len(np.unique(labels[known])) == 2:
            model = LogisticRegression(C=PENALTY, max_iter=STEPS)
            model.fit(features if known.all() else features[known], labels[known])
            weights[:, at] = model.coef_[0] / spread
            constants[at] = model.intercept_[0] - mean @ weights[:, at]
        progress(1)
    return WordRegression(weights, constants, len(targets))


def _training(
    sites: Sites, columns: Sequence[int], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return counts (n, WORDS) and targets (n, targets) of at most ROWS tiles to train on."""
    rows = np.flatnonzero(sites.parts == PARTS.index("train"))
    if not len(rows):
        raise DataError(
            f"{sites.path} has no tiles to train on, which the {K}-mer regression is fitted on: "
            "hold fewer contigs out"
        )
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, ROWS, replace=False))
    counts = np.empty((len(rows), WORDS), np.uint8)
    targets = np.empty((len(rows), len(columns)), np.uint8)
    for block in np.unique(rows // TOGETHER).tolist():
        low = block * TOGETHER
        first, last = np.searchsorted(rows, (low, low + TOGETHER))
        batch = sites.read(low, low + TOGETHER)
        counts[first:last] = word_counts(batch.codes[rows[first:last] - low])
        targets[first:last] = batch.targets[rows[first:last] - low][:, columns]
    return counts, targets
