"""Where a filter can lie on a sub-window: the bases under it, unfolded for matrix products.

Sub-window [s, s + w), filter of m columns, three kinds of placement:

    starting    it starts before s: its last columns (1 .. m-1) lie on the bases from s on
    inside      the whole filter lies inside; overlapping sub-windows share these
    ending      it ends after s + w: its first columns (1 .. m-1) lie on the bases up to s + w

Bases outside the sequence are unknown and add nothing. A sequence shorter than w is a single
sub-window. A placement that sticks out of it at both ends occurs twice, as starting and as ending:
a maximum stays the same, but a sum must leave out the second (`Edge.once`).
"""

from functools import cached_property

import numpy as np

from regplug.models.onnx_builder import Builder

_LETTERS = np.eye(5, 4)  # rows A, C, G, T, unknown


class SubWindows:
    """The sub-windows of a batch of n sequences, for filters of the same length.

    Attributes:
        length: the filters' length m.
        scan: the sub-window's width w; None: every sequence is a single sub-window.
        width: bases in a sub-window, int64 tensor of shape (1,): w, or less in a short sequence.
        count: sub-windows in a sequence, int64 tensor of shape (1,).
        starting: the edge that placements stick out of on the left.
        ending: the edge that placements stick out of on the right.
    """

    def __init__(
        self, graph: Builder, codes: str, *, length: int, scan: int | None, bases: int | None
    ) -> None:
        """Take int32 codes, shape (n, bases), A C G T = 0 1 2 3, unknown = 4.

        Args:
            graph: to which nodes are added.
            codes: name of the tensor.
            length: of the filters.
            scan: see the class.
            bases: in each sequence; None if that is known only when the graph runs.
        """
        self.graph, self.length, self.scan = graph, length, scan
        self._codes, self._fixed = codes, bases is not None
        self._bases = graph.size(codes, 1) if bases is None else graph.ints(bases)
        self.width = self._bases if scan is None else graph.op("Min", self._bases, graph.ints(scan))
        self.count = graph.op("Add", graph.op("Sub", self._bases, self.width), graph.ints(1))
        self.starting, self.ending = Edge(self, ending=False), Edge(self, ending=True)

    @cached_property
    def inside(self) -> str:
        """The bases under whole filters, shape (length * 4, n * places)."""
        return self.unfold(self.graph.ints(self.length - 1), self.length, self.places)

    @cached_property
    def places(self) -> str:
        """Whole filters in a sequence, int64 tensor of shape (1,); see `valid_inside`."""
        reach = self.graph.op("Max", self._bases, self.graph.ints(self.scan or self.length))
        return self.graph.op("Sub", reach, self.graph.ints(self.length - 1))

    def valid_inside(self, values: str) -> str:
        """Return values, shape (rows, n, places), minus infinity at places beyond the sequence.

        There are always enough places to pool; in a sequence shorter than w some do not exist.
        """
        if self._fixed:
            return values
        graph = self.graph
        start, step = graph.constant(0, np.int64), graph.constant(1, np.int64)
        place = graph.op("Range", start, graph.op("Squeeze", self.places), step)
        valid = graph.op(
            "LessOrEqual", place, graph.op("Sub", self._bases, graph.ints(self.length))
        )
        return graph.op("Where", valid, values, graph.constant(-np.inf, np.float32))

    def slide_max(self, values: str) -> str:
        """Return the maxima over the places inside each sub-window, shape (rows, n, count)."""
        if self.scan is None:
            return self.graph.op("ReduceMax", values, axes=[2])
        return self._slide("MaxPool", values, self.scan - self.length + 1)

    def slide_sum(self, values: str) -> str:
        """Return the sums over the places inside each sub-window, shape (rows, n, count)."""
        if self.scan is None:
            return self.graph.op("ReduceSum", values, self.graph.ints(2))
        places = self.scan - self.length + 1
        return self.graph.op(
            "Mul",
            self._slide("AveragePool", values, places),
            self.graph.constant(places, np.float32),
        )

    def _slide(self, kind: str, values: str, places: int) -> str:
        """Pool as a picture of n rows: onnxruntime vectorises pooling in two dimensions only."""
        picture = self.graph.op("Unsqueeze", values, self.graph.ints(2))
        pooled = self.graph.op(kind, picture, kernel_shape=[1, places])
        return self.graph.op("Squeeze", pooled, self.graph.ints(2))

    @cached_property
    def _letters(self) -> str:
        """The bases as letters, shape (4, n, padded bases); length - 1 unknown ones come first."""
        graph = self.graph
        pads = graph.ints(0, self.length - 1, 0, (self.scan or self.length) - 1)
        padded = graph.op("Pad", self._codes, pads, graph.constant(4, np.int32))
        letters = graph.op("Gather", graph.constant(_LETTERS, np.float32), padded)
        return graph.op("Transpose", letters, perm=[2, 0, 1])

    def unfold(self, start: str, columns: int, count: str) -> str:
        """Return the bases under columns from a padded base on, shape (columns * 4, n * count)."""
        graph = self.graph
        firsts = [graph.op("Add", start, graph.ints(column)) for column in range(columns)]
        bases = [
            graph.cut(self._letters, first, graph.op("Add", first, count), axis=2)
            for first in firsts
        ]
        return graph.reshape(graph.op("Concat", *bases, axis=0), columns * 4, -1)


