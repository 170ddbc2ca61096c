"""A run's results on disk: weights, and the metrics that vouch for them.

DeepBind ─to_network→ Network ─weights.save_networks→ weights.safetensors
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
from torch import Tensor

from regplug.train.models.deepbind import DeepBind
from regplug.train.recipe import DeepBindRecipe
from regplug_deepbind.network import Network


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
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    partial.replace(path)
