"""The arithmetic of a variants graph: which rows there are, and which of them a layer reads.

The numbers of a tensor stand in a table of rows, a row of channels per element:

    shared rows, by base | each window's first and last elements | each ALT's changed elements

So a layer is one lookup of the rows that it reads and one product, whatever windows have in common.
On the way the windows of a stretch lose nothing: of windows whose starts agree modulo a layer's
stride, those that overlap share rows, and each distinct element has one.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regplug.models.variants.addresses import GROUPS, Group
from regplug.models.variants.frames import Frame, share
from regplug.models.variants.geometry import SAME, Geometry, Reading
from regplug.models.variants.strands import Strands


class Rows(Strands):
    """Makes tables of tables; equal lookups are made once."""

    def start(self, codes: str, alt: str, starts: str, of: str) -> str:
        """Return the table of the bases on one strand: codes (bases,), then each ALT's (alts,)."""
        graph = self.graph
        sizes = (graph.size(name, 0) for name in (starts, of, codes))
        self.frames[1, None] = Frame(starts, of, *sizes)
        return graph.op("Concat", codes, alt, axis=0)

    def parted(self, table: str, read: Geometry, made: Geometry) -> str:
        """Return a table of the rows that a part of the windows reads, of one of the whole windows.

        Args:
            table: of `read`, which has neither ends nor steps.
            read: of the whole windows.
            made: of the part.
        """
        graph, whole = self.graph, self.frames[read.frame]
        first, bases = made.part or (0, read.length)
        begins = graph.op("Add", whole.starts, graph.ints(first))
        shared = share(graph, replace(whole, starts=begins), 1, bases)
        self.frames[made.frame] = replace(whole, starts=shared.starts, bases=shared.rows)
        index = self._sources(shared, begins, 1)
        if made.changed:
            columns = [at + first for at in made.changed]
            alts = graph.reshape(self._addresses(read, columns, alts=True), -1)
            index = graph.op("Concat", index, alts, axis=0)
        return graph.op("Gather", table, index, axis=0)

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
                source = self.padded(table, around)
            index = self._index(read, made, reading, groups, padded=bool(around) and outside)
            self._made[key] = self.graph.op("Gather", source, index, axis=0)
        return self._made[key]

    def taps_of(
        self,
        table: str,
        read: Geometry,
        made: Geometry,
        reading: Reading,
        around: str,
        channels: int,
    ) -> str:
        """Return what each tap has of the row that it reads, (rows, taps, channels).

        Args:
            table: of `read`; a row has so many channels for each tap, one tap's behind the other's.
            read: of what is read.
            made: of the result.
            reading: which elements of `read` those of `made` read.
            around: the row of elements outside a window.
            channels: of a tap.
        """
        graph, taps = self.graph, len(reading.taps)
        outside = reading.taps[0] < 0 or self._last(made, reading) >= read.length
        source = self.padded(table, around) if outside else table
        index = self._index(read, made, reading, GROUPS, padded=outside)
        places = graph.op("Add", graph.op("Mul", index, graph.ints(taps)), graph.ints(*range(taps)))
        return graph.op("Gather", graph.reshape(source, -1, channels), places, axis=0)

    def padded(self, table: str, around: str) -> str:
        """Return a table and after it the row that is put around."""
        return self._once("Concat", table, around, axis=0)

    def sequence(self, read: Geometry, made: Geometry, reading: Reading, span: int) -> str:
        """Return the numbers of the rows that the shared rows of `made` read, end to end.

        Args:
            read: of what is read.
            made: of the result, whose rows follow each other in steps of all that one reads.
            reading: which elements of `read` those of `made` read, without gaps.
            span: of rows more at the end, whichever.

        Returns:
            (1, rows * taps + span)
        """
        graph = self.graph
        index = graph.reshape(self._shared_index(read, made, reading), -1)
        more = graph.constant(np.zeros(span), np.int64)
        return graph.op("Unsqueeze", graph.op("Concat", index, more, axis=0), graph.ints(0))

    def own_sequences(
        self, read: Geometry, made: Geometry, reading: Reading, span: int
    ) -> list[str]:
        """Return the numbers of the rows that each window's first and last rows read, and ALTs'.

        The arguments are those of `sequence`; each is (windows or alts, elements * taps + span).
        """
        found = []
        for group, elements in self._own_elements(made):
            columns = reading.columns(elements)
            columns += range(columns[-1] + 1, columns[-1] + 1 + span)
            inside = [at if at in range(read.length) else -1 for at in columns]
            found.append(self._addresses(read, inside, alts=group == "alts"))
        return found

    def whole(self, table: str, geometry: Geometry) -> str:
        """Return a tensor of all REF windows, then all ALTs, of each strand: (n, length, ...)."""
        graph, frame = self.graph, self.frames[geometry.frame]
        columns = list(range(geometry.length))
        ref, alt = (self._addresses(geometry, columns, alts=alts) for alts in (False, True))
        parts = [ref, alt]
        if geometry.strands == 2:
            one = self.frames[1, None]
            parts = [
                half
                for start, stops in ((0, 0), (1, 1))
                for half in (
                    self._half(ref, one.windows, frame.windows, start),
                    self._half(alt, one.alts, frame.alts, stops),
                )
            ]
        return graph.op("Gather", table, graph.op("Concat", *parts, axis=0), axis=0)

    def aligned(self, table: str, read: Geometry, made: Geometry) -> str:
        """Return a table in the rows of another geometry."""
        if read == made:
            return table
        graph = self.graph
        found = self.lookup(table, read, made, SAME)
        return graph.op("Squeeze", found, graph.ints(1))

    def flat(self, read: str, width: int) -> str:
        """Return rows that were looked up, (rows, taps, channels), as (rows, width)."""
        return self._once("Reshape", read, self.graph.ints(-1, width))

    def own_groups(self, made: Geometry) -> Sequence[Group]:
        """Return the groups that are not shared and have rows."""
        there = {"ends": made.left + made.right > 0, "alts": len(made.changed) > 0}
        return [group for group in GROUPS if there.get(group)]

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
