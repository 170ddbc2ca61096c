"""How well do models tell peaks from other sequences? AUCs beside the published models'.

    python -m benchmarks.deepbind_results MODEL_DIR... --data encode_chip --genome windows.fa.gz
        --windows split.tsv [--published deepbind_v011]

For each factor of `published_models_auc.tsv` (in --data): its 500 held-out peaks (the B files)
against their 500 dinucleotide shuffles, the other factors' peaks, and 5,000 random pieces of the
`test` windows. Models score as in `regplug predict`; a target belongs to the factor that its label
begins with. --published computes the table's own columns anew, from the parameter files, and
prints how far they are from it.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.models.embedded import Embedded
from regplug.train.panel.metrics import KINDS, Aucs
from regplug.train.panel.publish import aucs_on_tests
from regplug_deepbind.graph import scan_graph
from regplug_deepbind.parameters import read_network

Rows = list[dict[str, str]]
WAYS = ("whole", "scan")
MEAN = "mean"


def main() -> None:
    """Measure and print a table per kind of negatives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--genome", type=Path, required=True)
    parser.add_argument("--windows", type=Path, required=True)
    parser.add_argument("--published", type=Path, help="folder of the published parameter files")
    parser.add_argument("--table", type=Path, help="factors, and their published models")
    options = parser.parse_args()
    files = (options.data, options.genome, options.windows)
    table = published_table(options.table or options.data / "published_models_auc.tsv")
    columns = {
        f"published, {way}": as_aucs(table, way) for way in WAYS if f"whole_{KINDS[0]}" in table[0]
    }
    computed = {}
    if options.published:
        for way in WAYS:
            computed[f"published, {way}"] = published_aucs(options.published, table, way, *files)
    factors = [row["tf"] for row in table if row["tf"] != MEAN]
    measured = {str(folder): model_aucs(folder, factors, *files) for folder in options.models}
    print_tables({**computed, **columns, **measured}, [*factors, MEAN])
    for name in computed.keys() & columns.keys():
        print(f"{name}, computed: {difference(computed[name], columns[name])}")


def published_table(path: Path) -> Rows:
    """Return the rows of the table of published AUCs, the mean last."""
    with path.open(newline="") as lines:
        return list(csv.DictReader((x for x in lines if not x.startswith("#")), delimiter="\t"))


def as_aucs(table: Rows, way: str) -> Aucs:
    """Return the table's columns of one way to score: "whole" or "scan"."""
    return {row["tf"]: {kind: float(row[f"{way}_{kind}"]) for kind in KINDS} for row in table}


def model_aucs(folder: Path, factors: Sequence[str], *files: Path) -> Aucs:
    """Return the AUCs of those factors of the model in a directory that are its targets.

    Sequences are read by its companion for whole ones, if it has that.
    """
    backend = Embedded(folder)
    if backend.card.companion:
        backend.close()
        backend = Embedded(folder.parent / backend.card.companion)
    try:
        targets = [label.partition("_")[0] for label in backend.card.labels]
        own = [factor for factor in factors if factor in targets]
        columns = [targets.index(factor) for factor in own]
        return aucs_on_tests(lambda codes: backend.predict(codes)[:, columns], own, *files)
    finally:
        backend.close()


def published_aucs(folder: Path, table: Rows, way: str, *files: Path) -> Aucs:
    """Return the AUCs of the published models, from their parameter files."""
    rows = [row for row in table if row["published_id"]]
    networks = [read_network(folder / "params" / f"{row['published_id']}.txt") for row in rows]
    graph = scan_graph(networks, whole=way == "whole").SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def predict(codes: Codes) -> NDArray[np.float32]:
        starts = range(0, len(codes), 64)
        batches = [session.run(None, {"codes": codes[i : i + 64]})[0] for i in starts]
        scores: NDArray[np.float32] = np.concatenate(batches)
        return scores

    return aucs_on_tests(predict, [row["tf"] for row in rows], *files)


def difference(computed: Aucs, table: Aucs) -> str:
    """Return the largest difference between two sets of AUCs, and where it is."""
    most, tf, kind = max(
        (abs(computed[tf][kind] - table[tf][kind]), tf, kind) for tf in table for kind in KINDS
    )
    return f"at most {most:.5f} from the table ({tf}, {kind})"


def print_tables(columns: dict[str, Aucs], factors: Sequence[str]) -> None:
    """Print a Markdown table per kind of negatives; a factor that a model lacks is left empty."""
    for kind in KINDS:
        print(f"| against {kind} | {' | '.join(columns)} |")
        print("|---|" + "---:|" * len(columns))
        for factor in factors:
            cells = [f"{a[factor][kind]:.4f}" if factor in a else "" for a in columns.values()]
            print(f"| {factor} | {' | '.join(cells)} |")
        print()


if __name__ == "__main__":
    main()
