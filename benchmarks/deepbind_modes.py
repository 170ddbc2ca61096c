"""Do all peaks train better networks than the strongest 500? AUCs of two runs, or of one.

    regplug prepare deepbind chip MYC_..._AC.seq.gz -o all/MYC             # and so on
    regplug prepare deepbind chip MYC_..._AC.seq.gz --top 500 -o top/MYC
    regplug prepare deepbind chip MYC_..._B.seq.gz -o tests/MYC
    regplug train deepbind deepbind_published.toml all/* --test tests -o RUN_ALL
    regplug train deepbind deepbind_published.toml top/* --test tests -o RUN_TOP --set steps=10000
    python -m benchmarks.deepbind_modes RUN_ALL RUN_TOP --published published_models_auc.tsv

Each sequence is one window, against the test set's shuffles, as `whole_shuffled` of the published
table; intervals are of 95 % of the bootstraps.
"""

import argparse
from pathlib import Path
from statistics import fmean

from benchmarks.deepbind_results import published_table
from regplug.train.deepbind.target import Result, read_result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("all", type=Path)
    parser.add_argument("top", type=Path, nargs="?")
    parser.add_argument("--published", type=Path, required=True)
    options = parser.parse_args()
    table = published_table(options.published)
    published = {row["tf"]: float(row["whole_shuffled"]) for row in table}
    runs = [run for run in (options.all, options.top) if run]
    names = ("all peaks (95 %)", "top 500 (95 %)")[: len(runs)]
    print(f"| factor | published | {' | '.join(names)} |")
    print("|---|---:" + "|---:" * len(runs) + "|")
    targets = [tf for tf in published if all((run / tf).is_dir() for run in runs)]
    results = {tf: [read_result(run / tf) for run in runs] for tf in targets}
    for tf, found in results.items():
        print(f"| {tf} | {published[tf]:.4f} | {' | '.join(map(shown, found))} |")
    columns = [
        [published[tf] for tf in results],
        *zip(*(map(auc, f) for f in results.values()), strict=True),
    ]
    print(f"| mean | {' | '.join(f'{fmean(column):.4f}' for column in columns)} |")


def auc(result: Result) -> float:
    """Return the AUC on the test set."""
    if result.test is None:
        raise SystemExit(f"{result.target} was not tested: train it with --test")
    return result.test.value


def shown(result: Result) -> str:
    """Return the AUC and its interval."""
    value = auc(result)
    assert result.test is not None
    return f"{value:.4f} ({result.test.low:.4f}-{result.test.high:.4f})"


if __name__ == "__main__":
    main()
