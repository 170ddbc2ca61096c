"""Both strands in one table: windows as they stand, then each from its end, of the complements."""

import numpy as np

from regplug.models.variants.addresses import Addresses
from regplug.models.variants.frames import Frame
from regplug.models.variants.geometry import Geometry


class Strands(Addresses):
    """Makes tables of both strands."""

    def both_strands(self, plus: str, minus: str, geometry: Geometry, column: int) -> str:
        """Return the table of both strands of tables of one, `minus` that of the complements.

        Args:
            plus: the table of the strand as it stands, of `start`'s rows.
            minus: the table of the complements.
            geometry: of the result.
            column: of the variant on the strand as it stands.
        """
        graph, one = self.graph, self.frames[1, None]
        width, bases = geometry.length, one.bases
        twice, both = graph.op("Add", bases, bases), graph.op("Add", one.alts, one.alts)
        mirrored = graph.op("Sub", graph.op("Sub", twice, graph.ints(width)), one.starts)
        frame = self.frames[2, None] = Frame(
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

    def turned(self, table: str, read: Geometry, made: Geometry) -> str:
        """Return a table of both strands turned round: what it has of the other, end to start.

        Args:
            table: of `read`.
            read: of both strands, in steps of more than one base.
            made: of the result, of as many elements in the same steps.
        """
        graph, shared, one = self.graph, self._of(made), self.frames[1, None]
        last = made.length - 1

        def other(each: str, many: str) -> str:
            end = graph.ints(np.iinfo(np.int64).max)
            halves = graph.op("Slice", each, many, end, graph.ints(0)), graph.cut(each, 0, many, 0)
            return graph.op("Concat", *halves, axis=0)

        # Element i of a window that begins in row b is row b + i + shift.
        begins = graph.op("Gather", other(shared.starts, one.windows), shared.order, axis=0)
        shifts = graph.ints(last + made.shift + read.shift)
        sums = graph.op("Add", graph.op("Add", begins, shared.sorted), shifts)
        rows = graph.op("Gather", sums, shared.of, axis=0)
        there = graph.op("Sub", rows, self._range(shared.rows))
        highest = graph.op("Sub", shared.rows, graph.ints(1))
        index = [graph.op("Min", graph.op("Max", there, graph.ints(0)), highest)]
        for group, elements in self._own_elements(made):
            columns, alts = [last - at for at in elements], group == "alts"
            found = self._addresses(read, columns, alts=alts)
            index.append(graph.reshape(other(found, one.alts if alts else one.windows), -1))
        return graph.op("Gather", table, graph.op("Concat", *index, axis=0), axis=0)
