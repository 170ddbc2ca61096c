"""A Keras model as a Net: letters (n, *shape) → answers (n, targets), layer by layer.

    letters ─layers→ answers of the last

The layers of a functional model come in an order in which each follows those that it reads.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeGuard

import numpy as np
from onnx import TensorProto, helper

from regplug.errors import ModelError
from regplug.models.foreign import WIDEST, Net, net_of
from regplug.models.keras.architecture import Architecture, Layer
from regplug.models.keras.layers import Build, build
from regplug.models.keras.values import Values
from regplug.models.keras.weights import WeightFile
from regplug.models.onnx_builder import Builder
from regplug.scoring.outputs import Kind


def keras_net(
    architecture: Architecture,
    weights: WeightFile,
    called: str,
    *,
    theano: bool,
    window: int | None = None,
    head: str = "",
    outputs: Mapping[str, Kind] = MappingProxyType({}),
    zeros: bool = False,
) -> Net:
    """Return a model's layers as a Net.

    Args:
        architecture: the layers.
        weights: of the same model.
        called: what messages call it.
        theano: whether filters are those of Theano, which turns them round.
        window: bases that it reads, where its input has no fixed length.
        head: the layer that answers, where there are several.
        outputs: layers that answer, where several are wanted, and what each gives.
        zeros: whether inputs beside the longest one of DNA are held at zero.

    Raises:
        ModelError: a layer is not read (named), the weights do not fit, or it does not read DNA.
    """
    layers = architecture.layers
    entry, shape = input_of(layers, window, zeros=zeros)
    graph = Builder()
    using = Build(graph, weights, theano)
    found: dict[str, Values] = {}
    for layer in layers:
        with graph.scope(f"layer{layer.place}"):
            of_dna = layer.key == entry
            read = [Values("letters", shape)] if of_dna else _read(layer, found, graph)
            found[layer.key] = build(layer, read, using)
    weights.check_all_taken()
    if outputs:
        answers = {name: found[architecture.output(name, called)] for name in outputs}
    else:
        key = architecture.output(head, called)
        answers = {"answers": found[key]}
        if len(found[key].shape) != 1:
            (layer,) = (layer for layer in layers if layer.key == key)
            raise layer.fault(
                f"gives shape {found[key].shape}, where one axis of targets fits: take it beside "
                "others (--head NAME=KIND)"
            )
    for name, answer in answers.items():
        graph.name(name, answer.tensor)
    model = graph.model(
        "keras",
        [helper.make_tensor_value_info("letters", TensorProto.FLOAT, ["n", *shape])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *answer.shape])
            for name, answer in answers.items()
        ],
        doc="",
    )
    axes = {4: "c", 1: "1"}
    layout = "n" + "".join(axes.get(size, "l") for size in shape)
    return net_of(model, called, layout=layout, outputs=outputs)


def _read(layer: Layer, found: dict[str, Values], graph: Builder) -> list[Values]:
    """Return the values that a layer reads; an input that is held at zero reads zeros."""
    if not layer.reads:
        shape = _told_shape(layer)
        if not shape or not all(isinstance(size, int) and 0 < size <= WIDEST for size in shape):
            raise layer.fault(f"is an input of shape {shape}, which cannot be held at zero")
        rows = graph.size("letters", 0)
        zeros = graph.op("Concat", rows, graph.ints(*shape), axis=0)
        return [Values(graph.op("Expand", graph.constant(0, np.float32), zeros), tuple(shape))]
    if missing := [name for name in layer.reads if name not in found]:
        raise layer.fault(f"reads {missing[0]}, which is no layer before it")
    return [found[name] for name in layer.reads]


def input_of(
    layers: Sequence[Layer], window: int | None = None, *, zeros: bool = False
) -> tuple[str, tuple[int, ...]]:
    """Return the key and shape of the input of DNA: an axis of 4 letters, one of bases, any of 1.

    With `zeros` it is the longest of that form, and there may be others.

    Raises:
        ModelError: there are two inputs, or the first layer tells another shape, or none.
    """
    entries = [layer for layer in layers if not layer.reads]
    if not entries:
        raise ModelError("none of the layers is an input, as each reads another")
    if len(entries) > 1 and not zeros:
        raise entries[1].fault(f"is a second input beside {entries[0].name}: one of DNA is read")
    shapes = {layer.key: _with_window(_told_shape(layer), window) for layer in entries}
    of_dna = {key: shape for key, shape in shapes.items() if _is_dna(shape)}
    if of_dna:
        key = max(of_dna, key=lambda key: max(of_dna[key]))
        return key, tuple(of_dna[key])
    first, shape = entries[0], shapes[entries[0].key]
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        raise first.fault(
            f"reads an input of shape {shape}: a model needs a window of its own, name one with "
            "--window"
        )
    raise first.fault(
        f"reads an input of shape {tuple(shape)}: DNA is an axis of 4 letters and one of bases"
    )


def _told_shape(layer: Layer) -> Any:
    """Return the shape of a row of an input, as far as its file tells it."""
    settings = layer.settings
    batch = settings.get("batch_input_shape", settings.get("batch_shape"))
    shape = settings.get("input_shape") if batch is None else batch[1:]
    if shape is None and isinstance(settings.get("input_dim"), int):
        return [settings.get("input_length"), settings["input_dim"]]
    return shape


def _with_window(shape: Any, window: int | None) -> Any:
    if isinstance(shape, list) and shape.count(None) == 1 and window is not None:
        return [window if size is None else size for size in shape]
    return shape


def _is_dna(shape: Any) -> TypeGuard[list[int]]:
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        return False
    long = [size for size in shape if size != 1]
    return len(long) == 2 and 4 in long and 4 < max(long) <= WIDEST
