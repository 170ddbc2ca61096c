"""The numbers of rows: where each element of a window, and of an ALT, stands in a table.

A table's rows are, in order, the shared ones, those of the windows' starts, of their ends, of the
ALTs' changed elements, and what is put around.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Literal, TypeVar

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.frames import Frame, Shared, share
from regplug.models.variants.geometry import Geometry, Reading

Group = Literal["shared", "ends", "alts"]
FrameKey = tuple[int, tuple[int, int] | None]  # strands, and the part of the windows
Made = TypeVar("Made")
GROUPS: tuple[Group, ...] = ("shared", "ends", "alts")  # of the rows of a table, in their order


class Addresses:
    """Makes the index arithmetic of one graph; what is equal is made once.

    Attributes:
        graph: that it is added to.
        frames: by the number of strands, and the part of the windows (see `Geometry.frame`).
    """

    def __init__(self, graph: Builder, reach: dict[tuple[FrameKey, int], int]) -> None:
        """Start; `reach` has the rows of a window by frame and stride (see Geometry.end)."""
        self.graph = graph
        self.frames: dict[FrameKey, Frame] = {}
        self._reach = reach
        self._shared: dict[tuple[FrameKey, int], Shared] = {}
        self._made: dict[tuple[object, ...], str] = {}
        self._others: dict[tuple[object, ...], Any] = {}

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
        for group, elements in self._own_elements(made):
            if group in groups:
                found = self._addresses(read, columns(elements), alts=group == "alts")
                parts.append(graph.reshape(found, -1, taps))
        self._made[key] = graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]
        return self._made[key]

    def _own_elements(self, made: Geometry) -> list[tuple[Group, range]]:
        """Return the elements of a window that are not shared, in the order of their rows."""
        found: tuple[tuple[Group, range], ...] = (
            ("ends", range(made.left)),
            ("ends", range(made.length - made.right, made.length)),
            ("alts", made.changed),
        )
        return [(group, elements) for group, elements in found if elements]

    def _shared_index(self, read: Geometry, made: Geometry, reading: Reading) -> str:
        graph = self.graph
        there = self._upright(self._rows_in(made, read.stride))
        steps = [tap + read.shift - reading.step * made.shift for tap in reading.taps]
        inner = graph.op("Add", there, graph.ints(*steps))
        last = graph.op("Sub", self._of(read).rows, graph.ints(1))
        return graph.op("Min", graph.op("Max", inner, graph.ints(0)), last)

    def _addresses(
        self, geometry: Geometry, columns: list[int], *, alts: bool, own: bool = True
    ) -> str:
        """Return the rows of elements of each window, or each ALT, (windows, columns); -1: around.

        Without `own`, an ALT has those of its window. The rows of a table are, in order, the
        shared ones, those of the windows' starts, of their ends, of the ALTs, and the one around.
        """
        graph, frame, shared = self.graph, self.frames[geometry.frame], self._of(geometry)
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

        runs = [(of, list(at)) for of, at in groupby(columns, kind)]
        each = sorted(set(columns))
        if len(runs) > 2 * len([*groupby(each, kind)]):  # columns come again: one lookup of each
            found = self._addresses(geometry, each, alts=alts, own=own)
            places = np.searchsorted(each, columns)
            return graph.op("Gather", found, graph.constant(places, np.int64), axis=1)
        parts = [part(of, at) for of, at in runs]
        return graph.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]

    def _last(self, made: Geometry, reading: Reading) -> int:
        return (made.length - 1) * reading.step + reading.taps[-1]

    def _of(self, geometry: Geometry) -> Shared:
        """Return the shared rows of a geometry's stride."""
        key = (geometry.frame, geometry.stride)
        frame = self.frames[geometry.frame]
        if geometry.stride == 1:
            return Shared(frame.bases, frame.starts)
        if key not in self._shared:
            self._shared[key] = share(self.graph, frame, geometry.stride, self._reach[key])
        return self._shared[key]

    def _rows_in(self, made: Geometry, stride: int) -> str:
        """Return the row of a smaller stride of which each shared row is the element, (rows,)."""
        key = ("rows", made.frame, made.stride, stride)
        if key not in self._made:
            shared = self._of(made)
            there = self._range(shared.rows)
            if stride != made.stride:
                smaller = Geometry(1, 0, 0, stride=stride, strands=made.strands, part=made.part)
                there = self._sources(shared, self._of(smaller).starts, made.stride // stride)
            self._made[key] = there
        return self._made[key]

    def _sources(self, shared: Shared, starts: str, step: int) -> str:
        """Return which row each shared row is, where windows begin in rows `starts`, (rows,)."""
        graph, apart = self.graph, self.graph.ints(step)
        first = graph.op("Gather", starts, shared.order, axis=0)
        offset = graph.op("Sub", first, graph.op("Mul", shared.sorted, apart))
        rows = graph.op("Mul", self._range(shared.rows), apart)
        return graph.op("Add", rows, graph.op("Gather", offset, shared.of, axis=0))

    def known(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """Return what is made once, by a key."""
        if key not in self._others:
            self._others[key] = make()
        made: Made = self._others[key]
        return made

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

    def _upright(self, vector: str) -> str:
        return self._once("Unsqueeze", vector, self.graph.ints(1))

    def _half(self, both: str, one: str, two: str, which: int) -> str:
        graph = self.graph
        bounds = (graph.ints(0), one) if which == 0 else (one, two)
        return graph.op("Slice", both, *bounds, graph.ints(0))
