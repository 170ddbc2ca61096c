"""ONNX's operators in PyTorch: OPERATORS[type](inputs, attributes) → a tensor, or several.

Those that networks of sequences have, as https://onnx.ai/onnx/operators defines them; inputs that
are left out are None. Shapes, axes and other whole numbers are int64 and lie on the CPU.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (as everybody calls it)

from regplug.models.torch_graph.shapes import (
    axes_of,
    cut,
    flatten,
    gather,
    pad,
    reshape,
    split,
    squeezed,
    unsqueezed,
)
from regplug.models.torch_graph.windows import average_pool, conv, max_pool

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


def _reduced(function: Function) -> Operator:
    def apply(inputs: Inputs, attributes: Attributes) -> Any:
        axes = axes_of(inputs, attributes)
        if not axes:
            if attributes.get("noop_with_empty_axes"):
                return torch.as_tensor(inputs[0])
            axes = list(range(inputs[0].dim()))
        return function(inputs[0], dim=axes, keepdim=bool(attributes.get("keepdims", 1)))

    return apply


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


def _batch_norm(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, scale, bias, mean, variance = inputs
    return F.batch_norm(x, mean, variance, scale, bias, eps=attributes.get("epsilon", 1e-5))


def _layer_norm(inputs: Inputs, attributes: Attributes) -> tuple[Tensor, Tensor, Tensor]:
    """Return the normed tensor, the means, and 1 over the standard deviations."""
    x, scale, bias = (*inputs, None)[:3]
    axes = list(range(attributes.get("axis", -1) % x.dim(), x.dim()))
    mean = x.mean(axes, keepdim=True)
    variance = (x - mean).square().mean(axes, keepdim=True)
    steep = torch.rsqrt(variance + attributes.get("epsilon", 1e-5))
    normed = (x - mean) * steep * scale
    return normed if bias is None else normed + bias, mean, steep


def _instance_norm(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, scale, bias = inputs
    return F.instance_norm(x, weight=scale, bias=bias, eps=attributes.get("epsilon", 1e-5))


def _constant(inputs: Inputs, attributes: Attributes) -> Tensor:
    (name, value), *_ = attributes.items()
    return torch.tensor(numpy_helper.to_array(value) if name == "value" else value)


def _filled(inputs: Inputs, attributes: Attributes) -> Tensor:
    value = attributes.get("value")
    item = torch.tensor(numpy_helper.to_array(value) if value is not None else [0.0])
    return item.expand(inputs[0].tolist())


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
            "Sin": torch.sin, "Cos": torch.cos,
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
    "Mean": lambda i, a: OPERATORS["Sum"](i, a) / len(i),
    "Einsum": lambda i, a: torch.einsum(a["equation"].decode(), *i),
    "LayerNormalization": _layer_norm, "InstanceNormalization": _instance_norm,
    "Conv": conv, "Gemm": _gemm, "MatMul": _elementwise(torch.matmul),
    "MaxPool": max_pool, "AveragePool": average_pool,
    "GlobalAveragePool": lambda i, a: i[0].mean(tuple(range(2, i[0].dim())), keepdim=True),
    "GlobalMaxPool": lambda i, a: i[0].amax(tuple(range(2, i[0].dim())), keepdim=True),
    "BatchNormalization": _batch_norm, "Softmax": _softmax, "Clip": _clip, "Cast": _cast,
    "LogSoftmax": lambda i, a: F.log_softmax(i[0], a.get("axis", -1)),
    "Elu": lambda i, a: F.elu(i[0], a.get("alpha", 1.0)),
    "Selu": _selu,
    "LeakyRelu": lambda i, a: F.leaky_relu(i[0], a.get("alpha", 0.01)),
    "Gelu": lambda i, a: F.gelu(i[0], approximate=a.get("approximate", b"none").decode()),
    "Concat": lambda i, a: torch.cat(list(i), a["axis"]), "Split": split,
    "Transpose": lambda i, a: i[0].permute(a.get("perm", list(range(i[0].dim()))[::-1])),
    "Gather": gather, "Slice": cut, "Reshape": reshape, "Flatten": flatten, "Pad": pad,
    "Squeeze": squeezed, "Unsqueeze": unsqueezed, "Constant": _constant,
    "ConstantOfShape": _filled,
    "Shape": lambda i, a: torch.tensor(i[0].shape)[a.get("start", 0) : a.get("end")],
    "Expand": lambda i, a: i[0] * torch.ones(i[1].tolist(), dtype=i[0].dtype, device=i[0].device),
    "Where": lambda i, a: torch.where(i[0].to(i[1].device), *_beside(i[1], i[2])),
    "Range": lambda i, a: torch.arange(*(each.item() for each in i)),
}  # fmt: skip
