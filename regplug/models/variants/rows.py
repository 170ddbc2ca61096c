"""The arithmetic of a variants graph: which rows there are, and which of them a layer reads.

The numbers of a tensor stand in a table of rows, a row of channels per element:

    shared rows, by base | each window's first and last elements | each ALT's changed elements

So a layer is one lookup of the rows that it reads and one product, whatever windows have in common.
On the way the windows of a stretch lose nothing: of windows whose starts agree modulo a layer's
stride, those that overlap share rows, and each distinct element has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.geometry import SAME, Geometry, Reading

Group = Literal["shared", "ends", "alts"]
GROUPS: tuple[Group, ...] = ("shared", "ends", "alts")  # of the rows of a table, in their order


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


class Rows:
    """Makes the index arithmetic of one graph; equal lookups are made once."""

    def __init__(self, graph: Builder, reach: dict[tuple[int, int], int]) -> None:
        """Start; `reach` has the rows of a window by strands and stride (see Geometry.end)."""
        self.graph = graph
        self.frames: dict[int, Frame] = {}
        self._reach = reach
        self._shared: dict[tuple[int, int], Shared] = {}
        self._made: dict[tuple[object, ...], str] = {}

    def lookup(
        self,
        table: str,
        read: Geometry,
        made: Geometry,
        reading: Reading,
        around: str = "",
        *,
        groups: Sequence[Group] = GROUPS,
    ) -> str:
        """Return the rows that each row of `made` reads, (rows, taps, ...), of a table of `read`.

        Elements outside a window are the row `around`; where that is "", the nearest inside. Only
        the rows of `groups` are there, which must not be none.
        """
        key = ("lookup", table, read, made, reading, around, *groups)
        if key not in self._made:
            outside = reading.taps[0] < 0 or self._last(made, reading) >= read.length
            source = table
            if around and outside:
                source = self._once("Concat", table, around, axis=0)
            index = self._index(read, made, reading, groups, padded=bool(around) and outside)
            self._made[key] = self.graph.op("Gather", source, index, axis=0)
        return self._made[key]

    def whole(self, table: str, geometry: Geometry) -> str:
        """Return a tensor of all REF windows, then all ALTs, of each strand: (n, length, ...)."""
        graph, frame = self.graph, self.frames[geometry.strands]
        columns = list(range(geometry.length))
        ref, alt = (self._addresses(geometry, columns, alts=alts) for alts in (False, True))
        parts = [ref, alt]
        if geometry.strands == 2:
            one = self.frames[1]
            parts = [
                half
                for start, stops in ((0, 0), (1, 1))
                for half in (
                    self._half(ref, one.windows, frame.windows, start),
                    self._half(alt, one.alts, frame.alts, stops),
                )
            ]
        return graph.op("Gather", table, graph.op("Concat", *parts, axis=0), axis=0)

    def start(self, codes: str, alt: str, starts: str, of: str) -> str:
        """Return the table of the bases on one strand: codes (bases,), then each ALT's (alts,)."""
        graph = self.graph
        sizes = (graph.size(name, 0) for name in (starts, of, codes))
        self.frames[1] = Frame(starts, of, *sizes)
        return graph.op("Concat", codes, alt, axis=0)

    def both_strands(self, plus: str, minus: str, geometry: Geometry, column: int) -> str:
        """Return the table of both strands of tables of one, `minus` that of the complements.

        Args:
            plus: the table of the strand as it stands, of `start`'s rows.
            minus: the table of the complements.
            geometry: of the result.
            column: of the variant on the strand as it stands.
        """
        graph, one = self.graph, self.frames[1]
        width, bases = geometry.length, one.bases
        twice, both = graph.op("Add", bases, bases), graph.op("Add", one.alts, one.alts)
        mirrored = graph.op("Sub", graph.op("Sub", twice, graph.ints(width)), one.starts)
        frame = self.frames[2] = Frame(
            graph.op("Concat", one.starts, mirrored, axis=0),
            graph.op("Concat", one.of, graph.op("Add", one.of, one.windows), axis=0),
            graph.op("Add", one.windows, one.windows),
            both,
            twice,
        )
        end = graph.ints(np.iinfo(np.int64).max)
        turn = (graph.ints(number) for number in (-1, -np.iinfo(np.int64).max, 0, -1))
        backwards = graph.op("Slice", graph.cut(minus, 0, bases, 0), *turn)
        alts = [graph.op("Slice", table, bases, end, graph.ints(0)) for table in (plus, minus)]
        block = graph.op("Concat", graph.cut(plus, 0, bases, 0), backwards, axis=0)
        known = graph.op("Concat", block, *alts, axis=0)
        first = graph.op("Gather", frame.starts, frame.of, axis=0)  # of each ALT's window
        own = graph.op("Add", self._range(both), twice)
        index = []
        for strand, place in enumerate((column, width - 1 - column)):
            there, here = (self._half(rows, one.alts, both, strand) for rows in (first, own))
            columns = [
                here if at == place else graph.op("Add", there, graph.ints(at))
                for at in geometry.changed
            ]
            index.append(graph.op("Concat", *map(self._upright, columns), axis=1))
        chosen = graph.reshape(graph.op("Concat", *index, axis=0), -1)
        return graph.op("Concat", block, graph.op("Gather", known, chosen, axis=0), axis=0)

    def _last(self, made: Geometry, reading: Reading) -> int:
        return (made.length - 1) * reading.step + reading.taps[-1]

    def _index(
        self,
        read: Geometry,
        made: Geometry,
        reading: Reading,
        groups: Sequence[Group],
        *,
        padded: bool,
    ) -> str:
        """Return the numbers of the rows that `made` reads, (rows, taps)."""
        key = ("index", read, made, reading, padded, *groups)
        if key in self._made:
            return self._made[key]
        graph, taps = self.graph, len(reading.taps)
        inside = range(read.length)

        def columns(elements: range) -> list[int]:
            wanted = reading.columns(elements)
            if padded:
                return [at if at in inside else -1 for at in wanted]
            return [min(max(at, 0), read.length - 1) for at in wanted]

        parts = []
        if "shared" in groups:
            parts.append(self._shared_index(read, made, reading))
        elements_of: tuple[tuple[Group, range], ...] = (
            ("ends", range(made.left)),
            ("ends", range(made.length - made.right, made.length)),
            ("alts", made.changed),
        )
        for group, elements in elements_of:
            if elements and group in groups:
                found = self._addresses(read, columns(elements), alts=group == "alts")
                parts.append(graph.reshape(found, -1, taps))
        self._made[key] = graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]
        return self._made[key]

    def _addresses(
        self, geometry: Geometry, columns: list[int], *, alts: bool, own: bool = True
    ) -> str:
        """Return the rows of elements of each window, or each ALT, (windows, columns); -1: around.

        Without `own`, an ALT has those of its window. The rows of a table are, in order, the
        shared ones, those of the windows' starts, of their ends, of the ALTs, and the one around.
        """
        graph, frame, shared = self.graph, self.frames[geometry.strands], self._of(geometry)
        changed = geometry.changed if alts and own else range(0)
        starts = self._once("Gather", shared.starts, frame.of) if alts else shared.starts
        windows = frame.of if alts else self._range(frame.windows)
        left, tail = geometry.left, geometry.length - geometry.right
        after_left = self._plus(shared.rows, frame.windows, left)
        after_right = self._plus(after_left, frame.windows, geometry.right)
        after_alts = self._plus(after_right, frame.alts, len(geometry.changed))

        def kind(at: int) -> str:
            if at < 0:
                return "around"
            if at in changed:
                return "alt"
            return "left" if at < left else "right" if at >= tail else "inner"

        def part(of: str, at: list[int]) -> str:
            if of == "around":
                many = graph.op("Concat", frame.alts if alts else frame.windows,
                                graph.ints(len(at)), axis=0)  # fmt: skip
                return graph.op("Expand", after_alts, many)
            if of == "inner":
                return graph.op(
                    "Add", self._upright(starts), graph.ints(*(i + geometry.shift for i in at))
                )
            number, width, begin, first = {
                "left": (windows, left, 0, shared.rows),
                "right": (windows, geometry.right, tail, after_left),
                "alt": (self._range(frame.alts), len(changed), changed.start, after_right),
            }[of]
            row = graph.op("Add", graph.op("Mul", number, graph.ints(width)), first)
            return graph.op("Add", self._upright(row), graph.ints(*(i - begin for i in at)))

        parts = [part(of, list(at)) for of, at in groupby(columns, kind)]
        return graph.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]

    def _of(self, geometry: Geometry) -> Shared:
        """Return the shared rows of a geometry's stride."""
        key = (geometry.strands, geometry.stride)
        frame = self.frames[geometry.strands]
        if geometry.stride == 1:
            return Shared(frame.bases, frame.starts)
        if key not in self._shared:
            self._shared[key] = self._share(frame, geometry.stride, self._reach[key])
        return self._shared[key]

    def _share(self, frame: Frame, stride: int, reach: int) -> Shared:
        """Return the rows of `stride` in which windows of `reach` rows that overlap share theirs.

        Windows are sorted by their start modulo the stride, then by their start. A window's rows
        begin as far after those of the one before as it starts later, `reach` at most.
        """
        graph = self.graph
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
        marks = graph.op("ScatterElements", self._zeros(rows), begin, ones, axis=0, reduction="add")
        so_far = graph.op("CumSum", marks, graph.constant(0, np.int64))
        return Shared(rows, starts, graph.op("Sub", so_far, graph.ints(1)), begin, order)

    def _rows_in(self, made: Geometry, stride: int) -> str:
        """Return the row of a smaller stride of which each shared row is the element, (rows,)."""
        key = ("rows", made.strands, made.stride, stride)
        if key not in self._made:
            graph, shared = self.graph, self._of(made)
            there = self._range(shared.rows)
            if stride != made.stride:
                step = graph.ints(made.stride // stride)
                smaller = Geometry(1, 0, 0, stride=stride, strands=made.strands)
                first = graph.op("Gather", self._of(smaller).starts, shared.order, axis=0)
                offset = graph.op("Sub", first, graph.op("Mul", shared.sorted, step))
                there = graph.op(
                    "Add", graph.op("Mul", there, step),
                    graph.op("Gather", offset, shared.of, axis=0),
                )  # fmt: skip
            self._made[key] = there
        return self._made[key]

    def flat(self, read: str, width: int) -> str:
        """Return rows that were looked up, (rows, taps, channels), as (rows, width)."""
        return self._once("Reshape", read, self.graph.ints(-1, width))

    def shared_channels(self, table: str, geometry: Geometry) -> str:
        """Return the shared rows of a table as one long sequence, (1, channels, 1, rows)."""
        key = ("channels", table)
        if key not in self._made:
            graph = self.graph
            rows = graph.cut(table, 0, self._of(geometry).rows, 0)
            channels = graph.op("Transpose", rows, perm=[1, 0])
            self._made[key] = graph.op("Unsqueeze", channels, graph.ints(0, 2))
        return self._made[key]

    def slid(self, table: str, kind: str, read: Geometry, made: Geometry, reading: Reading) -> str:
        """Return the shared rows of a pool of kind MaxPool or AveragePool without gaps.

        The pool slides over all rows that are read, and every other row of that is looked up:
        faster than to look up what each pool reads.
        """
        graph, size = self.graph, len(reading.taps)
        rows = self._of(read).rows
        key = ("slid", table, kind, size)
        if key not in self._made:
            picture = graph.op("Unsqueeze", graph.cut(table, 0, rows, 0), graph.ints(0, 1))
            pooled = graph.op(kind, picture, kernel_shape=[size, 1], strides=[1, 1])
            self._made[key] = graph.op("Squeeze", pooled, graph.ints(0, 1))
        index = self._shared_index(read, made, reading)
        first = graph.op("Squeeze", graph.cut(index, 0, 1, 1), graph.ints(1))
        last = graph.op("Sub", rows, graph.ints(size))
        return graph.op("Gather", self._made[key], graph.op("Min", first, last), axis=0)

    def own_groups(self, made: Geometry) -> Sequence[Group]:
        """Return the groups that are not shared and have rows."""
        there = {"ends": made.left + made.right > 0, "alts": len(made.changed) > 0}
        return [group for group in GROUPS if there.get(group)]

    def _shared_index(self, read: Geometry, made: Geometry, reading: Reading) -> str:
        graph = self.graph
        there = self._upright(self._rows_in(made, read.stride))
        steps = [tap + read.shift - reading.step * made.shift for tap in reading.taps]
        inner = graph.op("Add", there, graph.ints(*steps))
        last = graph.op("Sub", self._of(read).rows, graph.ints(1))
        return graph.op("Min", graph.op("Max", inner, graph.ints(0)), last)

    def changes(self, table: str, geometry: Geometry) -> str:
        """Return by how much each ALT's elements differ from REF's, (alts * elements, channels)."""
        key = ("changes", table)
        if key not in self._made:
            columns = list(geometry.changed)
            alt, ref = (
                self._flat_lookup(table, self._addresses(geometry, columns, alts=True, own=own))
                for own in (True, False)
            )
            self._made[key] = self.graph.op("Sub", alt, ref)
        return self._made[key]

    def added(
        self, table: str, products: str, read: Geometry, made: Geometry, reading: Reading
    ) -> str:
        """Return the ALTs' rows of `made`: REF's, and what changes add to them.

        Args:
            table: of `made`, with REF's rows at least.
            products: of each change and each tap's weights, (alts, changes * taps, channels).
            read: whose changes they are.
            made: of the result.
            reading: which elements of `read` those of `made` read.
        """
        graph, taps, changed = self.graph, len(reading.taps), read.changed
        none = len(changed) * taps  # the number of a row of zeros
        pairs = [
            (at - changed.start) * taps + number % taps if at in changed else none
            for number, at in enumerate(reading.columns(made.changed))
        ]
        channels = graph.size(products, 2)
        size = graph.op("Concat", graph.size(products, 0), graph.ints(1), channels, axis=0)
        nothing = graph.op("Expand", graph.constant(0, np.float32), size)
        known = graph.op("Concat", products, nothing, axis=1)
        index = graph.constant(np.reshape(pairs, (-1, taps)), np.int64)
        parts = graph.op("Gather", known, index, axis=1)  # (alts, elements, taps, channels)
        sums = graph.op("ReduceSum", parts, graph.ints(2), keepdims=0)
        flat = graph.reshape(sums, -1, channels)
        there = self._addresses(made, list(made.changed), alts=True, own=False)
        return graph.op("Add", self._flat_lookup(table, there), flat)

    def _flat_lookup(self, table: str, index: str) -> str:
        flat = self.graph.reshape(index, -1)
        return self.graph.op("Gather", table, flat, axis=0)

    def aligned(self, table: str, read: Geometry, made: Geometry) -> str:
        """Return a table in the rows of another geometry."""
        if read == made:
            return table
        graph = self.graph
        found = self.lookup(table, read, made, SAME)
        return graph.op("Squeeze", found, graph.ints(1))

    def _once(self, kind: str, *inputs: str, **attributes: int) -> str:
        key = (kind, *inputs)
        if key not in self._made:
            self._made[key] = self.graph.op(kind, *inputs, **attributes)
        return self._made[key]

    def _plus(self, start: str, many: str, each: int) -> str:
        if not each:
            return start
        return self._once("Add", start, self._once("Mul", many, self.graph.ints(each)))

    def _range(self, size: str) -> str:
        """Return the numbers below `size`, int64."""
        key = ("range", size)
        if key not in self._made:
            graph = self.graph
            zero, one = (graph.constant(number, np.int64) for number in (0, 1))
            end = graph.op("Squeeze", size, graph.ints(0))
            self._made[key] = graph.op("Range", zero, end, one)
        return self._made[key]

    def _zeros(self, size: str) -> str:
        return self.graph.op("Expand", self.graph.ints(0), size)

    def _upright(self, vector: str) -> str:
        return self._once("Unsqueeze", vector, self.graph.ints(1))

    def _half(self, both: str, one: str, two: str, which: int) -> str:
        graph = self.graph
        bounds = (graph.ints(0), one) if which == 0 else (one, two)
        return graph.op("Slice", both, *bounds, graph.ints(0))
