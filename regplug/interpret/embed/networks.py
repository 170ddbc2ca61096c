"""The network that `regplug embed` looks into: of a run, of published parameters, of a model."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from regplug.errors import ModelError
from regplug.files.weights import WEIGHTS
from regplug.interpret.embed.hidden import hidden_graph, open_hidden
from regplug.models.locate import model_folder
from regplug.models.repository import read_card, read_onnx
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, Target
from regplug_deepbind.graph import hidden_graph as network_graph
from regplug_deepbind.importer import rows_per_call
from regplug_deepbind.weights import Named, named_networks


@contextmanager
def open_units(model: str, target: str | None, repo: str | None) -> Iterator[tuple[str, Backend]]:
    """Give a title, and a backend that predicts the last hidden layer.

    Raises:
        ModelError: there is no such network, there are several, or its layer cannot be had.
    """
    path = Path(model)
    run = path.is_file() or (path / WEIGHTS).is_file() or (path / "db.tsv").is_file()
    if run and repo is None:
        title, graph, card = _network(path, target)
    else:
        title, graph, card = _model(path, target, repo)
    with open_hidden(graph, card) as backend:
        yield title, backend


def _network(path: Path, target: str | None) -> tuple[str, onnx.ModelProto, ModelCard]:
    found = named_networks(path, [target] if target else [])
    if len(found) > 1:
        raise ModelError(
            f"{path} has {len(found)} networks{f' of {target}' if target else ''}, each with a "
            f"hidden layer of its own: choose one with --target ({_labels(found)})"
        )
    label, _, network = found[0]
    card = ModelCard(
        name=re.sub(r"[^\w.-]", "-", label),
        version="0",
        family="deepbind",
        window=None,
        targets=(Target(label),),
        strand="max" if network.reverse_complement else "forward",
        output_scale="score",
        max_batch_size=rows_per_call([network]),
        sha256="",
    )
    return label, network_graph(network), card


def _labels(found: list[Named]) -> str:
    return ", ".join(one.label for one in found[:10]) + (", ..." if len(found) > 10 else "")


def _model(
    path: Path, target: str | None, repo: str | None
) -> tuple[str, onnx.ModelProto, ModelCard]:
    others = f"no run ({WEIGHTS}), no published parameters (db.tsv, params/), and "
    folder = model_folder(path, repo, others)
    card = read_card(folder)
    if card.companion:
        folder = folder.with_name(card.companion)
        card = read_card(folder)
    if target:
        raise ModelError(
            f"--target is for runs and published models: {card.name} has one hidden layer for all "
            "its targets, or none"
        )
    return card.name, hidden_graph(onnx.load_from_string(read_onnx(folder, card)), card), card
