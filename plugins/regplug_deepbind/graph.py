"""DeepBind networks as a single ONNX graph: codes (n, bases) uint8 → scores (n, targets) float32.

    codes ─placements→ bases under filters ─pooling→ features ─dense→ scores of sub-windows → scores
                                                                └─hidden_graph→ hidden layer

A sequence's score is the largest of its sub-windows' over both strands, each sub-window scored by
itself, as DeepBind v0.11 does. Networks of the same shape are computed together (`_Shape`); the
targets keep the order they are given in.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import ModelProto, TensorProto, helper

from regplug.models.onnx_builder import Builder
from regplug_deepbind.filters import stack_filters
from regplug_deepbind.network import Network
from regplug_deepbind.placements import SubWindows
from regplug_deepbind.pooling import Pooling


class _Shape(NamedTuple):
    """What networks must share to be computed together."""

    length: int
    filters: int
    hidden: int
    average_pooling: bool
    reverse_complement: bool

    @classmethod
    def of(cls, network: Network) -> "_Shape":
        return cls(
            length=network.length,
            filters=network.detectors.shape[2],
            hidden=network.hidden,
            average_pooling=network.average_pooling,
            reverse_complement=network.reverse_complement,
        )

    @property
    def strands(self) -> int:
        return 2 if self.reverse_complement else 1

    def __str__(self) -> str:
        pooling = "mean" if self.average_pooling else "max"
        return f"length{self.length}_hidden{self.hidden}_{pooling}_strands{self.strands}"


def variant_width(networks: Sequence[Network]) -> int:
    """Return the width of `variant_graph`: the bases whose sub-windows all cover the middle."""
    return max(2 * network.scan - 1 for network in networks)


def variant_graph(networks: Sequence[Network]) -> ModelProto:
    """Return a graph of fixed width; a network reads its sub-windows that cover the middle base."""
    return _panel(networks, width=variant_width(networks), whole=False)


def scan_graph(networks: Sequence[Network], *, whole: bool = False) -> ModelProto:
    """Return a graph for sequences of any length; with `whole`, a sequence is a single sub-window.

    In training sequences are read whole; the published scan uses sub-windows.
    """
    return _panel(networks, width=None, whole=whole)


def hidden_graph(network: Network) -> ModelProto:
    """Return a graph of what the last layer reads where it scores best: codes → (n, units).

    That is the hidden layer after its rectifier, or the features of a network without a hidden
    layer, at the sub-window and on the strand that give the score; of several with that score the
    first counts, and the given strand before the other. The output is called `scores`, as a
    model's is.
    """
    graph, shape = Builder(), _Shape.of(network)
    windows = _sub_windows(graph, graph.known("codes"), network, None, whole=False)
    hidden = _hidden(graph, shape, [network], _features(graph, windows, shape, [network]))
    values = _last(graph, shape, [network], hidden)
    values = graph.reshape(values, shape.strands, -1, windows.count)
    values = graph.op("Transpose", values, perm=[1, 0, 2])  # (n, strands, sub-windows)
    best = graph.op("ArgMax", graph.reshape(values, 0, -1), axis=1)
    units = graph.reshape(hidden, shape.strands, network.units, -1, windows.count)
    units = graph.op("Transpose", units, perm=[2, 0, 3, 1])  # (n, strands, sub-windows, units)
    units = graph.reshape(units, 0, -1, network.units)
    graph.name("scores", graph.op("GatherND", units, best, batch_dims=1))
    return _model(graph, None, network.units)


def _panel(networks: Sequence[Network], *, width: int | None, whole: bool) -> ModelProto:
    """Return the graph of networks; see `variant_graph` (with a width) and `scan_graph`."""
    graph = Builder()
    codes = graph.known("codes")
    windows: dict[int, SubWindows] = {}
    scores, order = [], []
    for shape, members in _grouped(networks).items():
        group = [networks[member] for member in members]
        if shape.length not in windows:
            with graph.scope(f"length{shape.length}"):
                windows[shape.length] = _sub_windows(graph, codes, group[0], width, whole)
        with graph.scope(str(shape)):
            scores.append(_scores(graph, windows[shape.length], shape, group))
        order += members
    scored = graph.op("Concat", *scores, axis=0)  # (targets, n), group by group
    in_order = graph.op("Gather", scored, graph.ints(*np.argsort(order)))
    graph.name("scores", graph.op("Transpose", in_order, perm=[1, 0]))
    return _model(graph, width, len(networks))


def _model(graph: Builder, width: int | None, outputs: int) -> ModelProto:
    return graph.model(
        "deepbind",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", width or "bases"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", outputs])],
        doc="DeepBind v0.11: codes A C G T = 0 1 2 3, anything else unknown",
    )


def _grouped(networks: Sequence[Network]) -> dict[_Shape, list[int]]:
    """Return the positions of the networks of each shape."""
    groups: defaultdict[_Shape, list[int]] = defaultdict(list)
    for position, network in enumerate(networks):
        groups[_Shape.of(network)].append(position)
    return dict(sorted(groups.items()))


def _sub_windows(
    graph: Builder, codes: str, network: Network, width: int | None, whole: bool
) -> SubWindows:
    """Return the sub-windows for a motif length; at a fixed width, those that cover the middle."""
    scan = None if whole else network.scan
    if width is None:
        return SubWindows(graph, codes, length=network.length, scan=scan, bases=None)
    middle, reach = width // 2, network.scan
    central = graph.cut(codes, middle - (reach - 1), middle + reach, axis=1)
    return SubWindows(graph, central, length=network.length, scan=scan, bases=2 * reach - 1)


def _scores(graph: Builder, windows: SubWindows, shape: _Shape, group: Sequence[Network]) -> str:
    """Return the scores, shape (networks, n), of a group of networks of the same shape."""
    features = _features(graph, windows, shape, group)
    with graph.scope("dense"):
        values = _last(graph, shape, group, _hidden(graph, shape, group, features))
        values = graph.reshape(values, shape.strands, len(group), -1, windows.count)
        best = graph.op("ReduceMax", values, axes=[3], keepdims=0)
        return graph.op("ReduceMax", best, axes=[0], keepdims=0)


def _features(graph: Builder, windows: SubWindows, shape: _Shape, group: Sequence[Network]) -> str:
    """Return what the dense layers read, shape (strands, networks, features, n * sub-windows)."""
    bank = stack_filters(group, shape.reverse_complement)
    pooled = Pooling(graph, windows, bank, sums=shape.average_pooling).pooled()
    if pooled.sums is None:
        return graph.reshape(pooled.maxima, shape.strands, len(group), shape.filters, -1)
    placements = graph.op("Add", windows.width, graph.ints(shape.length - 1))
    means = graph.op("Div", pooled.sums, graph.op("Cast", placements, to=TensorProto.FLOAT))
    axis = graph.ints(1)
    pairs = [graph.op("Unsqueeze", values, axis) for values in (pooled.maxima, means)]
    interleaved = graph.op("Concat", *pairs, axis=1)  # (rows, 2, n * sub-windows)
    return graph.reshape(interleaved, shape.strands, len(group), 2 * shape.filters, -1)


def _hidden(graph: Builder, shape: _Shape, group: Sequence[Network], features: str) -> str:
    """Return what the last layers read, shape (strands, networks, units, n * sub-windows)."""
    if not shape.hidden:
        return features
    weights = [network.weights1.T for network in group]
    return graph.op(
        "Relu", _layer(graph, weights, [network.biases1 for network in group], features)
    )


def _last(graph: Builder, shape: _Shape, group: Sequence[Network], hidden: str) -> str:
    """Return the networks' outputs, shape (strands, networks, 1, n * sub-windows)."""
    if not shape.hidden:
        weights = [network.weights1.T for network in group]
        return _layer(graph, weights, [network.biases1 for network in group], hidden)
    weights = [network.weights2[np.newaxis] for network in group if network.weights2 is not None]
    return _layer(graph, weights, [network.bias2 for network in group], hidden)


def _layer(
    graph: Builder, weights: Sequence[NDArray[np.float32]], biases: ArrayLike, values: str
) -> str:
    """Return a dense layer of each network; weights have shape (outputs, inputs)."""
    product = graph.op("MatMul", graph.constant(np.stack(weights), np.float32), values)
    columns = np.reshape(biases, (len(weights), -1, 1))
    return graph.op("Add", product, graph.constant(columns, np.float32))