class Edge:
    """The left or right edge of the sub-windows; columns count from the filter's end inside.

    What the first `near` columns add depends only on the bases under them, not on the edge: it is
    computed once for each base of a stretch, and a placement with more columns adds the others.
    """

    def __init__(self, windows: SubWindows, *, ending: bool) -> None:
        """Choose the left or the right edge."""
        self.near = windows.length // 2
        self.ending = ending
        self._windows, self._graph = windows, windows.graph
        self._far = (
            windows.length - 1 - self.near
        )  # the most columns that a placement has beyond the near ones

    def bases(self, columns: int) -> str:
        """Return up to `near` bases next to the edge, shape (columns * 4, n * count)."""
        if self.ending:
            return self._graph.cut(
                self._outermost, 4 * (self.near - columns), 4 * self.near, axis=0
            )
        return self._graph.cut(self._outermost, 0, 4 * columns, axis=0)

    def columns(self, weights: str, first: int, last: int) -> str:
        """Return columns [first, last) of weights, shape (rows, length * 4)."""
        if not self.ending:
            first, last = self._windows.length - last, self._windows.length - first
        return self._graph.cut(weights, 4 * first, 4 * last, axis=1)

    def stretch(self, weights: str) -> str:
        """Return the sums of the near columns at every base they can be at, (rows, n, bases)."""
        product = self._graph.op("MatMul", self.columns(weights, 0, self.near), self._stretch_bases)
        return self._graph.reshape(product, 0, -1, self._stretch_count)

    def shifted(self, stretch: str, beyond: int) -> str:
        """Return the near sums under so many columns beyond them, shape (rows, n * count)."""
        first = self._graph.ints(self._far - beyond if self.ending else beyond)
        last = self._graph.op("Add", first, self._windows.count)
        return self._graph.reshape(self._graph.cut(stretch, first, last, axis=2), 0, -1)

    def once(self, thresholds: str, columns: int) -> str:
        """Return thresholds for a sum: minus infinity if the left edge has these placements too."""
        if not self.ending:
            return thresholds
        fits = self._graph.op("LessOrEqual", self._graph.ints(columns), self._windows.width)
        return self._graph.op("Where", fits, thresholds, self._graph.constant(-np.inf, np.float32))

    @cached_property
    def _outermost(self) -> str:
        skipped = self._graph.ints(self._far if self.ending else 0)
        return self._windows.unfold(
            self._graph.op("Add", self._start, skipped), self.near, self._windows.count
        )

    @cached_property
    def _stretch_bases(self) -> str:
        return self._windows.unfold(self._start, self.near, self._stretch_count)

    @cached_property
    def _stretch_count(self) -> str:
        return self._graph.op("Add", self._windows.count, self._graph.ints(self._far))

    @cached_property
    def _start(self) -> str:
        """The first padded base that any placement of the first sub-window can read."""
        return self._windows.width if self.ending else self._graph.ints(self._windows.length - 1)
