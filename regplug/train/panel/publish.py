"""A panel's finished run → a model directory, tested in the form that users run.

weights.safetensors ─read_panel_run→ arrays ─ensemble_graph→ model.onnx ─predict→ AUCs, card
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.chip import ChipSet
from regplug.data.sites.windows import read_genome_windows
from regplug.errors import DataError, ModelError
from regplug.files.commands import for_a_card
from regplug.files.runs import METRICS
from regplug.files.version import VERSION
from regplug.files.weights import WEIGHTS
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.export import PLAIN, export_model
from regplug.scoring.card import ModelCard, Target
from regplug.train.cnn.graph import ensemble_graph
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.about import About
from regplug.train.panel.metrics import KINDS, Aucs, Predict, negatives_aucs
from regplug.train.panel.sets import read_sets

ROWS = 256  # in a request to a server


class Run(NamedTuple):
    """A finished run: the networks' arrays, and facts from metrics.json."""

    shape: CnnShape
    members: list[dict[str, NDArray[np.float32]]]
    targets: tuple[str, ...]
    command: str


def read_panel_run(run: Path) -> Run:
    """Return a finished run.

    Raises:
        ModelError: it is not finished, or damaged.
    """
    from safetensors.numpy import load_file

    try:
        metrics: dict[str, Any] = json.loads((run / METRICS).read_bytes())
        arrays = load_file(run / WEIGHTS)
        members = [
            {key.partition("/")[2]: array for key, array in arrays.items() if key.startswith(start)}
            for start in (f"{number + 1}/" for number in range(len(metrics["members"])))
        ]
        return Run(
            msgspec.convert(metrics["shape"], CnnShape),
            members,
            tuple(metrics["recipe"]["targets"]),
            metrics["command"],
        )
    except Exception as error:  # safetensors' own, OSError, KeyError, JSON
        raise ModelError(f"{run} holds no finished run of a panel: {error}") from error


def publish_panel(
    run: Path,
    repo: Path,
    about: About,
    *,
    data: Path,
    genome: Path,
    split: Path,
    measuring: Measuring = PLAIN,
) -> ModelCard:
    """Write the model of a run into `repo`; return the model's card.

    The AUCs in the card are those of the exported graph on the held-out sets in `data` and on the
    `test` windows, as `regplug predict` scores them.

    Args:
        run: folder of the run.
        repo: model repository.
        about: what the card says beside what is measured.
        data: folder of the sets to test on; see `read_sets`.
        genome: FASTA of windows.
        split: TSV that assigns the windows to `train` and `test`.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: the run is not finished.
        DataError: the data cannot be read.
        OutputError: the model cannot be written.
    """
    found = read_panel_run(run)
    onnx = ensemble_graph(found.shape, found.members).SerializeToString()
    card = ModelCard(
        name=about.name,
        version=about.version,
        family="variant_effect",
        window=found.shape.width,
        targets=tuple(Target(label) for label in found.targets),
        strand="mean",
        output_scale="score",
        max_batch_size=ROWS,
        sha256="",
        default=about.default,
        assembly=about.assembly,
        doc=about.doc
        or "Mean logits of a small ensemble of convolutional networks, and of both strands; "
        "the higher, the more a sequence looks like a peak",
        trained_on=about.trained_on,
        license=about.license,
        cite_as=about.cite_as,
        created_by=f"regplug {VERSION}: {for_a_card(found.command)}",
    )
    tests = _read_tests(data, found.targets)
    with tempfile.TemporaryDirectory() as scratch:
        export_model(Path(scratch), card, onnx, Measuring(3))
        backend = Embedded(Path(scratch) / about.name)
        try:
            aucs = _aucs(backend.predict, tests, genome, split)
        finally:
            backend.close()
    peaks = {target: int(test.bound.sum()) for target, test in tests.items()}
    return export_model(repo, _with_aucs(card, aucs, peaks), onnx, measuring)


def _with_aucs(card: ModelCard, aucs: Aucs, peaks: Mapping[str, int]) -> ModelCard:
    """Return the card with the AUCs, and of how many peaks they are.

    Those against shuffles are simply called AUC.
    """
    plain = KINDS[0]
    targets = tuple(
        Target(
            label,
            about={
                "auc" if kind == plain else f"auc_{kind}": f"{auc:.4f}"
                for kind, auc in aucs[label].items()
            }
            | {"test_peaks": str(peaks[label])},
        )
        for label in card.labels
    )
    metrics = {
        "mean AUC" if kind == plain else f"mean AUC, {kind}": round(auc, 4)
        for kind, auc in aucs["mean"].items()
    }
    return msgspec.structs.replace(card, targets=targets, metrics=metrics)


def aucs_on_tests(
    predict: Predict, targets: Sequence[str], data: Path, genome: Path, split: Path
) -> Aucs:
    """Return the AUCs of outputs, one per target in order, on the test sets and `test` windows.

    Raises:
        DataError: a file is missing or damaged, or a set has bound sequences alone.
    """
    return _aucs(predict, _read_tests(data, targets), genome, split)


def _read_tests(data: Path, targets: Sequence[str]) -> dict[str, ChipSet]:
    tests = read_sets(data, targets, "B")
    for target, test in tests.items():
        if test.bound.all() or not test.bound.any():
            raise DataError(f"{data}: {target} has one class only: AUCs take shuffles too")
    return tests


def _aucs(predict: Predict, tests: Mapping[str, ChipSet], genome: Path, split: Path) -> Aucs:
    return negatives_aucs(
        predict,
        {target: test.codes[test.bound] for target, test in tests.items()},
        read_genome_windows(genome, split, "test"),
        shuffled={target: test.codes[~test.bound] for target, test in tests.items()},
    )
