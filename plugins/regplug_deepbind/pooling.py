"""Pooling of rectified filters over all their placements on each sub-window.

Most filters need several matching columns before their sum can exceed 0. A placement with fewer
columns on the sub-window gives exactly 0 and is left out, and so is a filter whose sum can never
exceed 0. Filters are sorted by the number of columns they need and taken in blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regplug.models.onnx_builder import Builder
from regplug_deepbind.filters import FilterBank
from regplug_deepbind.placements import Edge, SubWindows

# Filters in a matrix product: enough to keep it busy, few enough that its result stays in cache.
_BLOCK = 512


@dataclass(frozen=True)
class Pooled:
    """Rectified filters pooled over placements: tensors of shape (rows, n * sub-windows)."""

    maxima: str
    sums: str | None


class Pooling:
    """Pools the filters of a bank over sub-windows; sums are made only if asked for."""

    def __init__(
        self, graph: Builder, windows: SubWindows, bank: FilterBank, *, sums: bool
    ) -> None:
        """Add the bank's weights to the graph."""
        self._graph, self._windows, self._bank, self._sums = graph, windows, bank, sums
        self._weights = graph.constant(bank.weights.reshape(bank.rows, -1), np.float32)
        self._thresholds = graph.constant(bank.thresholds, np.float32)

    def pooled(self) -> Pooled:
        """Return the filters pooled over every placement."""
        kinds = [self._inside(), *self._hanging()]
        sums = [kind.sums for kind in kinds if kind.sums is not None]
        return Pooled(
            maxima=self._graph.op("Max", *(kind.maxima for kind in kinds)),
            sums=self._graph.op("Sum", *sums) if self._sums else None,
        )

    def _inside(self) -> Pooled:
        """Pool over the placements of whole filters."""
        active = self._bank.least_first() <= self._bank.length  # can exceed 0
        active[0] |= not active.any()  # a graph needs a node, even if every filter gives 0
        with self._graph.scope("inside"):
            blocks = [
                (rows, self._inside_block(*self._pick(rows), len(rows)))
                for rows in _blocks(np.where(active, 0, 1), below=1)
            ]
            return self._in_order(blocks)

    def _inside_block(self, weights: str, thresholds: str, rows: int) -> Pooled:
        graph, windows = self._graph, self._windows
        product = graph.op("MatMul", weights, windows.inside)
        values = windows.valid_inside(graph.reshape(product, rows, -1, windows.places))
        values = graph.op("Add", values, graph.reshape(thresholds, rows, 1, 1))
        values = graph.op("Relu", values)
        return Pooled(
            maxima=graph.reshape(windows.slide_max(values), rows, -1),
            sums=graph.reshape(windows.slide_sum(values), rows, -1) if self._sums else None,
        )

    def _hanging(self) -> Iterator[Pooled]:
        """Pool over the placements at the left edge, then over those at the right edge."""
        bank, windows = self._bank, self._windows
        for name, edge, least in (
            ("starting", windows.starting, bank.least_last()),
            ("ending", windows.ending, bank.least_first()),
        ):
            with self._graph.scope(name):
                blocks = [
                    (rows, self._hanging_block(edge, *self._pick(rows), least[rows[0]]))
                    for rows in _blocks(least, below=bank.length)
                ]
                if blocks:
                    yield self._in_order(blocks)

    def _hanging_block(self, edge: Edge, weights: str, thresholds: str, least: int) -> Pooled:
        """Pool over an edge's placements with `least` columns or more.

        The maximum is rectified last: the rectifier is monotone.
        """
        graph = self._graph
        stretch = edge.stretch(weights)
        maxima, sums = "", ""
        for columns in range(least, self._bank.length):
            product = self._product(edge, weights, stretch, columns)
            maxima = graph.op("Max", maxima, product) if maxima else product
            if self._sums:
                values = graph.op("Relu", graph.op("Add", product, edge.once(thresholds, columns)))
                sums = graph.op("Add", sums, values) if sums else values
        return Pooled(graph.op("Relu", graph.op("Add", maxima, thresholds)), sums or None)

    def _product(self, edge: Edge, weights: str, stretch: str, columns: int) -> str:
        """Return the sums of so many columns at the edge, shape (rows, n * sub-windows)."""
        beyond = columns - edge.near
        if beyond < 0:
            return self._graph.op("MatMul", edge.columns(weights, 0, columns), edge.bases(columns))
        near = edge.shifted(stretch, beyond)
        if beyond == 0:
            return near
        return self._graph.op(
            "Gemm", edge.columns(weights, edge.near, columns), edge.bases(beyond), near
        )

    def _pick(self, rows: NDArray[np.int64]) -> tuple[str, str]:
        """Return weights, shape (rows, length * 4), and thresholds, shape (rows, 1)."""
        graph, index = self._graph, self._graph.constant(rows, np.int32)
        return graph.op("Gather", self._weights, index), graph.op("Gather", self._thresholds, index)

    def _in_order(self, blocks: list[tuple[NDArray[np.int64], Pooled]]) -> Pooled:
        """Return blocks joined in the bank's order; filters in no block are 0."""
        rows = np.concatenate([rows for rows, _ in blocks])
        position = np.full(self._bank.rows, len(rows))
        position[rows] = np.arange(len(rows))
        sums = [block.sums for _, block in blocks if block.sums is not None]
        return Pooled(
            maxima=self._join([block.maxima for _, block in blocks], position),
            sums=self._join(sums, position) if sums else None,
        )

    def _join(self, blocks: list[str], position: NDArray[np.int64]) -> str:
        graph = self._graph
        shape = graph.op("Concat", graph.ints(1), graph.size(blocks[0], 1), axis=0)
        zeros = graph.op("ConstantOfShape", shape)  # for filters in no block
        joined = graph.op("Concat", *blocks, zeros, axis=0)
        return graph.op("Gather", joined, graph.constant(position, np.int32))


def _blocks(least: NDArray[np.int64], *, below: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows below a bound, smallest first, in blocks of about equal size."""
    order = np.argsort(least, kind="stable")
    order = order[least[order] < below]
    if order.size:
        yield from np.array_split(order, -(-order.size // _BLOCK))
