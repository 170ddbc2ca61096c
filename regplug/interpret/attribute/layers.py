"""What ONNX's operators do to numbers, and by which of DeepLIFT's rules: op_type → a function."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from regplug.interpret.attribute import rules
from regplug.interpret.attribute.rules import Pair

Constant = Tensor
Input = Pair | Constant | None
Attributes = Mapping[str, Any]
Layer = Callable[[Sequence[Any], Attributes], Pair]


def _whole(value: Input) -> Pair:
    """Return a tensor that changes, or one that does not as its own reference."""
    if isinstance(value, Pair):
        return value
    assert value is not None
    return Pair(value, value)


def _axes(inputs: Sequence[Any], attributes: Attributes) -> list[int]:
    """Return an operator's axes: an attribute, or since opset 13 or 18 an input."""
    if "axes" in attributes:
        return list(attributes["axes"])
    return [int(axis) for axis in inputs[1].tolist()] if len(inputs) > 1 else []


def _of_one(function: Callable[[Tensor, Sequence[Any], Attributes], Tensor]) -> Layer:
    """Return a linear layer of one tensor that changes, its first input."""
    return lambda inputs, attributes: rules.linear(
        lambda x: function(x, inputs, attributes), inputs[0]
    )


def _of_each(function: rules.Map) -> Layer:
    return lambda inputs, attributes: rules.elementwise(function, inputs[0])


