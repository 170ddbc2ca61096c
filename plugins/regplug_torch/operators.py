"""ONNX's operators in PyTorch: OPERATORS[type](inputs, attributes) → a tensor, or several.

Those that networks of sequences have, as https://onnx.ai/onnx/operators defines them; inputs that
are left out are None. Shapes, axes and other whole numbers are int64 and lie on the CPU.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (as everybody calls it)

from regplug.errors import ModelError

Inputs = Sequence[Any]
Attributes = dict[str, Any]
Function = Any  # of tensors; PyTorch declares some as plain functions
Operator = Callable[[Inputs, Attributes], Any]


def _elementwise(function: Function) -> Operator:
    """Return the operator that does so to one input, or to two, or to one after the other."""

    def apply(inputs: Inputs, attributes: Attributes) -> Any:
        if len(inputs) == 1:
            return function(inputs[0]) if function not in _SEVERAL else inputs[0]
        return reduce(lambda one, other: function(*_beside(one, other)), inputs)

    return apply


_SEVERAL = {torch.add, torch.maximum, torch.minimum}  # Sum, Max and Min take any number of inputs


def _beside(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors on one device: whole numbers of the CPU go where the others are."""
    if one.device == other.device:
        return one, other
    device = other.device if one.device.type == "cpu" else one.device
    return one.to(device), other.to(device)


def _axes(inputs: Inputs, attributes: Attributes) -> list[int] | None:
    """Return the axes, which older operators have as an attribute."""
    if len(inputs) > 1 and inputs[1] is not None:
        return list(inputs[1].tolist())
    return list(attributes["axes"]) if "axes" in attributes else None


def _reduced(function: Function) -> Operator:
    def apply(inputs: Inputs, attributes: Attributes) -> Any:
        axes = _axes(inputs, attributes)
        if not axes:
            if attributes.get("noop_with_empty_axes"):
                return torch.as_tensor(inputs[0])
            axes = list(range(inputs[0].dim()))
        return function(inputs[0], dim=axes, keepdim=bool(attributes.get("keepdims", 1)))

    return apply


def _padded(x: Tensor, pads: Sequence[int], value: float = 0) -> Tensor:
    """Return x with its last dimensions padded as ONNX says: all begins, then all ends."""
    half = len(pads) // 2
    turned = [side for at in reversed(range(half)) for side in (pads[at], pads[half + at])]
    return F.pad(x, turned, value=value) if any(turned) else x


