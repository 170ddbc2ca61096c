"""Do networks trained on SELEX know the factor in another assay? The run of W/selex on PBM, ChIP.

    python -m benchmarks.other_data_elsewhere W --data DATA

W is a folder of benchmarks.other_data with a finished run. A factor is tested on the probes of the
same factor, or of one of its family, in mouse, and on held-out ENCODE peaks against their shuffles.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.other_data import MISSING, shown, spearman
from benchmarks.other_data_sets import PROBES
from benchmarks.other_data_words import fit_logistic
from regplug.data.measure.metrics import auroc_interval
from regplug.data.sequences.chip import chip_file
from regplug.data.sets.chip import prepare_chip
from regplug.data.sets.intensities import prepare_intensities
from regplug.data.sets.training import TrainingSet, read_set
from regplug.files.weights import WEIGHTS, load_weights
from regplug.train.deepbind.measure import BRIGHT, score_codes

ON_PROBES = [("CEBPB", "Cebpb"), ("EGR1", "Egr2")]
ON_PEAKS = ["ELK1"]
HEADER = ["trained on", "tested on", "bound", "Spearman", "words", "AUC (95 %)", "words (95 %)"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    print(f"| {' | '.join(HEADER)} |\n|---|---|{'---:|' * (len(HEADER) - 2)}")
    for target, factor in ON_PROBES:
        for path in sorted((options.data / "pbm").glob(f"{factor}_*.txt.gz")):
            tested = prepare_intensities(path, PROBES, percentile=100)
            print_line(options.folder, target, f"{path.name.split('.')[0]}, probes", tested)
    for target in ON_PEAKS:
        tested = prepare_chip(chip_file(options.data / "encode_chip", target, "B"))
        print_line(options.folder, target, f"{target}, peaks", tested)


def print_line(folder: Path, target: str, name: str, tested: TrainingSet) -> None:
    """Print how good a target's network and words are on a set of another assay."""
    network = load_weights(folder / "run" / WEIGHTS)[target]
    words = fit_logistic(read_set(folder / "train" / target))
    both = score_codes(network, tested.codes).astype(np.float64), words.scores(tested.codes)
    probes = tested.card.kind == "regression"
    bound = tested.targets > (BRIGHT if probes else 0)
    ranks = [f"{spearman(tested.targets, one):.3f}" if probes else MISSING for one in both]
    areas = [shown(auroc_interval(bound, one)) if bound.any() else MISSING for one in both]
    cells = [target, name, str(bound.sum()), *ranks, *areas]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
