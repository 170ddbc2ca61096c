"""Windows and ALTs as a graph has them, and the rows that windows share in a layer."""

from dataclasses import dataclass

import numpy as np

from regplug.models.onnx_builder import Builder


@dataclass(frozen=True)
class Frame:
    """Windows and ALTs of one or both strands, as names of int64 tensors.

    Attributes:
        starts: of the windows in the rows of bases, shape (windows,).
        of: the window of each ALT, shape (alts,).
        windows: how many, shape (1,).
        alts: how many, shape (1,).
        bases: rows of bases, shape (1,).
    """

    starts: str
    of: str
    windows: str
    alts: str
    bases: str


@dataclass(frozen=True)
class Shared:
    """The shared rows of all tensors of one stride.

    Attributes:
        rows: how many, shape (1,).
        starts: each window's first row, shape (windows,).
        of: the window that a row was made for, in the order of `sorted`, shape (rows,).
        sorted: the windows' first rows in rising order.
        order: the windows in this order.
    """

    rows: str
    starts: str
    of: str = ""
    sorted: str = ""
    order: str = ""


def share(graph: Builder, frame: Frame, stride: int, reach: int) -> Shared:
    """Return the rows of `stride` in which windows of `reach` rows that overlap share theirs.

    Windows are sorted by their start modulo the stride, then by their start. A window's rows
    begin as far after those of the one before as it starts later, `reach` at most.
    """
    phase = graph.op("Mod", frame.starts, graph.ints(stride))
    far = graph.op("Add", frame.bases, graph.ints(stride * reach))  # over all within a phase
    key = graph.op("Add", graph.op("Mul", phase, far), frame.starts)
    keys, order = graph.ops("TopK", key, frame.windows, outputs=2, axis=0, largest=0, sorted=1)
    many = graph.ints(np.iinfo(np.int64).max)
    later = graph.op("Slice", keys, graph.ints(1), many, graph.ints(0))
    gaps = graph.op("Sub", later, graph.cut(keys, 0, -1, 0))
    moved = graph.op("Min", graph.op("Div", gaps, graph.ints(stride)), graph.ints(reach))
    begin = graph.op(
        "CumSum", graph.op("Concat", graph.ints(0), moved, axis=0), graph.constant(0, np.int64)
    )
    rows = graph.op(
        "Add", graph.op("Slice", begin, graph.ints(-1), many, graph.ints(0)), graph.ints(reach)
    )
    starts = graph.op("ScatterElements", begin, order, begin, axis=0)
    ones = graph.op("Expand", graph.ints(1), frame.windows)
    marks = graph.op(
        "ScatterElements",
        graph.op("Expand", graph.ints(0), rows),
        begin,
        ones,
        axis=0,
        reduction="add",
    )
    so_far = graph.op("CumSum", marks, graph.constant(0, np.int64))
    # Reshaped, it is known to have one axis: what is looked up by it gets the faster layers.
    of = graph.reshape(graph.op("Sub", so_far, graph.ints(1)), -1)
    return Shared(rows, starts, of, begin, order)
