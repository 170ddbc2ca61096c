"""Do DeepBind networks beat a k-mer logistic regression on CLIP? Both trained on the same files.

    python -m benchmarks.clip SETS --test TESTS --run RUN

SETS and TESTS are folders of sets made by `regplug prepare deepbind bound ... --apart-from`, called
as the run's targets. The regression reads log(1 + counts) of all words of k bases, forward strand;
k (3 to 6) and the penalty are chosen by AUC in the set's own folds, and it is tested once.
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from regplug.data.measure.metrics import auroc, auroc_interval
from regplug.data.sets.training import TrainingSet, read_set
from regplug.genome.codes import UNKNOWN, Codes
from regplug.train.deepbind.measure import measure_sets

LENGTHS = (3, 4, 5, 6)
PENALTIES = (0.003, 0.03, 0.3)  # C of scikit-learn


def main() -> None:
    """Train, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    tests = sorted(path for path in options.test.iterdir() if (options.sets / path.name).is_dir())
    print("| protein | bound | unbound | DeepBind (95 %) | k-mers (95 %) | k | difference |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for measured in measure_sets(options.run, tests):
        tested = measured.tested
        data = read_set(options.sets / measured.target)
        k, penalty = choose(data)
        model = fitted(data, k, penalty)
        words = auroc_interval(tested.targets, model.decision_function(counts(tested.codes, k)))
        ours = measured.figures["AUC"]
        bound = int(tested.targets.sum())
        print(
            f"| {measured.target} | {bound} | {len(tested.targets) - bound} "
            f"| {ours.value:.4f} ({ours.low:.4f}-{ours.high:.4f}) "
            f"| {words.value:.4f} ({words.low:.4f}-{words.high:.4f}) "
            f"| {k} | {ours.value - words.value:+.4f} |",
            flush=True,
        )


def choose(data: TrainingSet) -> tuple[int, float]:
    """Return the word length and penalty with the best mean AUC in cross-validation."""

    def mean_auc(setting: tuple[int, float]) -> float:
        aucs = []
        for fold in range(data.card.folds):
            out = data.folds == fold
            model = fitted(_part(data, ~out), *setting)
            scores = model.decision_function(counts(data.codes[out], setting[0]))
            aucs.append(auroc(data.targets[out], scores))
        return float(np.mean(aucs))

    return max(product(LENGTHS, PENALTIES), key=mean_auc)


def fitted(data: TrainingSet, k: int, penalty: float) -> LogisticRegression:
    """Return a regression on words of k bases."""
    return LogisticRegression(C=penalty, max_iter=500).fit(counts(data.codes, k), data.targets)


def counts(codes: Codes, k: int) -> sparse.csr_matrix:
    """Return log(1 + count) of each word in each row of codes (n, bases), shape (n, 4 ** k)."""
    codes = np.array(codes)
    starts = codes.shape[1] - k + 1
    columns = [codes[:, i : i + starts].astype(np.int64) for i in range(k)]
    known: NDArray[np.bool_] = np.all([column < UNKNOWN for column in columns], axis=0)
    words = sum(column * 4 ** (k - 1 - i) for i, column in enumerate(columns))
    rows = np.repeat(np.arange(len(codes)), known.sum(1))
    ones = np.ones(len(rows))
    table = sparse.coo_matrix((ones, (rows, words[known])), (len(codes), 4**k)).tocsr()
    return table.log1p()


def _part(data: TrainingSet, rows: NDArray[np.bool_]) -> TrainingSet:
    return TrainingSet(data.codes[rows], data.targets[rows], data.folds[rows], data.card)


if __name__ == "__main__":
    main()
