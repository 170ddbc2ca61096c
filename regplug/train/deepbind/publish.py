"""A finished run → a model directory, tested in the form that users run.

weights.safetensors ─load_networks→ Network ─export_panel→ model.onnx ─predict→ metrics, card
"""

import json
import tempfile
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np

from regplug.data.measure.metrics import auroc, pearson
from regplug.data.sets.training import read_set
from regplug.errors import ModelError
from regplug.files.version import VERSION
from regplug.files.weights import WEIGHTS
from regplug.models.embedded import Embedded
from regplug.scoring.card import ModelCard, Target
from regplug.train.deepbind.measure import METRIC
from regplug.train.loop.names import METRICS
from regplug_deepbind.importer import CITE, export_panel
from regplug_deepbind.network import Network
from regplug_deepbind.weights import load_networks


def publish(
    run: Path,
    repo: Path,
    *,
    name: str,
    test: Path,
    version: str,
    trained_on: str,
    assembly: str,
    license: str,
    default: bool,
) -> ModelCard:
    """Write the model of a run and its companion into `repo`; return the model's card.

    The metrics in the card are those of the exported graph on the sets in `test`, called as the
    targets are, as `regplug predict` scores them.

    Raises:
        DataError: a target has no test set, or it is damaged.
        ModelError: the run is not finished, or some of its networks read one strand, some both.
    """
    try:
        networks = load_networks(run / WEIGHTS)
        command = json.loads((run / METRICS).read_text())["command"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{run} holds no finished run: {error}") from error
    both = {network.reverse_complement for network in networks.values()}
    if len(both) > 1:
        raise ModelError(f"{run}: some targets read one strand, some both; train them in two runs")
    card = ModelCard(
        name=name,
        version=version,
        family="deepbind",
        window=None,
        targets=tuple(Target(label) for label in networks),
        strand="max" if both.pop() else "forward",
        output_scale="score",
        max_batch_size=1,
        sha256="",
        default=default,
        assembly=assembly,
        doc="DeepBind networks, used by the scan: the maximum over sub-windows; above 0 a sequence "
        "looks bound",
        trained_on=trained_on,
        cite_as=CITE,
        license=license,
        created_by=f"regplug {VERSION}: {command}",
    )
    measured = measure_graph(card, networks, test)
    by_metric: dict[str, list[float]] = {}
    for metric, value in measured.values():
        by_metric.setdefault(metric, []).append(value)
    card = msgspec.structs.replace(
        card,
        targets=tuple(
            Target(label, about={metric.lower().replace(" ", "_"): f"{value:.4f}"})
            for label, (metric, value) in measured.items()
        ),
        metrics={f"mean {metric}": round(fmean(values), 4) for metric, values in by_metric.items()},
    )
    return export_panel(repo, card, list(networks.values()))[0]


def measure_graph(
    card: ModelCard, networks: dict[str, Network], test: Path
) -> dict[str, tuple[str, float]]:
    """Return each target's metric and its value on the target's test set, by the exported graph."""
    with tempfile.TemporaryDirectory() as scratch:
        export_panel(Path(scratch), card, list(networks.values()), snvs=3)
        backend = Embedded(Path(scratch) / f"{card.name}_scan")
        measured = {}
        for column, target in enumerate(networks):
            tested = read_set(test / target)
            scores = backend.predict(np.array(tested.codes))[:, column]
            measure = auroc if tested.card.kind == "classification" else pearson
            measured[target] = METRIC[tested.card.kind], measure(tested.targets, scores)
        backend.close()
    return measured
