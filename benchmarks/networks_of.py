r"""The networks of a model that `regplug export` made of several runs, as runs again.

    python -m benchmarks.networks_of open_chromatin --model-repo model_repo -o RUNS \
        second_1 second_2 second_3 reporter_1 reporter_2

Where the runs are not at hand any more, their weights are: as constants of the graph. Each network
becomes a run in RUNS, called as said, that `regplug export` joins with others and `regplug train
--seed-from` begins with. The recipes are those of regplug/train/recipes that the card's commands
name. Joined again, the networks must answer random windows as the model does, to the bit.

A norm is known only as the scale and offset that it comes to, those of a block within its filters,
so a run holds these and not what was trained. Targets are those that the graph takes of a network,
whose AUCs are the card's: means over the networks. Epochs, loss and seconds are not told, and are
0; the sha256 of the set, and what ran, are empty.
"""

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, numpy_helper
from safetensors.numpy import save_file

from regplug.files.runs import METRICS
from regplug.files.sources import Source
from regplug.files.weights import WEIGHTS
from regplug.models.export import random_codes
from regplug.models.library import open_session
from regplug.models.repository import read_card
from regplug.scoring.card import Target
from regplug.train.basset.recipe import BassetRecipe, read_basset_recipe
from regplug.train.basset.run import Metrics
from regplug.train.cnn.graph import Member, joint_graph
from regplug.train.cnn.shape import CnnShape

RECIPES = Path(__file__).parents[1] / "regplug" / "train" / "recipes"
EPSILON = np.float32(1e-5)  # torch's default of a norm, which export adds to a variance
Arrays = dict[str, NDArray[np.float32]]


def main() -> None:
    """Write the runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("names", nargs="+", help="of the runs, in the order of the networks")
    parser.add_argument("--model-repo", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    folder = options.model_repo / options.model
    card, graph = read_card(folder), onnx.load(folder / "1" / "model.onnx")
    commands = card.created_by.partition(": ")[2].split("; ")
    members = []
    for number, (name, command) in enumerate(zip(options.names, commands, strict=True), start=1):
        sites, recipe = trained_by(command)
        width, constants = constants_of(graph, f"member{number}/", card.window or 0)
        head, bias = constants[-2:]
        used = np.flatnonzero(head.any(axis=1) | (bias != 0))
        targets = [card.targets[at] for at in used]
        shape = recipe.shape(targets=len(targets), width=width)
        if not isinstance(shape, CnnShape):
            raise SystemExit(f"{command} makes no network of kind cnn")
        try:
            arrays = arrays_of(shape, [*constants[:-2], head[used], bias[used]])
        except (IndexError, StopIteration, ValueError) as error:
            raise SystemExit(f"the graph is not of the shape {shape}") from error
        places = {place: at for at, place in enumerate(used.tolist())}
        members.append(Member(shape, arrays, [*map(places.get, range(len(head)))]))
        run = options.output / name
        run.mkdir(parents=True)
        save_file(arrays, run / WEIGHTS)
        made = metrics(command, recipe, shape, targets, sites)
        (run / METRICS).write_bytes(msgspec.json.encode(made))
        print(f"{name}: {shape.width} bases, {', '.join(made.targets)}")
    codes = random_codes(np.random.default_rng(0), 64, card.window or 0)
    scores = [
        open_session(one.SerializeToString(), card.name, threads=1).run(
            ["scores"], {"codes": codes}
        )[0]
        for one in (graph, joint_graph(members, probabilities=True))
    ]
    if scores[0].tobytes() != scores[1].tobytes():
        raise SystemExit(f"joined again they are not {card.name}: its recipes have changed")


def trained_by(command: str) -> tuple[str, BassetRecipe]:
    """Return the set's name and the recipe of a command `regplug train basset`."""
    words = iter(shlex.split(command)[3:])
    places, settings = [], []
    for word in words:
        if word == "--set":
            settings.append(next(words))
        elif word == "--seed-from":
            next(words)
        else:
            places.append(word)
    recipe, sites = places
    return sites, read_basset_recipe(RECIPES / recipe, settings)


