"""A StackNetwork as an ONNX graph: codes (n, width) uint8 → scores (n, targets) float32.

    codes ─both strands→ letters ─convolutions→ bins ─dense layers→ probabilities ─mean→ scores

The norms are folded into the layers before them. The two strands' probabilities are averaged, as
`basset_predict.lua -rc` does.
"""

import numpy as np
from numpy.typing import ArrayLike
from onnx import ModelProto, TensorProto, helper

from regplug.models.onnx_builder import Builder
from regplug.models.stack import StackNetwork


def stack_graph(network: StackNetwork) -> ModelProto:
    """Return the graph of a network."""
    graph, shape = Builder(), network.shape
    values = graph.one_hot(graph.both_strands(graph.known("codes"), shape.width))
    for i, (pad, pool) in enumerate(zip(shape.pads, shape.pools, strict=True)):
        with graph.scope(f"conv{i + 1}"):
            values = _convolution(graph, network, i, values, pad, pool)
    values = graph.op("Flatten", values)  # (2n, filters * bins), filter by filter
    for i in range(len(shape.dense)):
        with graph.scope(f"dense{i + 1}"):
            weight, bias = network.folded(f"dense.{i}", f"dense_norms.{i}")
            values = graph.op("Relu", _linear(graph, values, weight, bias))
    logits = _linear(graph, values, network.arrays["last.weight"], network.arrays["last.bias"])
    strands = graph.reshape(graph.op("Sigmoid", logits), 2, -1, shape.targets)
    graph.name("scores", graph.op("ReduceMean", strands, axes=[0], keepdims=0))
    return graph.model(
        "basset",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", shape.width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", shape.targets])],
        doc="Basset, mean of both strands: codes A C G T = 0 1 2 3, anything else unknown",
    )


def _convolution(
    graph: Builder, network: StackNetwork, i: int, values: str, pad: int, pool: int
) -> str:
    """Return the bins (2n, filters, 1, bins) after a convolution, its norm, rectifier and pool."""
    weight, bias = network.folded(f"convs.{i}", f"conv_norms.{i}")
    filters = graph.constant(weight[:, :, np.newaxis], np.float32)
    values = graph.op(
        "Conv", values, filters, graph.constant(bias, np.float32), pads=[0, pad, 0, pad]
    )
    return graph.op(
        "MaxPool",
        graph.op("Relu", values),
        kernel_shape=[1, pool],
        strides=[1, pool],
        ceil_mode=int(network.shape.form == "same"),
    )


def _linear(graph: Builder, values: str, weight: ArrayLike, bias: ArrayLike) -> str:
    """Return a dense layer's values; weights have shape (outputs, inputs)."""
    weights, biases = (graph.constant(array, np.float32) for array in (weight, bias))
    return graph.op("Gemm", values, weights, biases, transB=1)
