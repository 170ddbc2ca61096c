"""The network that `regplug embed` looks into: of a run, of published parameters, of a model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import pluggy

from regplug.errors import ModelError
from regplug.files.weights import WEIGHTS
from regplug.hooks.manager import networks_at, plugin_manager, stored_networks
from regplug.hooks.networks import StoredNetwork
from regplug.interpret.embed.hidden import hidden_graph, open_hidden
from regplug.models.device import CPU
from regplug.models.locate import model_folder
from regplug.models.repository import read_card, read_onnx
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard


@contextmanager
def open_units(
    model: str, targets: Sequence[str], repo: str | None, *, threads: int = 0, device: str = CPU
) -> Iterator[tuple[str, Backend]]:
    """Give a title, and a backend that predicts the last hidden layer.

    Args:
        model: folder of a run or of published models, a parameter file, a model's folder or name.
        targets: which network of a run or of published models; none if there is only one.
        repo: where to look for a model's name, or None.
        threads: of the CPU; 0: all.
        device: cpu, cuda or cuda:N.

    Raises:
        ModelError: there is no such network, there are several, or its hidden layer cannot be cut
            out of its graph.
        BackendError: onnxruntime cannot use the device.
    """
    path, manager = Path(model), plugin_manager()
    weights = path.is_file() or (path / WEIGHTS).is_file()  # even if no plugin knows them
    if repo is None and (weights or stored_networks(manager, path) is not None):
        title, graph, card = _network(manager, path, targets)
    else:
        title, graph, card = _model(path, targets, repo)
    with open_hidden(graph, card, threads=threads, device=device) as backend:
        yield title, backend


def _network(
    manager: pluggy.PluginManager, path: Path, targets: Sequence[str]
) -> tuple[str, onnx.ModelProto, ModelCard]:
    """Return the title, hidden graph and card of a network on disk."""
    found = networks_at(manager, path, targets)
    if len(found) > 1:
        raise ModelError(
            f"{path} has {len(found)} networks{f' of {targets[0]}' if targets else ''}, each with "
            f"a hidden layer of its own: choose one with --targets ({_labels(found)})"
        )
    (network,) = found
    return network.label, network.hidden_graph(), network.card


def _labels(found: Sequence[StoredNetwork]) -> str:
    labels = ", ".join(network.label for network in found[:10])
    return labels + (", ..." if len(found) > 10 else "")


def _model(
    path: Path, targets: Sequence[str], repo: str | None
) -> tuple[str, onnx.ModelProto, ModelCard]:
    """Return the title, hidden graph and card of a model, or of its companion if it has one."""
    others = f"no run ({WEIGHTS}), no published parameters (db.tsv, params/), and "
    folder = model_folder(path, repo, others)
    card = read_card(folder)
    if card.companion:
        folder = folder.with_name(card.companion)
        card = read_card(folder)
    if targets:
        raise ModelError(
            f"--targets is for runs and published models: {card.name} has one hidden layer for all "
            "its targets, or none"
        )
    return card.name, hidden_graph(onnx.load_from_string(read_onnx(folder, card)), card), card