def constants_of(
    graph: ModelProto, scope: str, window: int
) -> tuple[int, list[NDArray[np.float32]]]:
    """Return how many bases a network reads, and what its nodes weigh with, in their order."""
    stored = {array.name: array for array in graph.graph.initializer}
    made_by = {output: node for node in graph.graph.node for output in node.output}
    nodes = [node for node in graph.graph.node if node.name.startswith(scope)]
    arrays = [
        numpy_helper.to_array(stored[name])
        for node in nodes
        for name in node.input
        if name in stored and stored[name].data_type == onnx.TensorProto.FLOAT
    ]
    return width_of(nodes[0], made_by, stored, window), [array for array in arrays if array.ndim]


def width_of(
    node: NodeProto,
    made_by: Mapping[str, NodeProto],
    stored: Mapping[str, onnx.TensorProto],
    window: int,
) -> int:
    """Return how many bases are under a network whose first node this is."""
    while above := [made_by[name] for name in node.input if name in made_by]:
        node = above[0]
        if node.op_type == "Slice":
            low, high = (numpy_helper.to_array(stored[name]).item() for name in node.input[1:3])
            return int(high - low)
    return window


def arrays_of(shape: CnnShape, constants: Sequence[NDArray[np.float32]]) -> Arrays:
    """Return the state of a Cnn of such a shape, of the constants of a graph in their order."""
    given = iter(constants)
    stem = next(given)
    arrays = {"stem.weight": np.ascontiguousarray(stem[:, :, 0].transpose(0, 2, 1))}
    arrays["stem.weight"] = arrays["stem.weight"].reshape(shape.channels, -1)
    if shape.turned and not np.array_equal(next(given), stem[:, ::-1, :, ::-1]):
        raise ValueError("the filters of the other strand are not those of the first")
    arrays |= norm("stem_norm", next(given).ravel(), next(given).ravel())
    for block in range(shape.blocks):
        arrays[f"blocks.{block}.conv.weight"] = next(given)[:, :, 0]
        scale = np.ones(shape.channels, np.float32)
        arrays |= norm(f"blocks.{block}.norm", scale, next(given))
    if shape.head == "attention":
        arrays["query.weight"] = next(given)[:, :, 0]
        arrays["query.bias"], arrays["place"] = next(given), next(given)[:, 0]
    arrays["head.weight"], arrays["head.bias"] = next(given), next(given)
    if list(given) or arrays["head.weight"].shape[1] != shape.features:
        raise ValueError("more arrays, or other features, than the shape has")
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def norm(name: str, scale: NDArray[np.float32], offset: NDArray[np.float32]) -> Arrays:
    """Return a norm that comes to this scale and offset, to the bit."""
    variance = np.full_like(scale, 1 - EPSILON)
    if not (variance + EPSILON == 1).all():
        raise SystemExit("1 is no sum of a variance and torch's epsilon")
    named = {"weight": scale, "bias": offset, "running_mean": np.zeros_like(scale)}
    return {f"{name}.{kind}": array for kind, array in (named | {"running_var": variance}).items()}


def metrics(
    command: str, recipe: BassetRecipe, shape: CnnShape, targets: Sequence[Target], sites: str
) -> Metrics:
    """Return what a run's metrics.json says, as far as the card tells it."""
    aucs = {target.label: auc for target in targets for auc in told(target)}
    known = [auc for auc in aucs.values() if auc is not None]
    return Metrics(
        command=command,
        recipe=recipe,
        kind=recipe.kind,
        shape=msgspec.to_builtins(shape),
        targets=tuple(aucs),
        set=Source(sites, ""),
        sites={},
        epochs=0,
        best_epoch=0,
        valid_auc=float(np.mean(known)) if known else 0,
        valid_aucs=aucs,
        valid_loss=0,
        seconds=0,
        run="",
        seeded_from="",
        torch="",
        numpy="",
    )


def told(target: Target) -> Iterator[float | None]:
    """Yield the AUC that a card tells of a target, or None."""
    auc = target.about.get("valid_auc")
    yield None if auc is None else float(auc)


if __name__ == "__main__":
    main()
