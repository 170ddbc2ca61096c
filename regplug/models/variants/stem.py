"""A small convolution and the pool after it, as one: what onnxruntime computes fastest.

What the shared rows of the pool read is put end to end, as one long sequence: where windows of one
phase overlap, their bases follow each other. What a window's ends and an ALT read are sequences of
their own. So a convolution's own elements have no rows, and nothing is looked up but its bases.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from regplug.models.onnx_builder import Builder
from regplug.models.variants.geometry import Geometry, Reading
from regplug.models.variants.rows import Rows
from regplug.models.variants.tensor import Stem, Tensor, once

Of = Callable[[Tensor], str]


def joint_stem(tensors: Sequence[Tensor], make: Callable[[Builder, Of], str]) -> Stem | None:
    """Return the stem of what is made of tensors number by number; None if they share none.

    Args:
        tensors: what is read.
        make: adds to a graph what is made, of the names that it is given for the tensors.
    """
    known = {id(tensor): tensor.stem for tensor in tensors if tensor.stem}
    stems = [*known.values()]
    if not all(id(tensor) in known for tensor in tensors):
        return None
    if not all(stem.alike(stems[0]) for stem in stems):
        return None

    def apply(graph: Builder, read: str) -> str:
        return make(graph, lambda tensor: known[id(tensor)].apply(graph, read))

    return replace(stems[0], apply=once(apply))


def pooled(rows: Rows, stem: Stem, kind: str, size: int, made: Geometry, offset: int = 0) -> str:
    """Return the table of a pool of `size` elements, in steps of its size, of a stem.

    Args:
        rows: with the graph that it is added to.
        stem: what is pooled.
        kind: MaxPool or AveragePool.
        size: elements that a pool reads.
        made: of the result; its shared rows reach `stem.span` + `offset` elements beyond the
            windows'.
        offset: elements before the first pool, fewer than `size`.
    """

    def table() -> str:
        graph = rows.graph
        shared, own = _sequences(rows, stem, size, made, offset)
        parts = [_pools(graph, stem, kind, size, shared, offset)]
        parts += [_pools(graph, stem, kind, size, each) for each in own]
        return graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    return rows.known(("pooled", stem, kind, size, made, offset), table)


def _sequences(
    rows: Rows, stem: Stem, size: int, made: Geometry, offset: int
) -> tuple[str, list[str]]:
    """Return what the shared pools of a stem read, and the others, (n, channels, 1, length) each.

    What the shared ones read begins with the first pool of no offset, so all offsets have one.
    """
    graph, first, source = rows.graph, stem.reading.taps[0], stem.source.geometry
    around = graph.constant(stem.around, stem.around.dtype.type)
    table = rows.padded(stem.source.table(rows), around)

    def read(index: str) -> str:
        channels_first = graph.op("Transpose", graph.op("Gather", table, index), perm=[0, 2, 1])
        return graph.op("Unsqueeze", channels_first, graph.ints(2))

    def reading(begin: int) -> Reading:
        return Reading(tuple(range(begin, begin + size)), size)

    place = (table, source, made.frame, made.stride, stem.span)
    shared = rows.known(
        ("sequence", *place, made.shift, reading(first)),
        lambda: read(rows.sequence(source, made, reading(first), stem.span)),
    )
    own = rows.known(
        ("own sequences", *place, made, reading(first + offset)),
        lambda: [
            read(index)
            for index in rows.own_sequences(source, made, reading(first + offset), stem.span)
        ],
    )
    return shared, own


def _pools(graph: Builder, stem: Stem, kind: str, size: int, read: str, offset: int = 0) -> str:
    """Return the pools of sequences (n, channels, 1, length), (n * pools, channels).

    With an offset n is 1, and the last pool has less to read.
    """
    made = stem.apply(graph, read)
    pads = {"pads": [0, size - offset, 0, offset]} if offset else {}
    pools = graph.op(kind, made, kernel_shape=[1, size], strides=[1, size], **pads)
    flat = graph.op("Transpose", graph.op("Squeeze", pools, graph.ints(2)), perm=[0, 2, 1])
    table = graph.reshape(flat, -1, graph.size(flat, 2))
    end = graph.ints(np.iinfo(np.int64).max)
    return graph.op("Slice", table, graph.ints(1), end, graph.ints(0)) if offset else table
