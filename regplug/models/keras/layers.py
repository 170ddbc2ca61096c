"""One layer after the other → nodes of the ONNX graph; values keep the axes that Keras gives them.

    Values ─build→ Values of the next layer

Axes are those of one row: (bases, channels) or (channels, rows, columns). ONNX's convolutions and
pools want channels first, so values are turned before and after where Keras has them last.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from regplug.models.keras.activations import activated, rectified
from regplug.models.keras.architecture import Layer
from regplug.models.keras.convolution import convolution, global_pool, pool
from regplug.models.keras.merging import concatenated, cropped, merged, padded
from regplug.models.keras.values import Values
from regplug.models.keras.weights import WeightFile
from regplug.models.onnx_builder import Builder

LARGEST = 2**26  # numbers of a row between two layers


class Build(NamedTuple):
    """What a layer is built with: the graph, and the file that its weights come from."""

    graph: Builder
    weights: WeightFile
    theano: bool  # whose convolutions turn their filters round


def build(layer: Layer, read: Sequence[Values], using: Build) -> Values:
    """Return the values after a layer, of those that it reads.

    Raises:
        ModelError: the layer, or a setting of its, is not read, or its weights do not fit it.
    """
    if layer.kind not in (*BUILDERS, *MERGERS, *IGNORED):
        known = ", ".join(sorted([*BUILDERS, *MERGERS, *IGNORED]))
        raise layer.fault(f"is not read: these are {known}")
    if layer.kind not in MERGERS and len(read) > 1:
        raise layer.fault(f"reads {len(read)} layers, where one fits")
    values = read[0]
    if layer.kind in IGNORED:
        return values
    if layer.kind in MERGERS:
        values = MERGERS[layer.kind](layer, read, using.graph)
    else:
        values = BUILDERS[layer.kind](layer, values, using)
    if prod(values.shape) > LARGEST:
        raise layer.fault(f"gives {prod(values.shape):,} numbers a row, more than {LARGEST:,}")
    if "activation" in layer.settings and layer.kind != "Activation":
        values = activated(layer, values, using.graph)
    return values


def _activation(layer: Layer, values: Values, using: Build) -> Values:
    return activated(layer, values, using.graph)


def _rectified(layer: Layer, values: Values, using: Build) -> Values:
    return rectified(layer, values, using.graph)


def _cropped(layer: Layer, values: Values, using: Build) -> Values:
    return cropped(layer, values, using.graph)


def _padded(layer: Layer, values: Values, using: Build) -> Values:
    return padded(layer, values, using.graph)


def _convolution(layer: Layer, values: Values, using: Build) -> Values:
    return convolution(layer, values, using.graph, using.weights, theano=using.theano)


def _pool(layer: Layer, values: Values, using: Build) -> Values:
    if using.theano and layer.choice("padding", "valid", "same") == "same":
        raise layer.fault("has padding same, which is not read from Theano's pools")
    return pool(layer, values, using.graph)


def _global_pool(layer: Layer, values: Values, using: Build) -> Values:
    return global_pool(layer, values, using.graph)


def _dense(layer: Layer, values: Values, using: Build) -> Values:
    """Multiply the last axis, as Keras 2 does; older versions have no other."""
    units, reads, graph = layer.number("units"), values.shape[-1], using.graph
    wanted: list[list[tuple[int, ...]]] = [[(reads, units)]]
    has_bias = layer.flag("use_bias")
    arrays = using.weights.take(layer, wanted + [[(units,)]] * has_bias)
    tensor = graph.op("MatMul", values.tensor, graph.constant(arrays[0], np.float32))
    if has_bias:
        tensor = graph.op("Add", tensor, graph.constant(arrays[1], np.float32))
    return Values(tensor, (*values.shape[:-1], units))


def _normalization(layer: Layer, values: Values, using: Build) -> Values:
    """Apply the norm as it stands after training: running mean and variance."""
    if using.weights.version == 0:
        raise layer.fault("is not read from Keras 0.3, whose versions compute it differently")
    if layer.settings.get("mode", 0) != 0:
        raise layer.fault(f"has mode {layer.settings['mode']!r}: only 0 is read")
    axis = _axis(layer, values.shape)
    size = values.shape[axis]
    scale, center = layer.flag("scale"), layer.flag("center")
    arrays = using.weights.take(layer, [[(size,)]] * (2 + scale + center))
    mean, variance = (array.astype(np.float64) for array in arrays[-2:])
    epsilon = layer.settings.get("epsilon", 1e-3)
    if not isinstance(epsilon, float) or not epsilon > 0 or (variance < 0).any():
        raise layer.fault("has an epsilon that is no number above 0, or a variance below 0")
    gain = (arrays[0] if scale else 1.0) / np.sqrt(variance + epsilon)
    offset = (arrays[int(scale)] if center else 0.0) - mean * gain
    along = [size if i == axis else 1 for i in range(len(values.shape))]
    graph = using.graph
    gain, offset = (
        graph.constant(array.reshape(along).astype(np.float32), np.float32)
        for array in (gain, offset)
    )
    return values.with_(graph.op("Add", graph.op("Mul", values.tensor, gain), offset))


def _logsumexp(layer: Layer, values: Values, using: Build) -> Values:
    """Return ln of the sum of exp, over the last axis, which stays as one."""
    if layer.settings.get("axis") not in (-1, [-1]) or layer.settings.get("keepdims") is not True:
        raise layer.fault("is read over the last axis alone, with keepdims")
    tensor = using.graph.op("ReduceLogSumExp", values.tensor, axes=[-1], keepdims=1)
    return Values(tensor, (*values.shape[:-1], 1))


def _axis(layer: Layer, shape: Sequence[int]) -> int:
    """Return which of a row's axes a norm is for; Keras counts the rows' own axis, as 0."""
    axis = layer.settings.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis == 0 or not -len(shape) <= axis <= len(shape):
        raise layer.fault(f"has axis {axis!r}, where values have shape {tuple(shape)}")
    return axis - 1 if axis > 0 else axis + len(shape)


def _flatten(layer: Layer, values: Values, using: Build) -> Values:
    if layer.choice("data_format", "channels_last", "channels_first") == "channels_first":
        raise layer.fault("has data_format channels_first, which is not read")
    return Values(using.graph.op("Flatten", values.tensor), (prod(values.shape),))


def _reshape(layer: Layer, values: Values, using: Build) -> Values:
    target, size = layer.settings.get("target_shape", layer.settings.get("dims")), values.size
    if not isinstance(target, list) or not all(isinstance(length, int) for length in target):
        raise layer.fault(f"has target_shape {target!r}, which is no list of sizes")
    known = prod(length for length in target if length != -1)
    if target.count(-1) == 1 and known > 0 and size % known == 0:
        target = [size // known if length == -1 else length for length in target]
    if min(target, default=0) < 1 or prod(target) != size:
        raise layer.fault(f"has target_shape {target}, which {values.shape} cannot take")
    return Values(using.graph.reshape(values.tensor, -1, *target), tuple(target))


def _permute(layer: Layer, values: Values, using: Build) -> Values:
    dims = layer.settings.get("dims")
    if not isinstance(dims, list) or sorted(dims) != list(range(1, len(values.shape) + 1)):
        raise layer.fault(f"has dims {dims!r}, which do not fit values of shape {values.shape}")
    tensor = using.graph.op("Transpose", values.tensor, perm=[0, *dims])
    return Values(tensor, tuple(values.shape[axis - 1] for axis in dims))


IGNORED = (  # they act in training alone
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "InputLayer",
    "SpatialDropout1D",
    "SpatialDropout2D",
)
BUILDERS: dict[str, Callable[[Layer, Values, Build], Values]] = {
    "Activation": _activation,
    "BatchNormalization": _normalization,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Cropping1D": _cropped,
    "Dense": _dense,
    "Flatten": _flatten,
    "Logsumexp": _logsumexp,
    "Permute": _permute,
    "Reshape": _reshape,
    "ZeroPadding1D": _padded,
    **dict.fromkeys(["ELU", "LeakyReLU", "ReLU", "Softmax"], _rectified),
    **dict.fromkeys([f"{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2)], _pool),
    **dict.fromkeys(
        [f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2)], _global_pool
    ),
}
MERGERS: dict[str, Callable[[Layer, Sequence[Values], Builder], Values]] = {
    "Concatenate": concatenated,
    **dict.fromkeys(["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"], merged),
}
