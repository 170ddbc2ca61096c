"""A small convolution and the pool after it, as one: what onnxruntime computes fastest.

What the shared rows of the pool read is put end to end, as one long sequence: where windows of one
phase overlap, their bases follow each other. What a window's ends and an ALT read are sequences of
their own. So a convolution's own elements have no rows, and nothing is looked up but its bases.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

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


def pooled(rows: Rows, stem: Stem, kind: str, size: int, made: Geometry) -> str:
    """Return the table of a pool of `size` elements, in steps of its size, of a stem.

    Args:
        rows: with the graph that it is added to.
        stem: what is pooled.
        kind: MaxPool or AveragePool.
        size: elements that a pool reads.
        made: of the result; its shared rows reach `stem.span` elements beyond the windows'.
    """
    graph, first = rows.graph, stem.reading.taps[0]
    source = stem.source.geometry
    reading = Reading(tuple(range(first, first + size)), size)
    around = graph.constant(stem.around, stem.around.dtype.type)
    table = rows.padded(stem.source.table(rows), around)
    index = [rows.sequence(source, made, reading, stem.span)]
    index += rows.own_sequences(source, made, reading, stem.span)
    parts = [_pools(graph, stem, kind, size, graph.op("Gather", table, at)) for at in index]
    return graph.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]


def _pools(graph: Builder, stem: Stem, kind: str, size: int, read: str) -> str:
    """Return the pools of sequences (n, length, channels), (n * pools, channels)."""
    channels_first = graph.op("Transpose", read, perm=[0, 2, 1])
    made = stem.apply(graph, graph.op("Unsqueeze", channels_first, graph.ints(2)))
    pools = graph.op(kind, made, kernel_shape=[1, size], strides=[1, size])
    flat = graph.op("Transpose", graph.op("Squeeze", pools, graph.ints(2)), perm=[0, 2, 1])
    return graph.reshape(flat, -1, graph.size(flat, 2))
