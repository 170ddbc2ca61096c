"""A finished run → a model directory, tested in the form that users run.

weights.safetensors ─stored_networks→ StoredNetworks ─write→ model.onnx ─predict→ metrics, card
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
from regplug.files.commands import for_a_card
from regplug.files.runs import METRICS
from regplug.files.version import VERSION
from regplug.hooks.manager import plugin_manager, stored_networks
from regplug.hooks.measuring import Measuring
from regplug.hooks.networks import StoredNetworks
from regplug.models.embedded import Embedded
from regplug.models.export import PLAIN
from regplug.scoring.card import ModelCard, Target
from regplug.train.deepbind.measure import METRIC
from regplug.train.loop.about import About

CITE = (
    "Alipanahi, Delong, Weirauch and Frey 2015, Nature Biotechnology 33:831, doi:10.1038/nbt.3300"
)


def publish_deepbind(
    run: Path, repo: Path, about: About, *, test: Path, measuring: Measuring = PLAIN
) -> ModelCard:
    """Write the model of a run and its companion into `repo`; return the model's card.

    The metrics in the card are those of the exported graph, as `regplug predict` runs it, on the
    test sets.

    Args:
        run: folder of a finished run.
        repo: the model repository.
        about: what the user says of the model.
        test: folder of the test sets, which are called as the targets.
        measuring: how the targets' spreads are measured.

    Raises:
        DataError: a target has no test set, or it is damaged.
        ModelError: the run is not finished, or some of its networks read one strand, some both.
        OutputError: the model cannot be written.
    """
    stored = stored_networks(plugin_manager(), run)
    try:
        command = json.loads((run / METRICS).read_text())["command"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{run} holds no finished run: {error}") from error
    if stored is None:
        raise ModelError(f"{run} holds no networks that a plugin knows: train it again")
    card = ModelCard(
        name=about.name,
        version=about.version,
        family="deepbind",
        window=None,
        targets=tuple(Target(network.label) for network in stored.networks),
        strand=stored.networks[0].card.strand,
        output_scale="score",
        max_batch_size=1,
        sha256="",
        default=about.default,
        assembly=about.assembly,
        doc=about.doc
        or "DeepBind networks, used by the scan: the maximum over sub-windows; above 0 a sequence "
        "looks bound",
        trained_on=about.trained_on,
        cite_as=about.cite_as or CITE,
        license=about.license,
        created_by=f"regplug {VERSION}: {for_a_card(command)}",
    )
    measured = measure_graph(card, stored, test)
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
    return stored.write(repo, card, measuring)


def measure_graph(
    card: ModelCard, stored: StoredNetworks, test: Path
) -> dict[str, tuple[str, float]]:
    """Return each target's metric and its value on the target's test set, by the exported graph.

    Args:
        card: of the model.
        stored: its networks.
        test: folder of the test sets, which are called as the targets.
        measuring: how the targets' spreads are measured.

    Raises:
        DataError: a target has no test set, or it is damaged.
        ModelError: the networks do not fit into one model.
    """
    with tempfile.TemporaryDirectory() as scratch:
        made = stored.write(Path(scratch), card, Measuring(3))
        backend = Embedded(Path(scratch) / (made.companion or made.name))
        measured = {}
        for column, target in enumerate(network.label for network in stored.networks):
            tested = read_set(test / target)
            scores = backend.predict(np.array(tested.codes))[:, column]
            measure = auroc if tested.card.kind == "classification" else pearson
            measured[target] = METRIC[tested.card.kind], measure(tested.targets, scores)
        backend.close()
    return measured
