"""Where a graph has its first filters: model.onnx ─find_filters→ Filters of each member.

The first convolutions are those that read letters. From each, the graph is followed up to its
activation, through nodes that work on every filter by itself.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from regplug.errors import ModelError
from regplug.scoring.card import ModelCard

Array = NDArray[np.float32]

_ACTIVATIONS = {"Relu", "LeakyRelu", "Elu", "Selu", "Celu", "PRelu", "Gelu", "Erf", "HardSwish"}
_ACTIVATIONS |= {"Sigmoid", "Tanh", "Softplus", "Exp", "HardSigmoid", "Mish", "ThresholdedRelu"}
_POOLS = {"MaxPool", "AveragePool"}
_PER_FILTER = {"Add", "BatchNormalization", "Clip", "Div", "Identity", "Max", "Mul", "Pow", "Sub"}


class Filters(NamedTuple):
    """A member's filters: names of tensors in the graph, and where a placement begins.

    Attributes:
        letters: what the filters read, (rows, 4, bases); a row is a strand of a sequence.
        forward: output of their convolution.
        turned: output of the same filters turned to the other strand, where the larger of both
            counts, else "".
        values: the activation's output at every base; where a pool comes first, the pool's input.
        seen: the activation's output, which the rest of the network reads.
        pooled: `seen` after a maximum over bins, or `seen` itself; "" without `next`.
        next: output of the convolution that is the only reader of `pooled`; "" if there is none.
        size: how many filters.
        length: bases of a filter.
        pad: zeros before the letters; placement j begins at base j - pad.
    """

    letters: str
    forward: str
    turned: str
    values: str
    seen: str
    pooled: str
    next: str
    size: int
    length: int
    pad: int


def find_filters(model: ModelProto, card: ModelCard) -> Iterator[Filters]:
    """Yield the first layers, in the order of the graph.

    Raises:
        ModelError: there is no such layer, or none that this module can follow.
    """
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:  # torch shares weights like this
            stored[node.output[0]] = stored[node.input[0]]
    behind, first = set[str](), []  # tensors behind a convolution; convolutions that read none
    for node in graph.node:
        is_behind = not behind.isdisjoint(node.input)
        if node.op_type == "Conv" and not is_behind:
            first.append(node)
        if is_behind or node.op_type == "Conv":
            behind.update(node.output)
    weights = [_filters_of(node, stored, card) for node in first]
    if not first:
        raise refused(card, "no convolution reads its letters")
    done, reads = set[str](), dict[bytes, str]()
    for node, filters in zip(first, weights, strict=True):
        if node.output[0] in done:
            continue
        if reads.setdefault(filters.tobytes(), node.input[0]) != node.input[0]:
            raise refused(card, "each strand has a convolution of its own")
        other = _turned(node, filters, first, weights, graph.node)
        done.update({node.output[0], other})
        values, seen = _activation(graph.node, {node.output[0], other} - {""}, card)
        pad = sum(_ints(node, "pads")[: len(_ints(node, "pads")) // 2])
        size, _, length = filters.shape
        letters, forward = node.input[0], node.output[0]
        pooled, after = _next(graph.node, stored, seen, size)
        yield Filters(letters, forward, other, values, seen, pooled, after, size, length, pad)


def _filters_of(node: NodeProto, stored: dict[str, TensorProto], card: ModelCard) -> Array:
    """Return the weights of a convolution over letters, shape (filters, 4, length)."""
    tensor = stored.get(node.input[1])
    shape = tuple(tensor.dims) if tensor is not None else ()
    wide = [size for size in shape[2:] if size != 1]
    plain = all(set(_ints(node, key)) <= {1} for key in ("strides", "dilations"))
    auto = [attribute.s for attribute in node.attribute if attribute.name == "auto_pad"]
    if tensor is None or shape[1:2] != (4,) or len(wide) > 1 or not plain:
        raise refused(card, f"its first convolution has weights of shape {shape}, or leaves bases")
    if any(padding not in (b"NOTSET", b"VALID") for padding in auto):
        raise refused(card, f"its first convolution pads by {auto[0].decode()}")
    return np.asarray(numpy_helper.to_array(tensor), np.float32).reshape(shape[0], 4, -1)


def _turned(
    node: NodeProto,
    filters: Array,
    first: Sequence[NodeProto],
    weights: Sequence[Array],
    nodes: Sequence[NodeProto],
) -> str:
    """Return the output of the same filters turned, where a maximum joins both; else ""."""
    backwards = filters[:, ::-1, ::-1]
    for other, other_filters in zip(first, weights, strict=True):
        pair = {node.output[0], other.output[0]}
        joined = any(reader.op_type == "Max" and set(reader.input) == pair for reader in nodes)
        if joined and len(pair) == 2 and np.array_equal(other_filters, backwards):
            return str(other.output[0])
    return ""


def _activation(nodes: Sequence[NodeProto], start: set[str], card: ModelCard) -> tuple[str, str]:
    """Return the names of `values` and `seen` behind the convolutions' outputs `start`.

    Of the tensors made of `start`, those with readers still to come are kept with their number.
    Where there is a single one, all that the rest of the network learns of `start` is in it.
    """
    readers = dict.fromkeys(start, 0)
    for node in nodes:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    unread, active, pooled = {name: readers[name] for name in start}, False, ""
    for node in nodes:
        inputs = [name for name in node.input if name in unread]
        if not inputs:
            continue
        if node.op_type not in _ACTIVATIONS | _POOLS | _PER_FILTER:
            break
        if node.op_type in _POOLS and not pooled:
            pooled = inputs[0]
        active |= node.op_type in _ACTIVATIONS
        for name in inputs:
            unread[name] -= 1
        unread = {name: count for name, count in unread.items() if count}
        unread[node.output[0]] = readers.get(node.output[0], 0)
        if active and len(unread) == 1:
            return pooled or node.output[0], node.output[0]
    raise refused(card, "no activation follows its first convolution")


def _next(
    nodes: Sequence[NodeProto], stored: dict[str, TensorProto], seen: str, size: int
) -> tuple[str, str]:
    """Return the tensor that a next convolution reads, and its output; else "", ""."""
    at = seen
    for _ in range(2):
        readers = [node for node in nodes if at in node.input]
        if len(readers) != 1:
            break
        (node,) = readers
        if node.op_type == "MaxPool" and at == seen:
            at = node.output[0]
            continue
        weights = stored.get(node.input[1]) if node.op_type == "Conv" else None
        if weights is not None and weights.dims[1] == size and node.input[0] == at:
            return at, str(node.output[0])
        break
    return "", ""


def _ints(node: NodeProto, key: str) -> list[int]:
    """Return an attribute of integers; empty if the node has none of that name."""
    found = (attribute for attribute in node.attribute if attribute.name == key)
    return next((list(attribute.ints) for attribute in found), [])


def refused(card: ModelCard, why: str) -> ModelError:
    """Return the error for a model whose filters this module cannot find."""
    return ModelError(f"the filters of {card.name} cannot be looked at: {why}")
