"""Do networks and word regressions learn from PBM, SELEX and RNA SELEX? Sets, then tables.

    python -m benchmarks.other_data sets pbm --data DATA -o W      # or selex, or rna
    regplug train deepbind deepbind_probes.toml W/train/* --test W/test -o W/run
    python -m benchmarks.other_data table W

DATA holds pbm/, selex/ and rna_selex/. See benchmarks.other_data_sets for what is held out. Of
probes: Spearman's correlation of scores and intensities on the other design, and the AUC of those
brighter than the mean and four standard deviations, as in Alipanahi et al. 2015, if any are. Of
reads: the AUC of held-out reads against the background or their shuffles. A ridge regression's word
length and penalty are chosen in the folds of the training set, for each figure by that figure (the
AUC there: of the brightest hundredth); a logistic regression's by AUC.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.other_data_sets import pbm_sets, rna_sets, selex_sets
from benchmarks.other_data_words import Floats, fit_logistic, fit_ridge
from regplug.data.measure.metrics import Estimate, auroc, auroc_interval
from regplug.data.sets.training import TrainingSet, read_set
from regplug.train.deepbind.measure import BRIGHT, measure_sets
from regplug.train.deepbind.target import read_result

FORMS = {"pbm": pbm_sets, "selex": selex_sets, "rna": rna_sets}
BRIGHTEST = 0.01
MISSING = "–"
FOR_PROBES = ["trained on", "probes", "tested on", "bright", "Spearman", "words (k)"]
FOR_READS = ["target", "to train on", "to test on"]
FOR_BOTH = ["AUC (95 %)", "words (95 %, k)"]


def main() -> None:
    """Make sets, or print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    sets = commands.add_parser("sets")
    sets.add_argument("form", choices=FORMS)
    sets.add_argument("--data", type=Path, required=True)
    sets.add_argument("-o", "--output", type=Path, required=True)
    table = commands.add_parser("table")
    table.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.command == "sets":
        FORMS[options.form](options.data, options.output)
    else:
        print_table(options.folder)


def print_table(folder: Path) -> None:
    """Print a line per target of a finished run, in `folder`/run; it may be of some sets alone."""
    tests = [path for path in sorted((folder / "test").iterdir()) if is_in_run(folder, path.name)]
    probes = read_set(tests[0]).card.kind == "regression"
    header = [*FOR_PROBES, *FOR_BOTH, "s"] if probes else [*FOR_READS, *FOR_BOTH, "difference", "s"]
    print(f"| {' | '.join(header)} |\n|---|{'---:|' * (len(header) - 1)}")
    for measured in measure_sets(folder / "run", tests):
        data, tested = read_set(folder / "train" / measured.target), measured.tested
        line = probes_line if probes else reads_line
        cells = line(data, tested, measured.scores.astype(np.float64))
        seconds = read_result(folder / "run" / measured.target).seconds
        print(f"| {measured.target} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def is_in_run(folder: Path, target: str) -> bool:
    """Tell whether a target was trained."""
    return (folder / "run" / target).is_dir()


def probes_line(data: TrainingSet, tested: TrainingSet, scores: Floats) -> list[str]:
    """Return counts and figures of probes, whose intensities are standardised and not clamped."""
    bright = tested.targets > BRIGHT
    ridge = fit_ridge(data, spearman)
    cells = [f"{len(data.targets):,}", f"{len(bright):,}", str(bright.sum())]
    cells += [f"{spearman(tested.targets, scores):.3f}"]
    cells += [f"{spearman(tested.targets, ridge.scores(tested.codes)):.3f} ({ridge.k})"]
    if not bright.any():
        return [*cells, MISSING, MISSING]
    ridge = fit_ridge(data, brightest_auc)
    words = auroc_interval(bright, ridge.scores(tested.codes))
    return [*cells, shown(auroc_interval(bright, scores)), f"{shown(words)} ({ridge.k})"]


def reads_line(data: TrainingSet, tested: TrainingSet, scores: Floats) -> list[str]:
    """Return counts and AUCs of reads."""
    words = fit_logistic(data)
    ours, theirs = (
        auroc_interval(tested.targets, column) for column in (scores, words.scores(tested.codes))
    )
    counts = [
        f"{int(labels.sum()):,} / {int((labels == 0).sum()):,}"
        for labels in (data.targets, tested.targets)
    ]
    difference = f"{ours.value - theirs.value:+.3f}"
    return [*counts, shown(ours), f"{shown(theirs)} ({words.k})", difference]


def spearman(targets: NDArray[np.float32], scores: Floats) -> float:
    """Return Spearman's correlation of targets and scores (n,); 0 of constant scores."""
    return float(spearmanr(targets, scores).statistic) if np.ptp(scores) else 0.0


def brightest_auc(targets: NDArray[np.float32], scores: Floats) -> float:
    """Return the AUC of the brightest hundredth of the probes (n,)."""
    return auroc(targets >= np.quantile(targets, 1 - BRIGHTEST), scores)


def shown(estimate: Estimate) -> str:
    """Return a figure and its interval."""
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"


if __name__ == "__main__":
    main()
