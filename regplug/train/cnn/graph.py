"""Trained networks as one ONNX graph: codes (n, width) uint8 → scores (n, targets) float32.

    codes ─both strands→ letters ─members→ logits ─mean over members and strands→ scores

Of members with different targets, each target is the mean of those that have it.

The norms of the blocks are folded into their filters; the stem's stands behind its maximum, which
a negative scale would turn into a minimum. Each strand's filters are pooled before the larger
counts: the same number, of a tenth of the values, which onnxruntime need not bring into order.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from regplug.models.onnx_builder import Builder
from regplug.train.cnn.shape import CnnShape

Array = NDArray[np.float32]
Weights = Mapping[str, Array]
_EPSILON = 1e-5  # torch's default of a norm


class Member(NamedTuple):
    """A trained network, and which of its outputs count for the graph's targets.

    Attributes:
        shape: of the network.
        weights: arrays of a Cnn's state.
        outputs: of each target of the graph the output that counts for it, from 0; None: none does.
    """

    shape: CnnShape
    weights: Weights
    outputs: Sequence[int | None]


def ensemble_graph(
    shape: CnnShape, members: Sequence[Weights], *, probabilities: bool = False
) -> ModelProto:
    """Return the graph of networks of one shape, each given by the arrays of a Cnn's state.

    Scores are mean logits, or `probabilities`, the sigmoids of these.
    """
    outputs = range(shape.targets)
    return joint_graph(
        [Member(shape, weights, outputs) for weights in members], probabilities=probabilities
    )


def joint_graph(members: Sequence[Member], *, probabilities: bool = False) -> ModelProto:
    """Return the graph of networks of which each has some of the targets.

    A target's score is the mean of the logits of the members that have it, or `probabilities`, the
    sigmoid of that. The window is the widest member's; a narrower one reads its middle. Where the
    widths differ by an odd number that is the middle left of the two, on either strand.

    Args:
        members: all say the same number of targets, and each target is some member's.
        probabilities: what scores are.
    """
    width = max(member.shape.width for member in members)
    targets = len(members[0].outputs)
    graph = Builder()
    both = graph.both_strands(graph.known("codes"), width)
    letters: dict[tuple[int, int], str] = {}
    logits, counts = [], np.zeros(targets)
    for number, (shape, weights, outputs) in enumerate(members, start=1):
        read = (shape.width, shape.length)
        if read not in letters:
            letters[read] = _letters(graph, both, (width - shape.width) // 2, shape)
        with graph.scope(f"member{number}"):
            logits.append(_member(graph, shape, _spread_out(weights, outputs), letters[read]))
        counts += [output is not None for output in outputs]
    total = graph.op("Sum", *logits)
    strands = graph.reshape(total, 2, -1, targets)
    mean = graph.op("ReduceMean", strands, axes=[0], keepdims=0)
    alike = (counts == len(members)).all()
    share = graph.constant(1 / len(members) if alike else 1 / counts, np.float32)
    scores = graph.op("Mul", mean, share)
    graph.name("scores", graph.op("Sigmoid", scores) if probabilities else scores)
    return graph.model(
        "deepbind",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", targets])],
        doc=f"Mean logits of an ensemble{', as probabilities' if probabilities else ''}: "
        "codes A C G T = 0 1 2 3, anything else unknown",
    )


def _spread_out(weights: Weights, outputs: Sequence[int | None]) -> Weights:
    """Return the weights with a head of the graph's targets; logits of those it has not are 0."""
    places = [at for at, output in enumerate(outputs) if output is not None]
    used = [output for output in outputs if output is not None]
    head = {name: weights[name] for name in ("head.weight", "head.bias")}
    for name, array in head.items():
        head[name] = np.zeros((len(outputs), *array.shape[1:]), np.float32)
        head[name][places] = array[used]
    return {**weights, **head}


def _letters(graph: Builder, both: str, beside: int, shape: CnnShape) -> str:
    """Return both strands with unknown bases around, shape (2n, 4, 1, bases).

    Of the codes of both strands, (2n, width), so many at either end are left out.
    """
    if beside:
        both = graph.cut(both, beside, beside + shape.width, 1)
    ends = shape.length // 2
    around = graph.op("Pad", both, graph.ints(0, ends, 0, ends), graph.constant(4, np.int32))
    return graph.one_hot(around)


def _member(graph: Builder, shape: CnnShape, weights: Weights, letters: str) -> str:
    """Return a network's logits, shape (2n, targets), of letters (2n, 4, 1, bases)."""
    stem = weights["stem.weight"].reshape(shape.channels, 1, shape.length, 4).transpose(0, 3, 1, 2)
    strands = [stem, stem[:, ::-1, :, ::-1]] if shape.turned else [stem]
    pool = [1, shape.pool]
    maxima = [
        graph.op("MaxPool", graph.op("Conv", letters, graph.constant(each, np.float32)),
                 kernel_shape=pool, strides=pool)
        for each in strands
    ]  # fmt: skip
    values = graph.op("Max", *maxima) if shape.turned else maxima[0]
    scale, offset = _norm(weights, "stem_norm")
    values = graph.op("Mul", values, graph.constant(scale[:, None, None], np.float32))
    values = graph.op("Add", values, graph.constant(offset[:, None, None], np.float32))
    values = _activation(graph, shape, values)
    for block in range(shape.blocks):
        scale, offset = _norm(weights, f"blocks.{block}.norm")
        filters = (weights[f"blocks.{block}.conv.weight"] * scale[:, None, None])[:, :, None]
        made = graph.op(
            "Conv",
            values,
            graph.constant(filters, np.float32),
            graph.constant(offset, np.float32),
            pads=[0, shape.block_length // 2] * 2,
        )
        values = graph.op("Add", values, _activation(graph, shape, made))
    flat = graph.op("Flatten", _features(graph, shape, weights, values))
    head = graph.constant(weights["head.weight"], np.float32)
    return graph.op("Gemm", flat, head, graph.constant(weights["head.bias"], np.float32), transB=1)


def _features(graph: Builder, shape: CnnShape, weights: Weights, values: str) -> str:
    """Return what the head reads of values (2n, channels, 1, bins)."""
    if shape.head == "flat":
        return values
    if shape.head == "max":
        parts = [values]
        if shape.centre:
            bounds = [graph.ints(at) for at in shape.middle]
            parts.append(graph.op("Slice", values, *bounds, graph.ints(3)))
        found = [
            graph.op(name, part, axes=[3]) for part in parts for name in ("ReduceMax", "ReduceMean")
        ]
        return graph.op("Concat", *found, axis=1)
    query = graph.op(
        "Conv",
        values,
        graph.constant(weights["query.weight"][:, :, None], np.float32),
        graph.constant(weights["query.bias"], np.float32),
    )
    place = graph.constant(weights["place"][:, None], np.float32)
    share = graph.op("Softmax", graph.op("Add", query, place), axis=3)
    return graph.op("ReduceSum", graph.op("Mul", share, values), graph.ints(3))


def _norm(weights: Weights, name: str) -> tuple[Array, Array]:
    """Return scale and offset (channels,) of a norm as it stands after training."""
    variance = weights[f"{name}.running_var"]
    scale: Array = weights[f"{name}.weight"] / np.sqrt(variance + _EPSILON)
    return scale, weights[f"{name}.bias"] - weights[f"{name}.running_mean"] * scale


def _activation(graph: Builder, shape: CnnShape, values: str) -> str:
    if shape.activation == "relu":
        return graph.op("Relu", values)
    return graph.gelu(values)
