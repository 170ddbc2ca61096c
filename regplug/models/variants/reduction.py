"""A window's maxima and means, of rows as they stand: the plain graph would turn channels first."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, helper

from regplug.models.variants.rows import Rows
from regplug.models.variants.tensor import Constant, Tensor

_GLOBAL = {"GlobalMaxPool": "ReduceMax", "GlobalAveragePool": "ReduceMean"}


@dataclass(frozen=True, eq=False)
class Reduction:
    """The largest number or the mean of each channel over a window.

    Attributes:
        tensor: of which.
        kind: ReduceMax or ReduceMean.
        units: the axes of one of the result.
    """

    tensor: Tensor
    kind: str
    units: tuple[int, ...]

    @property
    def channels(self) -> int | None:
        """Return how many channels it has."""
        return self.tensor.channels

    def whole(self, rows: Rows) -> str:
        """Return it for all windows and ALTs, as the plain graph has it."""
        graph = rows.graph
        found = rows.whole(self.tensor.table(rows), self.tensor.geometry)  # (n, length, channels)
        made = graph.op(self.kind, found, axes=[1], keepdims=0)
        return graph.op("Unsqueeze", made, graph.ints(*self.units)) if self.units else made


def reduction(
    node: NodeProto, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant]
) -> Reduction | None:
    """Return what a node makes, if it is the maximum or mean of a tensor over its bases alone.

    Args:
        node: of the plain graph.
        tensors: that know their bases, by name.
        constants: the graph's arrays, by name.
    """
    tensor = tensors.get(node.input[0]) if node.input else None
    if tensor is None or "c" not in tensor.roles:
        return None
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    rank, kept = len(tensor.roles), attributes.get("keepdims", 1)
    if node.op_type in _GLOBAL:
        kind, axes = _GLOBAL[node.op_type], [*range(2, rank)]
    elif node.op_type in _GLOBAL.values():
        read = constants.get(node.input[1]) if len(node.input) > 1 else None
        given = attributes.get("axes", []) if read is None else np.ravel(read).tolist()
        kind, axes = node.op_type, [axis % rank for axis in given]
    else:
        return None
    gone = {tensor.roles[axis] for axis in axes}
    if "l" not in gone or gone - {"l", "1"}:
        return None
    roles = [
        "1" if axis in axes else role
        for axis, role in enumerate(tensor.roles)
        if kept or axis not in axes
    ]
    units = tuple(axis for axis, role in enumerate(roles) if role == "1")
    return Reduction(tensor, kind, units)
