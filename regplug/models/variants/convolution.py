"""A convolution along the bases, of a table: each of its groups of rows in the way that suits it.

shared rows   a lookup and a product; where a row reads much, one convolution of all of them
windows' ends a lookup and a product
ALTs' rows    the same, or REF's rows and the product of what the ALT changed in the layer before
all, of few filters
              the products of what is read, each tap's own, then a lookup and a sum of these
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.addresses import Group
from regplug.models.variants.geometry import Geometry, Reading
from regplug.models.variants.reading import length_of, reading_of
from regplug.models.variants.rows import Rows
from regplug.models.variants.tensor import (
    Attributes,
    Constant,
    Input,
    Stem,
    Tensor,
    derived,
    like,
    once,
)

LARGE = 256  # numbers that a row reads, from which on a convolution of all is faster than a lookup
FEW = 4  # times as many channels as filters, and products are fewer numbers than what is read


def convolution(kind: str, inputs: Sequence[Input], attributes: Attributes) -> Tensor | None:
    """Conv along the bases, of all channels."""
    tensor, filters, *rest = inputs
    bias = rest[0] if rest else None
    if not isinstance(filters, np.ndarray) or isinstance(bias, Tensor):
        return None
    reading = reading_of(tensor, attributes, filters.shape[2:])
    if reading is None or attributes.get("group", 1) != 1:
        return None
    assert isinstance(tensor, Tensor)
    made = reading.result(tensor.geometry, length_of(tensor, attributes, len(reading.taps)))
    if made is None:
        return None
    outputs, inner = filters.shape[:2]
    offset = np.zeros(outputs, filters.dtype) if bias is None else bias
    flat = filters.reshape(outputs, inner, len(reading.taps))
    layer = _Convolution(flat, offset, tensor.geometry, made, reading)
    return derived(
        tensor,
        lambda rows: layer.table(rows, tensor.table(rows)),
        geometry=made,
        channels=outputs,
        stem=None if layer.large or reading.step > 1 else layer.stem(tensor),
    )


def by_products(filters: Constant) -> bool:
    """Tell whether filters (outputs, channels, taps ...) are so few that products are looked up."""
    outputs, inner = filters.shape[:2]
    return bool(filters[0].size >= LARGE and FEW * outputs <= inner)


@dataclass(frozen=True, eq=False)
class _Convolution:
    """Filters (outputs, channels, taps) and offsets, and which elements they read and make."""

    filters: Constant
    offset: Constant
    read: Geometry
    made: Geometry
    reading: Reading

    @property
    def large(self) -> bool:
        """Tell whether an element reads much."""
        return bool(self.filters[0].size >= LARGE)

    def stem(self, source: Tensor) -> Stem:
        """Return how the result is made of sequences of elements of `source`."""
        around = like(0, self.filters.dtype, self.filters.shape[1])
        return Stem(source, self.reading, around, once(lambda graph, read: self._of(graph, read)))

    def table(self, rows: Rows, read: str) -> str:
        """Return the table of the result, of that of what is read."""
        graph, made = rows.graph, self.made
        if by_products(self.filters):
            return self._summed(rows, read)
        by_change = self.large and 0 < 2 * len(self.read.changed) <= len(made.changed)
        at_once = self.large and self.reading.step == 1
        groups: list[Group] = [] if at_once else ["shared"]
        own = rows.own_groups(made)
        groups += [group for group in own if not (group == "alts" and by_change)]
        parts = [self._at_once(rows, read)] if at_once else []
        parts += [self._looked_up(rows, read, groups)] if groups else []
        table = graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]
        if by_change:
            alts = self._by_change(rows, read, table)
            table = graph.op("Concat", table, alts, axis=0)
        return table

    def _at_once(self, rows: Rows, read: str) -> str:
        """Return the shared rows, by one convolution of those that are read."""
        graph, taps = rows.graph, self.reading.taps
        channels = rows.shared_channels(read, self.read)
        made = self._of(graph, channels, pads=[0, 0, 0, taps[-1] - taps[0]])
        return graph.op("Transpose", graph.op("Squeeze", made, graph.ints(0, 2)), perm=[1, 0])

    def _of(self, graph: Builder, read: str, **attributes: list[int]) -> str:
        """Return the convolution of (n, channels, 1, length)."""
        taps = self.reading.taps
        arrays = (
            graph.constant(array, array.dtype.type)
            for array in (self.filters[:, :, None], self.offset)
        )
        apart = taps[1] - taps[0] if len(taps) > 1 else 1
        return graph.op("Conv", read, *arrays, dilations=[1, apart], **attributes)

    def _looked_up(self, rows: Rows, read: str, groups: Sequence[Group]) -> str:
        """Return the rows of groups, by a product of all that each of them reads."""
        graph, (outputs, inner, taps) = rows.graph, self.filters.shape
        zero = like(0, self.filters.dtype, inner)
        around = graph.constant(zero, zero.dtype.type)
        found = rows.lookup(read, self.read, self.made, self.reading, around, groups=groups)
        weights = self.filters.transpose(2, 1, 0).reshape(taps * inner, outputs)
        arrays = (graph.constant(a, a.dtype.type) for a in (weights, self.offset))
        return graph.op("Gemm", rows.flat(found, taps * inner), *arrays)

    def _summed(self, rows: Rows, read: str) -> str:
        """Return all rows, by sums of the products of each tap's weights and what it reads."""
        graph, (outputs, inner, taps) = rows.graph, self.filters.shape
        weights = self.filters.transpose(1, 2, 0).reshape(inner, taps * outputs)
        products = graph.op("MatMul", read, graph.constant(weights, weights.dtype.type))
        zero = like(0, self.filters.dtype, taps * outputs)
        around = graph.constant(zero, zero.dtype.type)
        parts = rows.taps_of(products, self.read, self.made, self.reading, around, outputs)
        sums = graph.op("ReduceSum", parts, graph.ints(1), keepdims=0)
        return graph.op("Add", sums, graph.constant(self.offset, self.offset.dtype.type))

    def _by_change(self, rows: Rows, read: str, table: str) -> str:
        """Return the ALTs' rows, by a product of what ALTs changed; `table` has REF's rows."""
        graph, (outputs, inner, taps) = rows.graph, self.filters.shape
        weights = self.filters.transpose(1, 2, 0).reshape(inner, taps * outputs)
        changes = rows.changes(read, self.read)
        products = graph.op("MatMul", changes, graph.constant(weights, weights.dtype.type))
        products = graph.reshape(products, -1, len(self.read.changed) * taps, outputs)
        return rows.added(table, products, self.read, self.made, self.reading)
