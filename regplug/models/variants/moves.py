"""What ONNX's operators that only move numbers do to a Tensor; see `layers`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regplug.models.variants.geometry import Reading
from regplug.models.variants.rows import Rows
from regplug.models.variants.tensor import Attributes, Constant, Input, Tensor, derived, like
from regplug.models.variants.turned import channels, is_own


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
    made = _moved(
        tensor, -int(before[at]), length, like(value.item(), value.dtype, tensor.channels)
    )
    if made and before[at] == after[at] and is_own(tensor.turned, value.item()):
        return replace(made, turned=tensor.turned)
    return made


def look_up(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Gather: an array's entry for each code, or a window from its end to its start."""
    of, index = inputs
    if isinstance(of, np.ndarray) and isinstance(index, Tensor):
        if attributes.get("axis", 0) % of.ndim or index.channels is not None or of.ndim > 2:
            return None

        def table(rows: Rows) -> str:
            array = rows.graph.constant(of, of.dtype.type)
            return rows.graph.op("Gather", array, index.table(rows), axis=0)

        width = of.shape[1] if of.ndim == 2 else None
        roles = (*index.roles, "c") if width else index.roles
        turned = channels(index.turned, of)
        made = derived(index, table, roles=roles, channels=width, turned=turned)
        return replace(made, looked_up=(of, index))
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


def as_it_is(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Identity, and Dropout outside of training."""
    tensor = inputs[0]
    return tensor if isinstance(tensor, Tensor) else None


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

    def table(rows: Rows) -> str:
        graph = rows.graph
        row = "" if around is None else graph.constant(around, around.dtype.type)
        read = rows.lookup(tensor.table(rows), tensor.geometry, geometry, reading, row)
        return graph.op("Squeeze", read, graph.ints(1))

    return derived(tensor, table, geometry=geometry)
