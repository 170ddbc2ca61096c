"""What ONNX's operators do to a Tensor; one that is not here ends the part that is shared."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.addresses import GROUPS
from regplug.models.variants.convolution import convolution
from regplug.models.variants.geometry import Reading, joint
from regplug.models.variants.reading import length_of, reading_of
from regplug.models.variants.rows import Rows
from regplug.models.variants.stem import joint_stem, pooled
from regplug.models.variants.tensor import Attributes, Constant, Input, Tensor, derived, like

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
    length = length_of(tensor, attributes, len(reading.taps))
    geometry = reading.result(tensor.geometry, length)
    last = (length - 1) * reading.step + reading.taps[-1]
    size = len(reading.taps)
    hangs_over = reading.taps[0] < 0 or last >= tensor.geometry.length
    if geometry is None or (kind == "AveragePool" and hangs_over):
        return None

    near = reading.taps[-1] - reading.taps[0] == len(reading.taps) - 1
    reduce = "ReduceMax" if kind == "MaxPool" else "ReduceMean"

    def table(rows: Any) -> str:
        graph, read = rows.graph, tensor.table(rows)
        groups = [*rows.own_groups(geometry)] if near else GROUPS
        parts = [rows.slid(read, kind, tensor.geometry, geometry, reading)] if near else []
        if groups:
            found = rows.lookup(read, tensor.geometry, geometry, reading, groups=groups)
            parts.append(graph.op(reduce, found, axes=[1], keepdims=0))
        return str(graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0])

    stem = tensor.stem
    if stem and reading == Reading(tuple(range(size)), size) and not hangs_over:
        beyond = -(-stem.span // size)
        return derived(
            tensor,
            lambda rows: pooled(rows, stem, kind, size, geometry),
            geometry=geometry,
            beyond=beyond,
        )
    return derived(tensor, table, geometry=geometry)


def cut(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Slice along the bases, by ones."""
    tensor, *bounds = inputs
    if not isinstance(tensor, Tensor) or not all(isinstance(b, np.ndarray) for b in bounds):
        return None
    starts, stops, *rest = (np.asarray(bound).ravel().tolist() for bound in bounds)
    axes = rest[0] if rest else [*range(len(starts))]
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    if [axis % len(tensor.roles) for axis in axes] != [tensor.axis("l")] or steps != [1]:
        return None
    first, stop, _ = slice(starts[0], stops[0]).indices(tensor.geometry.length)
    if tensor.channels is None and tensor.geometry.part is None and not tensor.backwards:
        return _part(tensor, first, stop - first)
    return _moved(tensor, first, stop - first, None)


