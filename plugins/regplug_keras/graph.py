"""A Keras model as a Net: letters (n, *shape) → answers (n, targets), layer by layer.

    letters ─layers→ answers of the last

The layers of a functional model come in an order in which each follows those that it reads.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from onnx import TensorProto, helper

from regplug.models.foreign import WIDEST, Net, net_of
from regplug.models.onnx_builder import Builder
from regplug.scoring.outputs import Kind
from regplug_keras.architecture import Architecture, Layer
from regplug_keras.layers import Build, build
from regplug_keras.values import Values
from regplug_keras.weights import WeightFile


def keras_net(
    architecture: Architecture,
    weights: WeightFile,
    called: str,
    *,
    theano: bool,
    window: int | None = None,
    head: str = "",
    outputs: Mapping[str, Kind] = MappingProxyType({}),
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

    Raises:
        ModelError: a layer is not read (named), the weights do not fit, or it does not read DNA.
    """
    layers = architecture.layers
    shape = input_shape(layers, window)
    graph = Builder()
    using = Build(graph, weights, theano)
    found: dict[str, Values] = {}
    for layer in layers:
        with graph.scope(f"layer{layer.place}"):
            found[layer.key] = build(layer, _read(layer, found, shape), using)
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


def _read(layer: Layer, found: dict[str, Values], shape: tuple[int, ...]) -> list[Values]:
    """Return the values that a layer reads; the first layer's are the letters."""
    if not layer.reads:
        return [Values("letters", shape)]
    if missing := [name for name in layer.reads if name not in found]:
        raise layer.fault(f"reads {missing[0]}, which is no layer before it")
    return [found[name] for name in layer.reads]


def input_shape(layers: Sequence[Layer], window: int | None = None) -> tuple[int, ...]:
    """Return the shape of one input: an axis of 4 letters, one of bases, any of 1.

    Raises:
        ModelError: there are two inputs, or the first layer tells another shape, or none.
    """
    first, *others = [layer for layer in layers if not layer.reads]
    if others:
        raise others[0].fault(f"is a second input beside {first.name}: one of DNA is read")
    settings = first.settings
    batch = settings.get("batch_input_shape", settings.get("batch_shape"))
    shape = settings.get("input_shape") if batch is None else batch[1:]
    if shape is None and isinstance(settings.get("input_dim"), int):
        shape = [settings.get("input_length"), settings["input_dim"]]
    if isinstance(shape, list) and shape.count(None) == 1 and window is not None:
        shape = [window if size is None else size for size in shape]
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        raise first.fault(
            f"reads an input of shape {shape}: a model needs a window of its own, name one with "
            "--window"
        )
    long = [size for size in shape if size != 1]
    if len(long) != 2 or 4 not in long or not 4 < max(long) <= WIDEST:
        raise first.fault(
            f"reads an input of shape {tuple(shape)}: DNA is an axis of 4 letters and one of bases"
        )
    return tuple(shape)
