"""A panel's graph ─stacks_of→ the weights in it, stacked by the networks' shapes.

Whoever wrote the model and whenever, its graph is all that is needed: `graph` and `pooling` give
the nodes that read weights these names.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper

Floats = NDArray[np.float32]
_SHAPE = re.compile(r"(length(\d+)_hidden(\d+)_(mean|max)_strands([12]))/inside/Gather_1")


@dataclass(frozen=True, eq=False)
class Stack:
    """Networks of one shape.

    Attributes:
        targets: the panel's targets that they are, shape (networks,).
        scan: bases of a sub-window.
        mean: True if features are maxima and means, interleaved.
        filters: less the mean of each column, shape (strands, networks, filters, length, 4).
        thresholds: with those means, shape (strands, networks, filters).
        weights1: shape (networks, outputs, features).
        biases1: shape (networks, outputs).
        weights2: of the hidden units, shape (networks, units); None where there are none.
        biases2: shape (networks,), or None.
    """

    targets: NDArray[np.int64]
    scan: int
    mean: bool
    filters: Floats
    thresholds: Floats
    weights1: Floats
    biases1: Floats
    weights2: Floats | None
    biases2: Floats | None


def stacks_of(model: ModelProto) -> list[Stack] | None:
    """Return what a panel is made of; None of any other graph, or one that reads sequences whole.

    That is taken from names and sizes alone: what is computed of it has to be compared.
    """
    try:
        return _stacks(model.graph)
    except (KeyError, ValueError, IndexError):
        return None


def _stacks(graph: GraphProto) -> list[Stack] | None:
    nodes = {node.name: node for node in graph.node}
    arrays = {array.name: array for array in graph.initializer}

    def array(node: str, read: int, *shape: int) -> Floats:
        found = numpy_helper.to_array(arrays[nodes[node].input[read]])
        return np.asarray(found, np.float32).reshape(shape)

    made: list[Stack] = []
    order = _order(graph, nodes, arrays)
    first = 0
    for scope, length, hidden, pooling, strands in _shapes(graph):
        inside, dense = f"{scope}/inside/", f"{scope}/dense/"
        count = len(numpy_helper.to_array(arrays[nodes[f"{dense}MatMul_1"].input[0]]))
        sizes = {one.name: one.ints for one in nodes[f"{inside}MaxPool_1"].attribute}
        made.append(
            Stack(
                targets=order[first : first + count],
                scan=sizes["kernel_shape"][1] + length - 1,
                mean=pooling == "mean",
                filters=array(f"{inside}Gather_1", 0, strands, count, -1, length, 4),
                thresholds=array(f"{inside}Gather_2", 0, strands, count, -1),
                weights1=array(f"{dense}MatMul_1", 0, count, hidden or 1, -1),
                biases1=array(f"{dense}Add_1", 1, count, hidden or 1),
                weights2=array(f"{dense}MatMul_2", 0, count, hidden) if hidden else None,
                biases2=array(f"{dense}Add_2", 1, count) if hidden else None,
            )
        )
        first += count
    whole = np.array_equal(np.sort(order), np.arange(first)) and all(map(_agree, made))
    return made if made and whole else None


def _agree(stack: Stack) -> bool:
    """Tell whether a stack's arrays are of the same networks."""
    filters = stack.filters.shape[2]
    features = filters * (2 if stack.mean else 1)
    return stack.thresholds.shape[2] == filters and stack.weights1.shape[2] == features


def _shapes(graph: GraphProto) -> list[tuple[str, int, int, str, int]]:
    """Return of each shape its scope, length, hidden units, pooling and strands, in order."""
    found = (_SHAPE.fullmatch(node.name) for node in graph.node)
    return [
        (match[1], int(match[2]), int(match[3]), match[4], int(match[5]))
        for match in found
        if match
    ]


def _order(
    graph: GraphProto, nodes: dict[str, NodeProto], arrays: dict[str, object]
) -> NDArray[np.int64]:
    """Return the target that each network is, in the order of the shapes."""
    transposed = nodes[graph.node[-1].input[0]]
    in_order = nodes[transposed.input[0]]
    return np.argsort(numpy_helper.to_array(arrays[in_order.input[1]]))