def pad(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Pad along the bases with one number."""
    tensor, pads, *rest = inputs
    if not isinstance(tensor, Tensor) or not isinstance(pads, np.ndarray) or len(rest) > 1:
        return None
    value = rest[0] if rest else np.zeros(1, np.float32)
    before, after = np.split(pads.ravel(), 2)
    others = [axis for axis, role in enumerate(tensor.roles) if role != "l"]
    at = tensor.axis("l")
    if attributes.get("mode", b"constant") != b"constant" or not isinstance(value, np.ndarray):
        return None
    if len(before) != len(tensor.roles) or before[others].any() or after[others].any():
        return None
    if min(before[at], after[at]) < 0:
        return None
    length = tensor.geometry.length + int(before[at] + after[at])
    return _moved(
        tensor, -int(before[at]), length, like(value.item(), value.dtype, tensor.channels)
    )


def look_up(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Gather: an array's entry for each code, or a window from its end to its start."""
    of, index = inputs
    if isinstance(of, np.ndarray) and isinstance(index, Tensor):
        if attributes.get("axis", 0) % of.ndim or index.channels is not None or of.ndim > 2:
            return None

        def table(rows: Any) -> str:
            array = rows.graph.constant(of, of.dtype.type)
            return str(rows.graph.op("Gather", array, index.table(rows), axis=0))

        channels = of.shape[1] if of.ndim == 2 else None
        roles = (*index.roles, "c") if channels else index.roles
        return derived(index, table, roles=roles, channels=channels)
    if isinstance(of, Tensor) and isinstance(index, np.ndarray):
        backwards = np.array_equal(index, np.arange(of.geometry.length)[::-1])
        along = attributes.get("axis", 0) % len(of.roles) == of.axis("l")
        if backwards and along and not of.backwards:
            return replace(of, backwards=True)
    return None


def transpose(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Transpose: the table stays."""
    (tensor,) = inputs
    assert isinstance(tensor, Tensor)
    order = attributes.get("perm", [*range(len(tensor.roles))][::-1])
    if order[0] != 0:
        return None
    return replace(tensor, roles=tuple(tensor.roles[axis] for axis in order))


def units(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Unsqueeze, Squeeze: axes of one come or go."""
    tensor, *rest = inputs
    if not isinstance(tensor, Tensor) or len(rest) != 1 or not isinstance(rest[0], np.ndarray):
        return None
    roles, axes = list(tensor.roles), rest[0].ravel().tolist()
    if kind == "Squeeze":
        gone = {axis % len(roles) for axis in axes}
        if any(roles[axis] != "1" for axis in gone):
            return None
        kept = tuple(role for axis, role in enumerate(roles) if axis not in gone)
    else:
        for axis in sorted(axis % (len(roles) + len(axes)) for axis in axes):
            roles.insert(axis, "1")
        kept = tuple(roles)
    return replace(tensor, roles=kept) if kept[0] == "n" else None


def reshape(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Reshape that only adds axes of one, or takes them away."""
    tensor, shape = inputs
    if not isinstance(tensor, Tensor) or not isinstance(shape, np.ndarray):
        return None
    first, *sizes = shape.tolist()
    kept = [role for role in tensor.roles if role not in "n1"]
    if first != -1 or [s for s in sizes if s != 1] != [*tensor.shape_without("n1")]:
        return None
    left = iter(kept)
    roles = tuple("1" if size == 1 else next(left) for size in sizes)
    return replace(tensor, roles=("n", *roles))


def join(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Concat of channels."""
    tensors = [tensor for tensor in inputs if isinstance(tensor, Tensor)]
    first, geometry = tensors[0], joint([tensor.geometry for tensor in tensors])
    axis = attributes["axis"] % len(first.roles)
    if len(tensors) < len(inputs) or first.roles[axis] != "c" or geometry is None:
        return None
    if len({(tensor.roles, tensor.backwards) for tensor in tensors}) > 1:
        return None

    def table(rows: Any) -> str:
        parts = [rows.aligned(t.table(rows), t.geometry, geometry) for t in tensors]
        return str(rows.graph.op("Concat", *parts, axis=1))

    channels = sum(tensor.channels or 0 for tensor in tensors)
    return derived(first, table, geometry=geometry, channels=channels)


def dense(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """MatMul with an array: the same for each element."""
    tensor, weights = inputs
    if not isinstance(tensor, Tensor) or not isinstance(weights, np.ndarray) or weights.ndim != 2:
        return None
    if tensor.roles[-1] != "c":
        return None

    def table(rows: Any) -> str:
        return str(rows.graph.op("MatMul", tensor.table(rows),
                                 rows.graph.constant(weights, weights.dtype.type)))  # fmt: skip

    return derived(tensor, table, channels=weights.shape[1])


def as_it_is(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Identity, and Dropout outside of training."""
    tensor = inputs[0]
    return tensor if isinstance(tensor, Tensor) else None


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


def _part(codes: Tensor, first: int, length: int) -> Tensor | None:
    """Return a part of the windows' codes, with rows of their own: no other bases are computed."""
    read = codes.geometry
    made = Reading((first,)).result(read, length) if length > 0 else None
    if made is None or (read.stride, read.left, read.right, read.shift) != (1, 0, 0, 0):
        return None
    made = replace(made, shift=0, part=(first, length))
    return derived(codes, lambda rows: rows.parted(codes.table(rows), read, made), geometry=made)


def _moved(tensor: Tensor, first: int, length: int, around: Constant | None) -> Tensor | None:
    """Return the elements from `first` on, with what is put around them."""
    reading = Reading((first,))
    geometry = reading.result(tensor.geometry, length) if length > 0 else None
    if geometry is None or tensor.backwards:
        return None

    def table(rows: Any) -> str:
        graph = rows.graph
        row = "" if around is None else graph.constant(around, around.dtype.type)
        read = rows.lookup(tensor.table(rows), tensor.geometry, geometry, reading, row)
        return str(graph.op("Squeeze", read, graph.ints(1)))

    return derived(tensor, table, geometry=geometry)
