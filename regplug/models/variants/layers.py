"""What ONNX's operators do to a Tensor; one that is not here ends the part that is shared."""

from collections.abc import Callable, Sequence

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.addresses import GROUPS
from regplug.models.variants.convolution import convolution
from regplug.models.variants.geometry import Geometry, Reading, joint
from regplug.models.variants.moves import (
    as_it_is,
    cut,
    look_up,
    pad,
    reshape,
    transpose,
    units,
)
from regplug.models.variants.reading import length_of, reading_of
from regplug.models.variants.rows import Rows
from regplug.models.variants.stem import joint_stem, pooled
from regplug.models.variants.tensor import Attributes, Constant, Input, Tensor, derived

Layer = Callable[[str, Sequence[Input], Attributes], Tensor | None]

_OF_ONE = """Abs Cast Ceil Celu Clip Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Mish
Neg Reciprocal Relu Round Selu Sigmoid Sign Softplus Softsign Sqrt Tanh ThresholdedRelu"""
_OF_SEVERAL = "Add Sub Mul Div Max Min Pow PRelu Sum Mean"
ONE_BY_ONE = frozenset(f"{_OF_ONE} {_OF_SEVERAL}".split())


def element_by_element(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """An operator that makes each number of those at the same place."""
    tensors = [tensor for tensor in inputs if isinstance(tensor, Tensor)]
    first = tensors[0]
    geometry = joint([tensor.geometry for tensor in tensors])
    alike = {(t.roles, t.channels, t.backwards) for t in tensors}
    constants = [
        first.by_channel(value) if isinstance(value, np.ndarray) else None for value in inputs
    ]
    known = [
        value is None or isinstance(value, Tensor) or constant is not None
        for value, constant in zip(inputs, constants, strict=True)
    ]
    if geometry is None or len(alike) > 1 or not all(known):
        return None

    def made(graph: Builder, of: Callable[[Tensor], str], *after: int) -> str:
        names = [
            of(value) if isinstance(value, Tensor) else _constant(graph, constant, *after)
            for value, constant in zip(inputs, constants, strict=True)
        ]
        return graph.op(kind, *names, **attributes)

    def table(rows: Rows) -> str:
        return made(rows.graph, lambda t: rows.aligned(t.table(rows), t.geometry, geometry))

    stem = joint_stem(tensors, lambda graph, of: made(graph, of, 1, 1))
    return derived(first, table, geometry=geometry, stem=stem)


def _constant(graph: Builder, value: Constant | None, *after: int) -> str:
    """Return the name of one number, or one per channel with axes of one after it; "" if none."""
    if value is None:
        return ""
    return graph.constant(value.reshape(-1, *after) if value.ndim else value, value.dtype.type)


def batch_norm(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """BatchNormalization in inference: a scale and an offset for each channel."""
    tensor, *arrays = inputs
    if not isinstance(tensor, Tensor) or not all(isinstance(a, np.ndarray) for a in arrays):
        return None
    if "c" not in tensor.roles or tensor.axis("c") != 1 or attributes.get("training_mode"):
        return None
    scale, offset, mean, variance = (np.asarray(a, np.float64) for a in arrays)
    factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    dtype = np.asarray(arrays[0]).dtype
    shape = (-1, *[1] * (len(tensor.roles) - 2))
    factors, offsets = (
        by_channel.astype(dtype).reshape(shape) for by_channel in (factor, offset - mean * factor)
    )
    scaled = element_by_element("Mul", [tensor, factors], {})
    return scaled and element_by_element("Add", [scaled, offsets], {})


def pool(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """MaxPool and AveragePool along the bases; an average that reads beyond the ends is none."""
    (tensor,) = inputs
    reading = reading_of(tensor, attributes, attributes["kernel_shape"])
    if reading is None:
        return None
    assert isinstance(tensor, Tensor)
    size, read = len(reading.taps), tensor.geometry
    length = length_of(tensor, attributes, size)
    made = reading.result(read, length)
    last = (length - 1) * reading.step + reading.taps[-1]
    hangs_over = reading.taps[0] < 0 or last >= read.length
    if made is None or (kind == "AveragePool" and hangs_over):
        return None

    stem = tensor.stem
    if stem and reading == Reading(tuple(range(size)), size) and not hangs_over:
        return _of_twin(kind, tensor, reading, made) or derived(
            tensor,
            lambda rows: pooled(rows, stem, kind, size, made),
            geometry=made,
            beyond=-(-stem.span // size),
        )
    near = reading.taps[-1] - reading.taps[0] == size - 1
    reduce = "ReduceMax" if kind == "MaxPool" else "ReduceMean"

    def table(rows: Rows) -> str:
        graph, numbers = rows.graph, tensor.table(rows)
        groups = [*rows.own_groups(made)] if near else GROUPS
        parts = [rows.slid(numbers, kind, read, made, reading)] if near else []
        if groups:
            found = rows.lookup(numbers, read, made, reading, groups=groups)
            parts.append(graph.op(reduce, found, axes=[1], keepdims=0))
        return graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    return derived(tensor, table, geometry=made)


def _of_twin(kind: str, tensor: Tensor, reading: Reading, made: Geometry) -> Tensor | None:
    """Return the pools of a tensor, `made`, by those of its twin; None if it has none.

    From its end on, the twin is in other pools if they do not fill the window.
    """
    stem, size = tensor.twin.stem if tensor.twin else None, reading.step
    offset = tensor.geometry.length - made.length * size
    read = Reading(tuple(tap + offset for tap in reading.taps), size)
    theirs = read.result(tensor.geometry, made.length)
    if not stem or size == 1 or theirs is None or theirs.shift != made.shift:
        return None
    return derived(
        tensor,
        lambda rows: rows.turned(pooled(rows, stem, kind, size, theirs, offset), theirs, made),
        geometry=made,
        beyond=-(-(stem.span + offset) // size),
    )


def join(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Concat of channels."""
    tensors = [tensor for tensor in inputs if isinstance(tensor, Tensor)]
    first, geometry = tensors[0], joint([tensor.geometry for tensor in tensors])
    axis = attributes["axis"] % len(first.roles)
    if len(tensors) < len(inputs) or first.roles[axis] != "c" or geometry is None:
        return None
    if len({(tensor.roles, tensor.backwards) for tensor in tensors}) > 1:
        return None

    def table(rows: Rows) -> str:
        parts = [rows.aligned(t.table(rows), t.geometry, geometry) for t in tensors]
        return rows.graph.op("Concat", *parts, axis=1)

    channels = sum(tensor.channels or 0 for tensor in tensors)
    return derived(first, table, geometry=geometry, channels=channels)


def dense(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """MatMul with an array: the same for each element."""
    tensor, weights = inputs
    if not isinstance(tensor, Tensor) or not isinstance(weights, np.ndarray) or weights.ndim != 2:
        return None
    if tensor.roles[-1] != "c":
        return None

    def table(rows: Rows) -> str:
        factors = rows.graph.constant(weights, weights.dtype.type)
        return rows.graph.op("MatMul", tensor.table(rows), factors)

    return derived(tensor, table, channels=weights.shape[1])


LAYERS: dict[str, Layer] = {
    **dict.fromkeys(ONE_BY_ONE, element_by_element),
    "BatchNormalization": batch_norm,
    "Conv": convolution,
    "MaxPool": pool,
    "AveragePool": pool,
    "Slice": cut,
    "Pad": pad,
    "Gather": look_up,
    "Transpose": transpose,
    "Unsqueeze": units,
    "Squeeze": units,
    "Reshape": reshape,
    "Concat": join,
    "MatMul": dense,
    "Identity": as_it_is,
    "Dropout": as_it_is,
}
MOVES = frozenset({"Slice", "Pad", "Transpose", "Unsqueeze", "Squeeze", "Reshape", "Identity"})
