"""Trained networks as one ONNX graph: codes (n, width) uint8 → scores (n, targets) float32.

    codes ─both strands→ letters ─members→ logits ─mean over members and strands→ scores

The norms of the blocks are folded into their filters; the stem's stands behind its maximum, which
a negative scale would turn into a minimum.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from regplug.models.onnx_builder import Builder
from regplug.train.cnn.shape import CnnShape

Array = NDArray[np.float32]
Weights = Mapping[str, Array]
_EPSILON = 1e-5  # torch's default of a norm


def ensemble_graph(
    shape: CnnShape, members: Sequence[Weights], *, probabilities: bool = False
) -> ModelProto:
    """Return the graph of networks of one shape, each given by the arrays of a Cnn's state.

    Scores are mean logits, or `probabilities`, the sigmoids of these.
    """
    graph = Builder()
    letters = _letters(graph, shape)
    logits = []
    for number, weights in enumerate(members, start=1):
        with graph.scope(f"member{number}"):
            logits.append(_member(graph, shape, weights, letters))
    total = graph.op("Sum", *logits)
    strands = graph.reshape(total, 2, -1, shape.targets)
    mean = graph.op("ReduceMean", strands, axes=[0], keepdims=0)
    share = graph.constant(1 / len(members), np.float32)
    scores = graph.op("Mul", mean, share)
    graph.name("scores", graph.op("Sigmoid", scores) if probabilities else scores)
    return graph.model(
        "deepbind",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", shape.width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", shape.targets])],
        doc=f"Mean logits of an ensemble{', as probabilities' if probabilities else ''}: "
        "codes A C G T = 0 1 2 3, anything else unknown",
    )


def _letters(graph: Builder, shape: CnnShape) -> str:
    """Return both strands with unknown bases around, shape (2n, 4, 1, bases)."""
    both = graph.both_strands(graph.known("codes"), shape.width)
    ends = shape.length // 2
    around = graph.op("Pad", both, graph.ints(0, ends, 0, ends), graph.constant(4, np.int32))
    return graph.one_hot(around)


def _member(graph: Builder, shape: CnnShape, weights: Weights, letters: str) -> str:
    """Return a network's logits, shape (2n, targets), of letters (2n, 4, 1, bases)."""
    stem = weights["stem.weight"].reshape(shape.channels, 1, shape.length, 4).transpose(0, 3, 1, 2)
    values = graph.op("Conv", letters, graph.constant(stem, np.float32))
    if shape.turned:
        other = graph.op("Conv", letters, graph.constant(stem[:, ::-1, :, ::-1], np.float32))
        values = graph.op("Max", values, other)
    pool = [1, shape.pool]
    values = graph.op("MaxPool", values, kernel_shape=pool, strides=pool)
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
    half = graph.op("Mul", values, graph.constant(0.5, np.float32))  # GELU, which opset 20 has
    error = graph.op("Erf", graph.op("Mul", values, graph.constant(sqrt(0.5), np.float32)))
    return graph.op("Mul", half, graph.op("Add", error, graph.constant(1, np.float32)))
