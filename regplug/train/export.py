"""A run's results on disk: weights, and the metrics that vouch for them.

DeepBind ─to_network→ Network ─save_networks→ weights.safetensors ─load_networks→ Network
"""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import Tensor

from regplug.train.models.deepbind import DeepBind
from regplug.train.recipe import DeepBindRecipe
from regplug_deepbind.network import Network

ARRAYS = ("detectors", "thresholds", "weights1", "biases1", "weights2", "bias2")


def to_network(model: DeepBind) -> Network:
    """Return the model's weights in the terms of a published parameter file."""

    def array(weights: Tensor) -> NDArray[np.float32]:
        return weights.detach().float().numpy().copy()

    return Network(
        detectors=array(model.detectors),
        thresholds=array(model.thresholds),
        weights1=array(model.weights1),
        biases1=array(model.biases1),
        weights2=None if model.weights2 is None else array(model.weights2),
        bias2=0.0 if model.bias2 is None else model.bias2.item(),
        reverse_complement=True,
        average_pooling=False,
    )


def save_networks(path: Path, networks: Mapping[str, Network]) -> None:
    """Write the networks, by target, to the safetensors file `path`, keys `<TARGET>/<array>`."""
    arrays = {
        f"{target}/{name}": np.ascontiguousarray(getattr(network, name), dtype=np.float32)
        for target, network in networks.items()
        for name in ARRAYS
        if getattr(network, name) is not None
    }
    partial = _partial(path)
    save_file(arrays, partial)
    partial.replace(path)


def load_networks(path: Path) -> dict[str, Network]:
    """Return the networks in a file of `save_networks`, by target, in alphabetical order."""
    arrays = load_file(path)
    targets = sorted({key.rpartition("/")[0] for key in arrays})
    return {target: _network(arrays, target) for target in targets}


def _network(arrays: Mapping[str, NDArray[np.float32]], target: str) -> Network:
    """Return the network of `target` among arrays keyed `<TARGET>/<array>`."""
    return Network(
        detectors=arrays[f"{target}/detectors"],
        thresholds=arrays[f"{target}/thresholds"],
        weights1=arrays[f"{target}/weights1"],
        biases1=arrays[f"{target}/biases1"],
        weights2=arrays.get(f"{target}/weights2"),
        bias2=arrays[f"{target}/bias2"].item(),
        reverse_complement=True,
        average_pooling=False,
    )


def save_metrics(
    path: Path, recipe: DeepBindRecipe, targets: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write JSON: the recipe, the command, the targets' metrics and the means of their AUCs."""
    aucs = ("validation_auc", "test_auc")
    record = {
        "command": shlex.join(["regplug", *sys.argv[1:]]),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "recipe": recipe,
        "mean": {auc: float(np.mean([m[auc] for m in targets.values()])) for auc in aucs},
        "targets": targets,
    }
    partial = _partial(path)
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    partial.replace(path)


def _partial(path: Path) -> Path:
    """Return where `path` is written until it is complete."""
    return path.with_name(path.name + ".partial")
