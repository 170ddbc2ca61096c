"""A Keras model as an ONNX graph: codes (n, width) uint8 → scores (n, targets) float32.

    codes ─both strands→ letters A C G T ─layers→ outputs ─mean of the strands→ scores

An unknown base is 0.25 of each letter.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from onnx import ModelProto, TensorProto, helper

from regplug.errors import ModelError
from regplug.models.onnx_builder import Builder
from regplug_keras.architecture import Layer
from regplug_keras.layers import Build, build
from regplug_keras.values import Values
from regplug_keras.weights import WeightFile

WIDEST = 2**20  # bases


class KerasGraph(NamedTuple):
    """A graph, and what a card must know of it.

    Attributes:
        onnx: the graph.
        width: bases that it reads.
        targets: its outputs.
        largest: numbers that the largest layer gives for one strand of a row.
        last: the activation of its outputs, "" for none.
    """

    onnx: ModelProto
    width: int
    targets: int
    largest: int
    last: str


def keras_graph(layers: Sequence[Layer], weights: WeightFile, *, theano: bool) -> KerasGraph:
    """Return the graph of a model's layers.

    Args:
        layers: of the architecture.
        weights: of the same model.
        theano: whether filters are those of Theano, which turns them round.

    Raises:
        ModelError: a layer is not read (named), the weights do not fit, or it does not read DNA.
    """
    graph, using = Builder(), None
    shape = input_shape(layers)
    width = max(shape)
    values = Values(_letters(graph, shape, width), shape)
    using = Build(graph, weights, theano)
    largest = prod(shape)
    for layer in layers:
        with graph.scope(f"layer{layer.place}"):
            values = build(layer, values, using)
        largest = max(largest, values.size)
    weights.check_all_taken()
    if len(values.shape) != 1:
        raise ModelError(f"{layers[-1]} gives shape {values.shape}, where one axis of targets fits")
    targets = values.size
    strands = graph.reshape(values.tensor, 2, -1, targets)
    graph.name("scores", graph.op("ReduceMean", strands, axes=[0], keepdims=0))
    onnx = graph.model(
        "keras",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", targets])],
        doc="mean of both strands: codes A C G T = 0 1 2 3, anything else unknown",
    )
    return KerasGraph(onnx, width, targets, largest, values.last)


def input_shape(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the shape of one input: an axis of 4 letters, one of bases, any of 1.

    Raises:
        ModelError: the first layer tells another, or none.
    """
    first = layers[0]
    settings = first.settings
    batch = settings.get("batch_input_shape", settings.get("batch_shape"))
    shape = settings.get("input_shape") if batch is None else batch[1:]
    if shape is None and isinstance(settings.get("input_dim"), int):
        shape = [settings.get("input_length"), settings["input_dim"]]
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        raise first.fault(f"reads an input of shape {shape}: a model needs a window of its own")
    long = [size for size in shape if size != 1]
    if len(long) != 2 or 4 not in long or not 4 < max(long) <= WIDEST:
        raise first.fault(
            f"reads an input of shape {tuple(shape)}: DNA is an axis of 4 letters and one of bases"
        )
    return tuple(shape)


def _letters(graph: Builder, shape: tuple[int, ...], width: int) -> str:
    """Return the letters of both strands, (2n, *shape)."""
    letters = graph.one_hot(graph.both_strands(graph.known("codes"), width))  # (2n, 4, 1, width)
    if shape.index(4) > shape.index(width):
        letters = graph.op("Transpose", letters, perm=[0, 3, 2, 1])
    return graph.reshape(letters, -1, *shape)
