"""A finished run → a model directory, tested in the form that users run.

weights.safetensors ─load_networks→ Network ─export_panel→ model.onnx ─predict→ AUC, card
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from regplug import __version__
from regplug.backends.embedded import Embedded
from regplug.card import ModelCard, Target
from regplug.errors import ModelError
from regplug.train.data.chip import chip_file, read_chip
from regplug.train.metrics import auroc
from regplug_deepbind.importer import CITE, export_panel
from regplug_deepbind.network import Network
from regplug_deepbind.weights import load_networks


def publish(
    run: Path,
    repo: Path,
    *,
    name: str,
    data: Path,
    version: str,
    trained_on: str,
    assembly: str,
    default: bool,
) -> ModelCard:
    """Write the model of a run and its companion into `repo`; return the model's card.

    The AUCs in the card are those of the exported graph on the held-out B files in `data`, as
    `regplug predict` scores them.

    Raises:
        ModelError: the run is not finished.
    """
    try:
        networks = load_networks(run / "weights.safetensors")
        command = json.loads((run / "metrics.json").read_text())["command"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{run} holds no finished run: {error}") from error
    aucs = held_out_aucs(networks, data)
    card = ModelCard(
        name=name,
        version=version,
        family="deepbind",
        window=None,
        targets=tuple(Target(label, None, {"auc": f"{auc:.4f}"}) for label, auc in aucs.items()),
        strand="max",
        output_scale="score",
        max_batch_size=1,
        sha256="",
        default=default,
        assembly=assembly,
        doc="DeepBind networks, trained, tested and used by the scan: the maximum over sub-windows "
        "and both strands; above 0 a sequence looks bound",
        trained_on=trained_on,
        metrics={"mean AUC": round(float(np.mean(list(aucs.values()))), 4)},
        cite_as=CITE,
        license="MIT",
        created_by=f"regplug {__version__}: {command}",
    )
    return export_panel(repo, card, list(networks.values()))[0]


def held_out_aucs(networks: dict[str, Network], data: Path) -> dict[str, float]:
    """Return each target's AUC on its B file, scored by the exported graph.

    A sequence's score is the larger of its two strands', as the graph gives it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        bare = ModelCard(
            name="test",
            version="0",
            family="deepbind",
            window=None,
            targets=tuple(Target(label) for label in networks),
            strand="max",
            output_scale="score",
            max_batch_size=1,
            sha256="",
        )
        export_panel(Path(scratch), bare, list(networks.values()), snvs=3)
        backend = Embedded(Path(scratch) / "test_scan")
        aucs = {}
        for column, target in enumerate(networks):
            test = read_chip(chip_file(data, target, "B"))
            aucs[target] = auroc(test.bound, backend.predict(test.codes)[:, column])
        backend.close()
    return aucs
