"""Convolutions and pools, along one axis or two.

Keras's padding `same` is TensorFlow's: zeros at both ends, the odd one at the end, so that there
are ⌈size / stride⌉ places. Theano turns a filter round before it multiplies; its files hold filters
that are the wrong way round for ONNX, which does not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from regplug.models.keras.architecture import Layer
from regplug.models.keras.values import Values
from regplug.models.keras.weights import Array, Shape, WeightFile
from regplug.models.onnx_builder import Builder


class Spatial(NamedTuple):
    """Values with channels first, as ONNX wants them, and which way Keras has them."""

    tensor: str
    channels: int
    sizes: tuple[int, ...]  # of the other axes
    last: bool  # whether Keras has channels last

    def back(self, graph: Builder) -> Values:
        """Return the values as Keras has them."""
        if not self.last:
            return Values(self.tensor, (self.channels, *self.sizes))
        axes = len(self.sizes)
        turned = graph.op("Transpose", self.tensor, perm=[0, *range(2, axes + 2), 1])
        return Values(turned, (*self.sizes, self.channels))


def convolution(
    layer: Layer, values: Values, graph: Builder, weights: WeightFile, *, theano: bool
) -> Values:
    """Return the values after a convolution, before its activation.

    Raises:
        ModelError: a setting is not read, or the weights do not fit.
    """
    spatial = _spatial(layer, values, graph)
    axes, filters = len(spatial.sizes), layer.number("filters")
    if layer.settings.get("groups", 1) != 1:
        raise layer.fault("has groups, which are not read")
    kernel = layer.counts("kernel_size", axes)
    strides = layer.counts("strides", axes, 1)
    dilations = layer.counts("dilation_rate", axes, 1)
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
    places, pads = _places(layer, spatial.sizes, reach, strides)
    odd = all(size % 2 for size in kernel) and set(strides) == {1}
    if theano and any(pads) and not odd:
        raise layer.fault("has padding same with even filters or strides, in which Theano differs")
    forms = _forms(weights.version, spatial.last, kernel, spatial.channels, filters)
    has_bias = layer.flag("use_bias")
    arrays = weights.take(layer, [[shape for shape, _ in forms]] + [[(filters,)]] * has_bias)
    filters_first = _filters_first(arrays[0], forms, kernel, flip=theano)
    tensor = graph.op(
        "Conv",
        spatial.tensor,
        *(graph.constant(array, np.float32) for array in (filters_first, *arrays[1:])),
        strides=strides,
        dilations=dilations,
        pads=pads,
    )
    return Spatial(tensor, filters, places, spatial.last).back(graph)


def pool(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return the maximum or mean of each pool; a mean leaves out what hangs over an end.

    Raises:
        ModelError: a setting is not read.
    """
    spatial = _spatial(layer, values, graph)
    size = layer.counts("pool_size", len(spatial.sizes), 2)
    given = layer.settings.get("strides") is not None
    strides = layer.counts("strides", len(size)) if given else size
    places, pads = _places(layer, spatial.sizes, size, strides)
    kind = "MaxPool" if layer.kind.startswith("Max") else "AveragePool"
    tensor = graph.op(kind, spatial.tensor, kernel_shape=size, strides=strides, pads=pads)
    return Spatial(tensor, spatial.channels, places, spatial.last).back(graph)


def global_pool(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return the maximum or mean of each channel.

    Raises:
        ModelError: a setting is not read.
    """
    if layer.settings.get("keepdims"):
        raise layer.fault("has keepdims, which is not read")
    spatial = _spatial(layer, values, graph)
    kind = "GlobalMaxPool" if "Max" in layer.kind else "GlobalAveragePool"
    tensor = graph.op("Flatten", graph.op(kind, spatial.tensor))
    return Values(tensor, (spatial.channels,))


def _spatial(layer: Layer, values: Values, graph: Builder) -> Spatial:
    """Return the values with channels first."""
    axes = int(layer.kind[-2])
    if len(values.shape) != axes + 1:
        raise layer.fault(f"reads {axes + 1} axes, and values before it have shape {values.shape}")
    last = layer.choice("data_format", "channels_last", "channels_first") == "channels_last"
    if not last:
        return Spatial(values.tensor, values.shape[0], values.shape[1:], last)
    turned = graph.op("Transpose", values.tensor, perm=[0, axes + 1, *range(1, axes + 1)])
    return Spatial(turned, values.shape[-1], values.shape[:-1], last)


def _places(
    layer: Layer, sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int]
) -> tuple[tuple[int, ...], list[int]]:
    """Return how many places there are along each axis, and zeros before and after, as in ONNX."""
    same = layer.choice("padding", "valid", "same") == "same"
    places, before, after = [], [], []
    for size, length, stride in zip(sizes, reach, strides, strict=True):
        count = -(-size // stride) if same else (size - length) // stride + 1
        if count < 1:
            raise layer.fault(f"reads {length} places, where there are {size}")
        zeros = max((count - 1) * stride + length - size, 0) if same else 0
        places.append(count)
        before.append(zeros // 2)
        after.append(zeros - zeros // 2)
    return tuple(places), before + after


def _forms(
    version: int, last: bool, kernel: Shape, channels: int, filters: int
) -> list[tuple[Shape, Shape]]:
    """Return the shapes that filters may have in a file, each with the order of axes for ONNX.

    ONNX has (filters, channels, *kernel). Keras 2 has (*kernel, channels, filters); older versions
    write that, or ONNX's order, and along one axis with an axis of 1 after the kernel's.
    """
    axes = len(kernel)
    new = (*kernel, channels, filters), (axes + 1, axes, *range(axes))
    if version == 2:
        return [new]
    long = kernel if axes == 2 else (*kernel, 1)
    theirs = (filters, channels, *long), (0, 1, 2, 3)
    turned = (*long, channels, filters), (3, 2, 0, 1)
    if axes == 1:
        return [theirs] if version == 0 else [turned, theirs]
    return [turned] if last else [theirs]


def _filters_first(
    array: Array, forms: Sequence[tuple[Shape, Shape]], kernel: Shape, *, flip: bool
) -> Array:
    """Return filters in the order of ONNX, turned round where Theano has them so."""
    order = next(order for shape, order in forms if shape == array.shape)
    turned = array.transpose(order)
    filters = turned.reshape(turned.shape[:2] + kernel)
    return np.flip(filters, tuple(range(2, filters.ndim))) if flip else filters
