"""Activations by the names that Keras gives them."""

from regplug.models.keras.architecture import Layer
from regplug.models.keras.values import Values
from regplug.models.onnx_builder import Builder

_OPS = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "selu": "Selu",
    "elu": "Elu",
    "exponential": "Exp",
}
_NAMES = ("linear", *_OPS, "softmax", "gelu", "swish", "silu")


def activated(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return the values after the activation that a layer's settings name.

    Raises:
        ModelError: it is not read.
    """
    kind, tensor = layer.choice("activation", *_NAMES), values.tensor
    if kind == "linear":
        return values
    if kind == "softmax":
        return values.with_(graph.op("Softmax", tensor, axis=-1))
    if kind in ("swish", "silu"):
        return values.with_(graph.op("Mul", tensor, graph.op("Sigmoid", tensor)))
    if kind == "gelu":  # Keras's own unless it is told `approximate`
        return values.with_(graph.gelu(tensor))
    return values.with_(graph.op(_OPS[kind], tensor))


def rectified(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return the values after a ReLU, LeakyReLU, ELU or Softmax that is a layer of its own.

    Raises:
        ModelError: a setting is not read.
    """
    settings = layer.settings
    if layer.kind == "Softmax":
        if settings.get("axis", -1) not in (-1, [-1]):
            raise layer.fault(f"has axis {settings['axis']!r}: only the last is read")
        return values.with_(graph.op("Softmax", values.tensor, axis=-1))
    if layer.kind == "ReLU" and (settings.get("max_value") or settings.get("threshold")):
        raise layer.fault("has a max_value or threshold, which are not read")
    default = {"LeakyReLU": 0.3, "ELU": 1.0, "ReLU": 0.0}[layer.kind]
    slope = settings.get("negative_slope", settings.get("alpha", default))
    slope = float(slope) if isinstance(slope, (int, float)) else default
    kind = "Elu" if layer.kind == "ELU" else "LeakyRelu"
    return values.with_(graph.op(kind, values.tensor, alpha=slope))
