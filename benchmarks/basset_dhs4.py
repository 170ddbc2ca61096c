"""Does a model of open chromatin beat a k-mer regression? Both learned from the same set of sites.

    python -m benchmarks.basset_dhs4 SET.h5 MODEL [--part test]

SET.h5 comes from `regplug prepare dhs`; MODEL is a model directory whose targets are its cells. Two
tasks per cell: open there against closed, and open there against open in the other cells only. The
model has one output per cell for both. The regression is fitted for each task anew, on log(1 +
counts) of all 6-mers, a word and its reverse complement being one; its penalty is chosen by AUROC
in the part `valid`. Intervals are of 1,000 bootstraps.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from benchmarks.clip import counts
from regplug.data.measure.metrics import BOOTSTRAPS, Estimate, auroc, ranking_intervals
from regplug.data.sites.sites import Sites
from regplug.genome.codes import Codes
from regplug.models.embedded import Embedded

K = 6
PENALTIES = (0.003, 0.01, 0.03, 0.1)  # C of scikit-learn
TASKS = ("closed", "open elsewhere")
ROWS = 1024

Labels = NDArray[np.uint8]


class Part(NamedTuple):
    """A part of the set in memory."""

    codes: Codes  # (n, bases)
    targets: Labels  # (n, cells)
    words: sparse.csr_matrix  # (n, words)


def main() -> None:
    """Score, fit and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sites", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--part", choices=("valid", "test"), default="test")
    options = parser.parse_args()
    with Sites(options.sites) as sites:
        cells = sites.samples
        train, valid, asked = (read(sites, part) for part in ("train", "valid", options.part))
    backend = Embedded(options.model)
    columns = [backend.card.labels.index(cell) for cell in cells]
    scores = np.concatenate(
        [backend.predict(asked.codes[low : low + ROWS]) for low in range(0, len(asked.codes), ROWS)]
    )[:, columns]
    backend.close()
    for task in TASKS:
        print(f"\nOpen in a cell against {task}, part {options.part}\n")
        print("| cell | open | others | AUROC | 6-mers | AUPRC | 6-mers |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        means = []
        for cell, name in enumerate(cells):
            rows = of_task(asked.targets, cell, task)
            labels = asked.targets[rows, cell]
            model = fitted(train, valid, cell, task)
            figures = [
                ranking_intervals(labels, of, bootstraps=BOOTSTRAPS)
                for of in (scores[rows, cell], model.decision_function(asked.words[rows]))
            ]
            (roc, prc), (roc_words, prc_words) = figures
            told = " | ".join(map(written, (roc, roc_words, prc, prc_words)))
            print(f"| {name} | {labels.sum()} | {(labels == 0).sum()} | {told} |", flush=True)
            means.append([one.value for one in (roc, roc_words, prc, prc_words)])
        told = " | ".join(f"{mean:.4f}" for mean in np.mean(means, axis=0))
        print(f"| mean | | | {told} |", flush=True)


def read(sites: Sites, part: str) -> Part:
    """Return a part of the set."""
    batches = list(sites.batches(part, ROWS))
    codes = np.concatenate([batch.codes for batch in batches])
    targets = np.concatenate([batch.targets for batch in batches])
    return Part(codes, targets, either_strand(counts(codes, K)))


def either_strand(words: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return log(1 + counts) of words on either strand, given those on one; shape (n, words).

    A word and its reverse complement share the column of the one that comes first.
    """
    plain = sparse.csr_matrix(words).expm1()
    word = np.arange(4**K)
    turned, rest = np.zeros_like(word), word.copy()
    for _ in range(K):
        turned, rest = turned * 4 + 3 - rest % 4, rest // 4
    first, column = np.unique(np.minimum(word, turned), return_inverse=True)
    join = sparse.csr_matrix((np.ones(4**K), (word, column)), (4**K, len(first)))
    return sparse.csr_matrix(plain @ join).log1p()


def of_task(targets: Labels, cell: int, task: str) -> NDArray[np.bool_]:
    """Return the rows (n,) that a task is about: open in the cell, or what it is held against."""
    is_open = targets.any(axis=1)
    others = ~is_open if task == "closed" else is_open & (targets[:, cell] == 0)
    chosen: NDArray[np.bool_] = (targets[:, cell] == 1) | others
    return chosen


def fitted(train: Part, valid: Part, cell: int, task: str) -> LogisticRegression:
    """Return the regression with the penalty that ranks the part `valid` best."""
    rows, held = (of_task(part.targets, cell, task) for part in (train, valid))
    models = [
        LogisticRegression(C=penalty, max_iter=1000).fit(
            train.words[rows], train.targets[rows, cell]
        )
        for penalty in PENALTIES
    ]
    labels, words = valid.targets[held, cell], valid.words[held]
    return max(models, key=lambda model: auroc(labels, model.decision_function(words)))


def written(figure: Estimate) -> str:
    """Return a figure with its interval."""
    return f"{figure.value:.4f} ({figure.low:.4f}-{figure.high:.4f})"


if __name__ == "__main__":
    main()