def _sum(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    return rules.joined([_whole(value) for value in inputs], lambda x: reduce(torch.add, x))


def _difference(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    return rules.linear(torch.sub, _whole(inputs[0]), _whole(inputs[1]))


def _product(function: Callable[[Tensor, Tensor], Tensor]) -> Layer:
    """Return a product; where one factor is constant the rule is linear."""

    def layer(inputs: Sequence[Any], attributes: Attributes) -> Pair:
        a, b = inputs
        if isinstance(a, Pair) and isinstance(b, Pair):
            return rules.product(function, a, b)
        if isinstance(a, Pair):
            return rules.linear(lambda x: function(x, b), a)
        return rules.linear(lambda x: function(a, x), b)

    return layer


def _quotient(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    a, b = inputs
    if not isinstance(b, Pair):
        return rules.linear(lambda x: x / b, a)
    divisor = rules.elementwise(torch.reciprocal, b)
    return rules.product(torch.mul, _whole(a), divisor)


def _dense(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    """Gemm: alpha A B + beta C, with B and C constant."""
    x, weight, *bias = inputs
    if attributes.get("transA"):
        raise ValueError("Gemm")
    weight = weight.T if attributes.get("transB") else weight
    add = float(attributes.get("beta", 1.0)) * bias[0] if bias else 0.0
    scale = float(attributes.get("alpha", 1.0))
    return rules.linear(lambda values: scale * (values @ weight) + add, x)


def _around(x: Tensor, attributes: Attributes, value: float) -> Tensor:
    """Return numbers with a layer's pads around their places, in the axes behind the first two."""
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise ValueError("auto_pad")
    axes = x.ndim - 2
    pads = list(attributes.get("pads", [0] * 2 * axes))
    ordered = [p for at in reversed(range(axes)) for p in (pads[at], pads[at + axes])]
    return functional.pad(x, ordered, value=value) if any(ordered) else x


def _convolution(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    x, filters, *bias = inputs
    convolve = {3: functional.conv1d, 4: functional.conv2d}[filters.ndim]
    axes = filters.ndim - 2
    return rules.linear(
        lambda values: convolve(
            _around(values, attributes, 0),
            filters,
            bias[0] if bias else None,
            stride=list(attributes.get("strides", [1] * axes)),
            dilation=list(attributes.get("dilations", [1] * axes)),
            groups=int(attributes.get("group", 1)),
        ),
        x,
    )


def _pool(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    """MaxPool: all places of a channel in one axis, and where the maxima are in it."""
    axes = len(attributes["kernel_shape"])
    pool = {1: functional.max_pool1d, 2: functional.max_pool2d}[axes]
    padded = rules.linear(lambda x: _around(x, attributes, float("-inf")), inputs[0])
    shape = padded.value.shape
    made: list[tuple[int, ...]] = []

    def indices(flat: Tensor) -> Tensor:
        _, found = pool(
            flat.reshape(shape),
            list(attributes["kernel_shape"]),
            stride=list(attributes.get("strides", [1] * axes)),
            dilation=list(attributes.get("dilations", [1] * axes)),
            ceil_mode=bool(attributes.get("ceil_mode", 0)),
            return_indices=True,
        )
        made.append(tuple(found.shape))
        return found.flatten(2)

    best = rules.maximum(rules.linear(lambda x: x.flatten(2), padded), indices)
    return rules.linear(lambda x: x.reshape(made[0]), best)


def _largest(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    """ReduceMax, over one axis or several."""
    x = inputs[0]
    axes = [axis % x.value.ndim for axis in _axes(inputs, attributes)] or [*range(x.value.ndim)]
    kept = [axis for axis in range(x.value.ndim) if axis not in axes]
    moved = rules.linear(lambda v: v.permute(*kept, *axes).flatten(len(kept)), x)
    best = rules.maximum(moved, lambda v: v.argmax(-1, keepdim=True))
    shape = [1 if axis in axes else size for axis, size in enumerate(x.value.shape)]
    if not attributes.get("keepdims", 1):
        shape = [x.value.shape[axis] for axis in kept]
    return rules.linear(lambda v: v.reshape(shape), best)


def _larger(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    """Max, of several tensors number by number."""
    pairs = [_whole(value) for value in inputs]
    if any(pair.reference is None for pair in pairs):
        pairs = [Pair(pair.value, None) for pair in pairs]
    stacked = rules.joined(pairs, lambda x: _stacked(x))
    best = rules.maximum(stacked, lambda v: v.argmax(-1, keepdim=True))
    return rules.linear(lambda x: x.squeeze(-1), best)


def _stacked(tensors: Sequence[Tensor]) -> Tensor:
    shape = reduce(torch.add, tensors).shape
    return torch.stack([tensor.expand(shape) for tensor in tensors], dim=-1)


def _norm(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    x, scale, offset, mean, variance = inputs
    epsilon = float(attributes.get("epsilon", 1e-5))
    return rules.linear(
        lambda v: functional.batch_norm(v, mean, variance, scale, offset, eps=epsilon), x
    )


def _slices(x: Tensor, inputs: Sequence[Any], attributes: Attributes) -> Tensor:
    starts, ends, axes, *steps = (values.tolist() for values in inputs[1:])
    if steps and any(step != 1 for step in steps[0]):
        raise ValueError("Slice")
    for start, end, axis in zip(starts, ends, axes, strict=True):
        x = x[(slice(None),) * (axis % x.ndim) + (slice(start, end),)]
    return x


def _shaped(x: Tensor, inputs: Sequence[Any], attributes: Attributes) -> Tensor:
    sizes = [x.shape[at] if n == 0 else n for at, n in enumerate(inputs[1].tolist())]
    return x.reshape(sizes)


def _squeezed(x: Tensor, inputs: Sequence[Any], attributes: Attributes) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in _axes(inputs, attributes)), reverse=True):
        x = x.squeeze(axis)
    return x


def _unsqueezed(x: Tensor, inputs: Sequence[Any], attributes: Attributes) -> Tensor:
    axes = _axes(inputs, attributes)
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _reduced(function: Callable[..., Tensor]) -> Layer:
    def layer(x: Tensor, inputs: Sequence[Any], attributes: Attributes) -> Tensor:
        axes = _axes(inputs, attributes) or [*range(x.ndim)]
        return function(x, axes, keepdim=bool(attributes.get("keepdims", 1)))

    return _of_one(layer)


def _softmax(inputs: Sequence[Any], attributes: Attributes) -> Pair:
    return rules.softmax(inputs[0], int(attributes.get("axis", -1)))


LAYERS: Mapping[str, Layer] = {
    "Add": _sum,
    "BatchNormalization": _norm,
    "Concat": lambda inputs, attributes: rules.joined(
        [_whole(value) for value in inputs], lambda x: torch.cat(list(x), attributes["axis"])
    ),
    "Conv": _convolution,
    "Div": _quotient,
    "Erf": _of_each(torch.erf),
    "Exp": _of_each(torch.exp),
    "Flatten": _of_one(lambda x, inputs, attributes: x.flatten(attributes.get("axis", 1))),
    "Gemm": _dense,
    "Identity": _of_one(lambda x, inputs, attributes: x),
    "Log": _of_each(torch.log),
    "MatMul": _product(torch.matmul),
    "Max": _larger,
    "MaxPool": _pool,
    "Mul": _product(torch.mul),
    "ReduceMax": _largest,
    "ReduceMean": _reduced(torch.mean),
    "ReduceSum": _reduced(torch.sum),
    "Relu": _of_each(torch.relu),
    "Reshape": _of_one(_shaped),
    "Sigmoid": _of_each(torch.sigmoid),
    "Slice": _of_one(_slices),
    "Softmax": _softmax,
    "Squeeze": _of_one(_squeezed),
    "Sub": _difference,
    "Sum": _sum,
    "Tanh": _of_each(torch.tanh),
    "Transpose": _of_one(lambda x, inputs, attributes: x.permute(*attributes["perm"])),
    "Unsqueeze": _of_one(_unsqueezed),
}
