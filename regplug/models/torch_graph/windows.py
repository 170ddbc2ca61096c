"""Convolutions and pools, as https://onnx.ai/onnx/operators defines them."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (as everybody calls it)

Inputs = Sequence[Any]
Attributes = dict[str, Any]


def padded(x: Tensor, pads: Sequence[int], value: float = 0) -> Tensor:
    """Return x with its last dimensions padded as ONNX says: all begins, then all ends."""
    half = len(pads) // 2
    turned = [side for at in reversed(range(half)) for side in (pads[at], pads[half + at])]
    return F.pad(x, turned, value=value) if any(turned) else x


def conv(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Conv, of one to three axes."""
    x, weights, bias = (*inputs, None)[:3]
    kernel = weights.shape[2:]
    function = (F.conv1d, F.conv2d, F.conv3d)[len(kernel) - 1]
    return function(
        padded(x, _pads(x, kernel, attributes), 0),
        *(weights, bias, attributes.get("strides", 1)),
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    )


def max_pool(inputs: Inputs, attributes: Attributes) -> Tensor:
    """MaxPool, without the indices."""
    return _reduced(_whole(inputs[0], attributes, -math.inf), attributes, lambda x: x.amax(-1))


def average_pool(inputs: Inputs, attributes: Attributes) -> Tensor:
    """AveragePool: of a window that lies over an end, the mean of what is inside."""
    x, counted = inputs[0], attributes.get("count_include_pad")
    pads = _pads(x, attributes["kernel_shape"], attributes)
    beyond = _beyond(x, pads, attributes)
    means = _reduced(_whole(x, attributes, 0), attributes, lambda x: x.mean(-1))
    if any(beyond) or (any(pads) and not counted):
        inside = padded(padded(torch.ones_like(x), pads, float(bool(counted))), beyond, 0)
        means = means / _reduced(inside, attributes, lambda x: x.mean(-1))
    return means


def places(x: Tensor, attributes: Attributes) -> Tensor:
    """Return a max pool's windows side by side, shape (n, channels, windows..., elements)."""
    axes = len(attributes["kernel_shape"])
    side_by_side = _whole(x, attributes, -math.inf)
    for axis in range(axes):
        side_by_side = _unfolded(side_by_side, axis, attributes)
    return side_by_side.flatten(-axes)


def _pads(x: Tensor, kernel: Sequence[int], attributes: Attributes) -> list[int]:
    """Return how many elements a window's operator pads: begins, then ends."""
    how = attributes.get("auto_pad", b"NOTSET").decode()
    if how == "NOTSET":
        return list(attributes.get("pads", [0] * 2 * len(kernel)))
    if how == "VALID":
        return [0] * 2 * len(kernel)
    strides = attributes.get("strides", [1] * len(kernel))
    wide = attributes.get("dilations", [1] * len(kernel))
    lacking = [
        max(0, (math.ceil(size / s) - 1) * s + (k - 1) * d + 1 - size)
        for size, k, s, d in zip(x.shape[2:], kernel, strides, wide, strict=True)
    ]
    small, large = [each // 2 for each in lacking], [each - each // 2 for each in lacking]
    return [*small, *large] if how == "SAME_UPPER" else [*large, *small]


def _beyond(x: Tensor, pads: Sequence[int], attributes: Attributes) -> list[int]:
    """Return the elements behind the pads that a last window of `ceil_mode` reads too.

    A window that would begin behind the input is none.
    """
    axes = len(pads) // 2
    behind = [0] * axes
    if attributes.get("ceil_mode"):
        for axis, size in enumerate(x.shape[2:]):
            wide, stride = _span(axis, attributes)
            past = size + pads[axis] + pads[axis + axes] - wide  # a last window's first place
            start = math.ceil(past / stride) * stride
            behind[axis] = start - past if start < size + pads[axis] else 0
    return [0] * axes + behind


def _whole(x: Tensor, attributes: Attributes, value: float) -> Tensor:
    """Return x with all that a pool's windows read around it."""
    pads = _pads(x, attributes["kernel_shape"], attributes)
    return padded(padded(x, pads, value), _beyond(x, pads, attributes), value)


def _span(axis: int, attributes: Attributes) -> tuple[int, int]:
    """Return how many elements a window lies over, and its stride."""
    axes = len(attributes["kernel_shape"])
    dilation = attributes.get("dilations", [1] * axes)[axis]
    wide = (attributes["kernel_shape"][axis] - 1) * dilation + 1
    return wide, attributes.get("strides", [1] * axes)[axis]


def _unfolded(x: Tensor, axis: int, attributes: Attributes) -> Tensor:
    """Return x with the elements of each window along an axis in an axis more, the last."""
    dilation = attributes.get("dilations", [1] * (axis + 1))[axis]
    return x.unfold(axis + 2, *_span(axis, attributes))[..., ::dilation]


def _reduced(x: Tensor, attributes: Attributes, function: Callable[[Tensor], Tensor]) -> Tensor:
    for axis in range(len(attributes["kernel_shape"])):
        x = function(_unfolded(x, axis, attributes))
    return x
