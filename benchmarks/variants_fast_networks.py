"""Networks of random weights for `variants_fast`: of the speed and the sums of trained ones."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from regplug.models.onnx_builder import Builder
from regplug.models.stack import NORM, StackNetwork, StackShape
from regplug.models.stack_graph import stack_graph

BPNET_WINDOW, BPNET_FILTERS, BPNET_LAYERS = 2114, 512, 8  # Pampari et al.: ChromBPNet


def basset() -> ModelProto:
    """Return Basset's network, 600 bases and 164 targets (Kelley et al. 2016)."""
    return _stack(lambda rng, shape: rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:])))


def hard() -> ModelProto:
    """Return Basset's network with weights of Student's t with 3 degrees of freedom."""
    return _stack(
        lambda rng, shape: rng.standard_t(3, size=shape) * np.sqrt(2 / np.prod(shape[1:]))
    )


def _stack(weights: Any) -> ModelProto:
    rng, arrays = np.random.default_rng(0), {}
    shape = StackShape(targets=164)
    for name, size in shape.arrays().items():
        layer, _, kind = name.rpartition(".")
        if kind in NORM[2:] or "norm" in layer:
            array = np.full(size, 0.0 if kind in ("bias", "running_mean") else 1.0)
        elif kind == "bias":
            array = rng.normal(size=size) / 10
        else:
            array = weights(rng, size)
        arrays[name] = array.astype(np.float32)
    return stack_graph(StackNetwork(shape, arrays))


def basset_in_torch(folder: Path) -> Any:
    """Return the Basset of a folder as a module that averages both strands of letters."""
    import torch
    from torch import nn

    graph = onnx.load(folder / "1" / "model.onnx").graph
    arrays = {
        array.name: torch.from_numpy(numpy_helper.to_array(array).copy())
        for array in graph.initializer
    }
    layers: list[Any] = []
    pools = iter((3, 4, 4))
    for node in graph.node:
        if node.op_type == "Conv":
            weight, bias = (arrays[name] for name in node.input[1:])
            layer: Any = nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[3])
            layer.weight.data, layer.bias.data = weight[:, :, 0], bias
            layers += [layer, nn.ReLU(), nn.MaxPool1d(next(pools))]
        elif node.op_type == "Gemm":
            weight, bias = (arrays[name] for name in node.input[1:])
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, bias
            layers += [*([nn.Flatten()] if isinstance(layers[-1], nn.MaxPool1d) else []), layer]
            layers.append(nn.ReLU())
    layers[-1] = nn.Sigmoid()

    class BothStrands(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = nn.Sequential(*layers)

        def forward(self, letters: Any) -> Any:
            return (self.network(letters) + self.network(letters.flip(1, 2))) / 2

    return BothStrands().eval()


def bpnet() -> ModelProto:
    """Return a network of ChromBPNet's size: dilated convolutions without padding, log counts."""
    rng, graph = np.random.default_rng(0), Builder()

    def array(*shape: int) -> str:
        scale = np.sqrt(1 / np.prod(shape[1:]))
        weights: NDArray[np.float64] = rng.normal(size=shape) * scale
        return graph.constant(weights, np.float32)

    filters = BPNET_FILTERS
    values = graph.one_hot(graph.both_strands(graph.known("codes"), BPNET_WINDOW))
    values = graph.op("Relu", graph.op("Conv", values, array(filters, 4, 1, 21), array(filters)))
    length = BPNET_WINDOW - 20
    for layer in range(1, BPNET_LAYERS + 1):
        apart = 2**layer
        made = graph.op(
            "Conv", values, array(filters, filters, 1, 3), array(filters), dilations=[1, apart]
        )
        length -= 2 * apart
        kept = graph.cut(values, apart, apart + length, 3)
        values = graph.op("Add", kept, graph.op("Relu", made))
    flat = graph.op("Flatten", graph.op("GlobalAveragePool", values))
    counts = graph.op("Gemm", flat, array(filters, 1))
    strands = graph.reshape(counts, 2, -1, 1)
    graph.name("scores", graph.op("ReduceMean", strands, axes=[0], keepdims=0))
    return graph.model(
        "bpnet",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", BPNET_WINDOW])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])],
        doc="random weights",
    )
