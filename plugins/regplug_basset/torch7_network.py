"""Networks as Basset saves them: a Torch7 file of its ConvNet, or of the Sequential inside."""

from itertools import zip_longest
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.models.stack import EPSILON, NORM
from regplug_basset.torch7 import TorchObject, read_torch7
from regplug_basset.weights import Weights

SUFFIXES = (".th", ".t7")
_CONV = ("SpatialConvolution", "SpatialBatchNormalization", "ReLU", "SpatialMaxPooling")
_DENSE = ("Linear", "BatchNormalization", "ReLU")
_SAME_AS = {"SpatialConvolutionMM": "SpatialConvolution", "View": "Reshape"}


class _Layer(NamedTuple):
    """A module: its position, its class without the package, and its fields."""

    name: str
    kind: str
    fields: dict[Any, Any]

    def number(self, field: str) -> int:
        """Return a whole number; 0 if there is none."""
        value = self.fields.get(field, 0.0)
        if not isinstance(value, float) or not value.is_integer():
            raise ModelError(f"module {self.name} has {field} = {value!r}")
        return int(value)


def read_torch7_network(path: Path) -> Weights:
    """Return the weights of a file; a layer's name is its position in the Sequential, from 1.

    Raises:
        ModelError: the file cannot be read, or its layers are not Basset's; the message names the
            first that is not.
    """
    found = read_torch7(path)
    model = found.get("model") if isinstance(found, dict) else found
    modules = model.fields.get("modules") if isinstance(model, TorchObject) else None
    if not isinstance(modules, dict):
        raise ModelError("it holds no network: Basset saves a table with a model in it")
    layers = _layers(modules)
    arrays = {
        f"{layer.name}.{leaf}": array for layer in layers for leaf, array in _arrays(layer).items()
    }
    convs, norms, pools = (
        [layer for layer in layers if layer.kind == kind] for kind in _CONV if kind != "ReLU"
    )
    linear = [layer.name for layer in layers if layer.kind == "Linear"]
    dense_norms = [layer.name for layer in layers if layer.kind == "BatchNormalization"]
    return Weights(
        arrays,
        [(conv.name, norm.name) for conv, norm in zip(convs, norms, strict=True)],
        list(zip(linear[:-1], dense_norms, strict=True)),
        linear[-1],
        pools=tuple(_pool(pool) for pool in pools),
        pads=tuple(max(conv.number("padW"), conv.number("padH")) for conv in convs),
    )


def _layers(modules: dict[Any, Any]) -> list[_Layer]:
    """Return the layers but for dropout, which only matters in training."""
    found = []
    for position in range(1, len(modules) + 1):
        module = modules.get(position)
        if not isinstance(module, TorchObject):
            raise ModelError(f"module {position} is no layer")
        kind = module.typename.rpartition(".")[2]  # of nn.Linear, or of cudnn.ReLU
        if kind != "Dropout":
            found.append(_Layer(str(position), _SAME_AS.get(kind, kind), module.fields))
    kinds = [layer.kind for layer in found]
    convs, dense = (max(kinds.count(kind), 1) for kind in ("SpatialConvolution", "Linear"))
    basset = [*_CONV * convs, "Reshape", *_DENSE * (dense - 1), "Linear", "Sigmoid"]
    for i, (kind, wanted) in enumerate(zip_longest(kinds, basset)):
        if kind != wanted:
            place = f"module {found[i].name}" if kind else "what follows the last module"
            raise ModelError(
                f"{place} is {kind or 'missing'}; in Basset it is {wanted or 'missing'}"
            )
    return found


def _arrays(layer: _Layer) -> dict[str, NDArray[Any]]:
    """Return a layer's arrays; the oldest files have filters as a matrix and another variance."""
    fields = layer.fields
    arrays = {leaf: fields[leaf] for leaf in NORM if isinstance(fields.get(leaf), np.ndarray)}
    if layer.kind in ("SpatialBatchNormalization", "BatchNormalization"):
        if (epsilon := fields.get("eps", EPSILON)) != EPSILON:
            raise ModelError(f"module {layer.name} adds {epsilon} to variances, not {EPSILON}")
        inverse = fields.get("running_std")  # 1 / sqrt(variance + epsilon)
        if isinstance(inverse, np.ndarray) and "running_var" not in arrays:
            variance = 1 / np.square(inverse, dtype=np.float64) - EPSILON
            arrays["running_var"] = np.maximum(variance, 0)
    if layer.kind == "SpatialConvolution":
        if (layer.number("dW"), layer.number("dH")) != (1, 1):
            raise ModelError(f"module {layer.name} moves by more than a base")
        planes = [layer.number(field) for field in ("nOutputPlane", "nInputPlane", "kH", "kW")]
        if "weight" in arrays and arrays["weight"].size == prod(planes):
            arrays["weight"] = arrays["weight"].reshape(planes)
    return arrays


def _pool(layer: _Layer) -> int:
    """Return how many bins a maximum joins; the next one starts where it ends."""
    width, step = (max(layer.number(f"{prefix}W"), layer.number(f"{prefix}H")) for prefix in "kd")
    if width != step or width < 1:
        raise ModelError(f"module {layer.name} joins {width} bins and moves by {step}")
    return width