def _window(x: Tensor, kernel: Sequence[int], attributes: Attributes) -> list[int]:
    """Return how many elements a window's operator pads: begins, then ends."""
    how = attributes.get("auto_pad", b"NOTSET").decode()
    if how == "NOTSET":
        return list(attributes.get("pads", [0] * 2 * len(kernel)))
    if how == "VALID":
        return [0] * 2 * len(kernel)
    strides = attributes.get("strides", [1] * len(kernel))
    wide = attributes.get("dilations", [1] * len(kernel))
    sizes = x.shape[2:]
    lacking = [
        max(0, (math.ceil(size / s) - 1) * s + (k - 1) * d + 1 - size)
        for size, k, s, d in zip(sizes, kernel, strides, wide, strict=True)
    ]
    small, large = [each // 2 for each in lacking], [each - each // 2 for each in lacking]
    return [*small, *large] if how == "SAME_UPPER" else [*large, *small]


def _conv(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, weights, bias = (*inputs, None)[:3]
    kernel = weights.shape[2:]
    function = (F.conv1d, F.conv2d, F.conv3d)[len(kernel) - 1]
    return function(
        _padded(x, _window(x, kernel, attributes)),
        *(weights, bias, attributes.get("strides", 1)),
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    )


def _pool(inputs: Inputs, attributes: Attributes, *, mean: bool) -> Tensor:
    x, kernel = inputs[0], attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * len(kernel))
    wide = attributes.get("dilations", [1] * len(kernel))
    pads = _window(x, kernel, attributes)
    if attributes.get("ceil_mode"):
        raise ModelError("--engine torch has no pools that round up: leave it out")
    padded = _padded(x, pads, 0 if mean else -math.inf)
    for at, (k, s, d) in enumerate(zip(kernel, strides, wide, strict=True), start=2):
        places = (k - 1) * d + 1
        parts = padded.unfold(at, places, s)[..., ::d]
        padded = parts.mean(-1) if mean else parts.amax(-1)
    if mean and any(pads) and not attributes.get("count_include_pad"):
        inside = _padded(torch.ones_like(x), pads)
        padded = padded / _pool(
            [inside], {"kernel_shape": kernel, "strides": strides, "dilations": wide}, mean=True
        )
    return padded


def _div(one: Tensor, other: Tensor) -> Tensor:
    """Return the quotient; of whole numbers without its fraction."""
    whole = not (one.is_floating_point() or other.is_floating_point())
    return torch.div(one, other, rounding_mode="trunc" if whole else None)


def _selu(inputs: Inputs, attributes: Attributes) -> Tensor:
    alpha = attributes.get("alpha", 1.67326319217681884765625)
    gamma = attributes.get("gamma", 1.05070102214813232421875)
    return torch.as_tensor(gamma * F.elu(inputs[0], alpha))


def _gemm(inputs: Inputs, attributes: Attributes) -> Tensor:
    a = inputs[0].T if attributes.get("transA") else inputs[0]
    b = inputs[1].T if attributes.get("transB") else inputs[1]
    product = attributes.get("alpha", 1.0) * (a @ b)
    if len(inputs) < 3:
        return torch.as_tensor(product)
    return torch.as_tensor(product + attributes.get("beta", 1.0) * inputs[2])


def _gather(inputs: Inputs, attributes: Attributes) -> Tensor:
    data, at = inputs
    axis = attributes.get("axis", 0) % data.dim()
    at = at.to(data.device, torch.int64) % data.shape[axis]
    taken = data.index_select(axis, at.reshape(-1))
    return torch.as_tensor(taken.reshape(*data.shape[:axis], *at.shape, *data.shape[axis + 1 :]))


def _slice(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, starts, ends, *rest = inputs
    rest = [each for each in rest if each is not None]
    axes = rest[0].tolist() if rest else range(len(starts))
    steps = rest[1].tolist() if len(rest) > 1 else [1] * len(starts)
    for axis, start, end, step in zip(axes, starts.tolist(), ends.tolist(), steps, strict=True):
        taken = range(x.shape[axis])[start:end:step]
        if step == 1:
            x = x.narrow(axis, taken.start, len(taken))
        else:
            x = x.index_select(axis, torch.tensor(list(taken), device=x.device))
    return torch.as_tensor(x)


def _reshape(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, shape = inputs[0], inputs[1].tolist()
    if not attributes.get("allowzero"):
        shape = [size or x.shape[at] for at, size in enumerate(shape)]
    return torch.reshape(x, shape)


def _flatten(inputs: Inputs, attributes: Attributes) -> Tensor:
    shape, axis = inputs[0].shape, attributes.get("axis", 1)
    return torch.as_tensor(inputs[0].reshape(math.prod(shape[:axis]), -1))


def _unsqueezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    axes, x = _axes(inputs, attributes) or [], inputs[0]
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return torch.as_tensor(x)


def _squeezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    axes = _axes(inputs, attributes)
    return torch.as_tensor(inputs[0].squeeze() if axes is None else inputs[0].squeeze(tuple(axes)))


def _pad(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, pads, value, axes = (*inputs, None, None)[:4]
    if attributes.get("mode", b"constant") != b"constant":
        raise ModelError("--engine torch pads with a constant alone: leave it out")
    sides = pads.tolist()
    if axes is not None:
        given, sides = sides, [0] * 2 * x.dim()
        for at, axis in enumerate(axis % x.dim() for axis in axes.tolist()):
            sides[axis], sides[axis + x.dim()] = given[at], given[at + len(given) // 2]
    cut = [max(0, -side) for side in sides]
    for axis in range(x.dim()):
        x = x.narrow(axis, cut[axis], x.shape[axis] - cut[axis] - cut[axis + x.dim()])
    return _padded(x, [max(0, side) for side in sides], 0 if value is None else value.item())


def _batch_norm(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, scale, bias, mean, variance = inputs
    return F.batch_norm(x, mean, variance, scale, bias, eps=attributes.get("epsilon", 1e-5))


def _constant(inputs: Inputs, attributes: Attributes) -> Tensor:
    (name, value), *_ = attributes.items()
    return torch.tensor(numpy_helper.to_array(value) if name == "value" else value)


def _filled(inputs: Inputs, attributes: Attributes) -> Tensor:
    value = attributes.get("value")
    item = torch.tensor(numpy_helper.to_array(value) if value is not None else [0.0])
    return item.expand(inputs[0].tolist())


def _split(inputs: Inputs, attributes: Attributes) -> tuple[Tensor, ...]:
    x, axis = inputs[0], attributes.get("axis", 0)
    if len(inputs) > 1 or "split" in attributes:
        sizes = inputs[1].tolist() if len(inputs) > 1 else attributes["split"]
        return torch.split(x, sizes, axis)
    size = x.shape[axis]
    parts = attributes["num_outputs"]
    edges = [min(at * math.ceil(size / parts), size) for at in range(parts + 1)]
    return torch.split(x, [end - start for start, end in pairwise(edges)], axis)


def _cast(inputs: Inputs, attributes: Attributes) -> Tensor:
    kind = helper.tensor_dtype_to_np_dtype(attributes["to"])
    return torch.as_tensor(inputs[0].to(getattr(torch, kind.name)))


def _softmax(inputs: Inputs, attributes: Attributes) -> Tensor:
    return F.softmax(inputs[0], attributes.get("axis", -1))


def _clip(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, low, high = (*inputs, None, None)[:3]
    low = attributes.get("min") if low is None else low.to(x.device)
    high = attributes.get("max") if high is None else high.to(x.device)
    return torch.as_tensor(x if low is None and high is None else torch.clamp(x, low, high))


OPERATORS: dict[str, Operator] = {
    **{
        name: _elementwise(function)
        for name, function in {
            "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": _div,
            "Sum": torch.add, "Max": torch.maximum, "Min": torch.minimum, "Pow": torch.pow,
            "Abs": torch.abs, "Neg": torch.neg, "Exp": torch.exp, "Log": torch.log,
            "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal, "Erf": torch.erf,
            "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh,
            "Softplus": F.softplus, "Identity": torch.as_tensor,
            "Not": torch.logical_not, "And": torch.logical_and, "Or": torch.logical_or,
            "Equal": torch.eq, "Greater": torch.gt, "Less": torch.lt,
            "GreaterOrEqual": torch.ge, "LessOrEqual": torch.le,
        }.items()
    },
    **{
        name: _reduced(function)
        for name, function in {
            "ReduceMax": torch.amax, "ReduceMin": torch.amin, "ReduceMean": torch.mean,
            "ReduceSum": torch.sum, "ReduceLogSumExp": torch.logsumexp,
        }.items()
    },
    "Conv": _conv, "Gemm": _gemm, "MatMul": _elementwise(torch.matmul),
    "MaxPool": lambda i, a: _pool(i, a, mean=False),
    "AveragePool": lambda i, a: _pool(i, a, mean=True),
    "GlobalAveragePool": lambda i, a: i[0].mean(tuple(range(2, i[0].dim())), keepdim=True),
    "GlobalMaxPool": lambda i, a: i[0].amax(tuple(range(2, i[0].dim())), keepdim=True),
    "BatchNormalization": _batch_norm, "Softmax": _softmax, "Clip": _clip, "Cast": _cast,
    "LogSoftmax": lambda i, a: F.log_softmax(i[0], a.get("axis", -1)),
    "Elu": lambda i, a: F.elu(i[0], a.get("alpha", 1.0)),
    "Selu": _selu,
    "LeakyRelu": lambda i, a: F.leaky_relu(i[0], a.get("alpha", 0.01)),
    "Gelu": lambda i, a: F.gelu(i[0], approximate=a.get("approximate", b"none").decode()),
    "Concat": lambda i, a: torch.cat(list(i), a["axis"]), "Split": _split,
    "Transpose": lambda i, a: i[0].permute(a.get("perm", list(range(i[0].dim()))[::-1])),
    "Gather": _gather, "Slice": _slice, "Reshape": _reshape, "Flatten": _flatten, "Pad": _pad,
    "Squeeze": _squeezed, "Unsqueeze": _unsqueezed, "Constant": _constant,
    "ConstantOfShape": _filled,
    "Shape": lambda i, a: torch.tensor(i[0].shape)[a.get("start", 0) : a.get("end")],
    "Expand": lambda i, a: i[0] * torch.ones(i[1].tolist(), dtype=i[0].dtype, device=i[0].device),
    "Where": lambda i, a: torch.where(i[0].to(i[1].device), *_beside(i[1], i[2])),
    "Range": lambda i, a: torch.arange(*(each.item() for each in i)),
}  # fmt: skip
