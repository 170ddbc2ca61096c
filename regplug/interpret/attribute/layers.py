"""By which of DeepLIFT's rules an operator of ONNX goes: a step and its inputs ─by_rule→ Pair."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from onnx import TensorProto
from torch import Tensor

from regplug.interpret.attribute import rules
from regplug.interpret.attribute.rules import Map, Pair
from regplug.models.torch_graph.graph import Step
from regplug.models.torch_graph.shapes import axes_of
from regplug.models.torch_graph.windows import places

# Linear in all of their inputs that change, together (`_linear_in`).
_SUMS = ("Add", "Concat", "Gemm", "Mean", "Sub", "Sum", "Where")
# Linear in the first input; the others are constants.
_LINEAR = (
    "AveragePool", "BatchNormalization", "Conv", "Expand", "Flatten", "Gather",
    "GlobalAveragePool", "Identity", "Neg", "Pad", "ReduceMean", "ReduceSum", "Reshape", "Slice",
    "Split", "Squeeze", "Transpose", "Unsqueeze",
)  # fmt: skip
_FRACTIONS = (TensorProto.FLOAT, TensorProto.DOUBLE)  # to which a Cast is linear, too
# Functions of each number of the first input by itself.
_FUNCTIONS = (
    "Abs", "Clip", "Elu", "Erf", "Exp", "Gelu", "LeakyRelu", "Log", "Pow", "Reciprocal", "Relu",
    "Selu", "Sigmoid", "Softplus", "Sqrt", "Tanh",
)  # fmt: skip
_PRODUCTS = ("MatMul", "Mul")
_MAXIMA = ("GlobalMaxPool", "Max", "MaxPool", "ReduceMax")
KNOWN = (*_SUMS, *_LINEAR, *_FUNCTIONS, *_PRODUCTS, *_MAXIMA, "Div", "Shape", "Softmax")


def by_rule(step: Step, inputs: Sequence[Any]) -> Any:
    """Return what an operator makes of inputs of which one or more are a Pair.

    Raises:
        ValueError: there is no rule for the operator, or none where these inputs change.
    """
    changing = [value for value in inputs if isinstance(value, Pair)]
    function = _of_changing(step, inputs)
    if step.kind == "Shape":
        return function(changing[0].value)
    if step.kind in _SUMS and _linear_in(step.kind, inputs):
        return rules.linear(function, *changing)
    if step.kind == "Div":
        return _quotient(*inputs)
    if step.kind in _PRODUCTS:
        return (rules.linear if len(changing) == 1 else rules.product)(function, *changing)
    if step.kind == "Max":
        return _larger(inputs)
    if len(changing) > 1 or changing[0] is not inputs[0]:
        raise ValueError(step.kind)
    if step.kind in _FUNCTIONS:
        return rules.elementwise(function, changing[0])
    if step.kind == "Softmax":
        return rules.softmax(changing[0], int(step.attributes.get("axis", -1)))
    if step.kind == "MaxPool":
        return _best(lambda x: places(x, step.attributes), changing[0])
    if step.kind in _MAXIMA:
        return _largest(step, inputs)
    if step.kind in _LINEAR or (step.kind == "Cast" and step.attributes["to"] in _FRACTIONS):
        return _parted(rules.linear(function, changing[0]))
    raise ValueError(step.kind)


def _linear_in(kind: str, inputs: Sequence[Any]) -> bool:
    """Tell whether a sum is one in all that changes: no condition, nor both factors."""
    changes = [isinstance(value, Pair) for value in inputs]
    return not ((kind == "Where" and changes[0]) or (kind == "Gemm" and changes[0] and changes[1]))


def _of_changing(step: Step, inputs: Sequence[Any]) -> Callable[..., Any]:
    """Return the operator as a function of those of its inputs that change."""

    def function(*values: Tensor) -> Any:
        changing = iter(values)
        return step([next(changing) if isinstance(each, Pair) else each for each in inputs])

    return function


def _parted(found: Pair) -> Pair | tuple[Pair, ...]:
    """Return the pairs of what has several outputs."""
    if isinstance(found.value, Tensor):
        return found
    references = found.reference or [None] * len(found.value)
    return tuple(Pair(*each) for each in zip(found.value, references, strict=True))


def _quotient(a: Any, b: Any) -> Pair:
    if not isinstance(b, Pair):
        return rules.linear(lambda x: x / b, a)
    divisor = rules.elementwise(torch.reciprocal, b)
    if isinstance(a, Pair):
        return rules.product(torch.mul, a, divisor)
    return rules.linear(lambda x: a * x, divisor)


def _best(side_by_side: Map, x: Pair) -> Pair:
    """Return the maxima along the last axis of what a function puts side by side."""
    found = rules.maximum(rules.linear(side_by_side, x), lambda v: v.argmax(-1, keepdim=True))
    return rules.linear(lambda v: v.squeeze(-1), found)


def _largest(step: Step, inputs: Sequence[Any]) -> Pair:
    """ReduceMax over one axis or several; GlobalMaxPool over all behind the channels."""
    of_all = range(inputs[0].value.ndim)
    axes = of_all[2:] if step.kind == "GlobalMaxPool" else axes_of(inputs, step.attributes)
    axes = [axis % len(of_all) for axis in axes or of_all]
    kept = [axis for axis in of_all if axis not in axes]
    best = _best(lambda x: x.permute(*kept, *axes).flatten(len(kept)), inputs[0])
    if not step.attributes.get("keepdims", 1):
        return best
    shape = [1 if axis in axes else size for axis, size in enumerate(inputs[0].value.shape)]
    return rules.linear(lambda x: x.reshape(shape), best)


def _larger(inputs: Sequence[Any]) -> Pair:
    """Max, of several tensors number by number."""
    with_reference = all(each.reference is not None for each in inputs if isinstance(each, Pair))
    pairs = [
        each if isinstance(each, Pair) else Pair(each, each if with_reference else None)
        for each in inputs
    ]
    return _best(lambda x: x, rules.linear(_stacked, *pairs))


def _stacked(*tensors: Tensor) -> Tensor:
    shape = np.broadcast_shapes(*(tuple(tensor.shape) for tensor in tensors))
    return torch.stack([tensor.expand(shape) for tensor in tensors], dim=-1)
