"""Layers that read several others, or leave out or add places at the ends."""

from collections.abc import Sequence

from regplug.models.keras.architecture import Layer
from regplug.models.keras.values import Values
from regplug.models.onnx_builder import Builder

_OPS = {"Add": "Sum", "Average": "Mean", "Maximum": "Max", "Minimum": "Min"}


def merged(layer: Layer, values: Sequence[Values], graph: Builder) -> Values:
    """Return values of one shape, taken together one by one: sum, mean, maximum, product ...

    Raises:
        ModelError: their shapes differ.
    """
    shapes = {each.shape for each in values}
    if len(shapes) > 1:
        raise layer.fault(f"reads shapes {', '.join(map(str, sorted(shapes)))}: one fits")
    tensor = values[0].tensor
    if layer.kind in _OPS:
        return values[0].with_(graph.op(_OPS[layer.kind], *(each.tensor for each in values)))
    if layer.kind == "Subtract" and len(values) != 2:
        raise layer.fault(f"reads {len(values)} layers, where 2 fit")
    for each in values[1:]:
        tensor = graph.op("Sub" if layer.kind == "Subtract" else "Mul", tensor, each.tensor)
    return values[0].with_(tensor)


def concatenated(layer: Layer, values: Sequence[Values], graph: Builder) -> Values:
    """Return values one after the other along an axis.

    Raises:
        ModelError: there is no such axis, or their shapes differ along another.
    """
    axes = len(values[0].shape)
    axis = layer.settings.get("axis", -1)
    if not isinstance(axis, int) or axis == 0 or not -axes <= axis <= axes:
        raise layer.fault(f"has axis {axis!r}, where values have shape {values[0].shape}")
    place = axis - 1 if axis > 0 else axis + axes
    others = {each.shape[:place] + each.shape[place + 1 :] for each in values}
    if len(others) > 1 or len({len(each.shape) for each in values}) > 1:
        raise layer.fault(f"reads shapes {', '.join(str(each.shape) for each in values)}")
    tensor = graph.op("Concat", *(each.tensor for each in values), axis=place + 1)
    size = sum(each.shape[place] for each in values)
    return Values(tensor, (*values[0].shape[:place], size, *values[0].shape[place + 1 :]))


def cropped(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return values without some at either end of the bases.

    Raises:
        ModelError: nothing is left, or the values have no axis of bases and one of channels.
    """
    before, after = _ends(layer, "cropping", values)
    bases, channels = values.shape
    if before + after >= bases:
        raise layer.fault(f"leaves out {before} and {after} of {bases}")
    tensor = graph.cut(values.tensor, before, bases - after, axis=1)
    return Values(tensor, (bases - before - after, channels))


def padded(layer: Layer, values: Values, graph: Builder) -> Values:
    """Return values with zeros at either end of the bases.

    Raises:
        ModelError: the values have no axis of bases and one of channels.
    """
    before, after = _ends(layer, "padding", values)
    bases, channels = values.shape
    tensor = graph.op("Pad", values.tensor, graph.ints(0, before, 0, 0, after, 0))
    return Values(tensor, (bases + before + after, channels))


def _ends(layer: Layer, key: str, values: Values) -> tuple[int, int]:
    """Return how many places a setting tells for the two ends."""
    told = layer.settings.get(key, 1)
    ends = told if isinstance(told, list) else [told, told]
    counts = [end for end in ends if isinstance(end, int) and 0 <= end <= 2**20]
    if len(ends) != 2 or len(counts) != 2 or len(values.shape) != 2:
        raise layer.fault(f"has {key} {told!r}, where values have shape {values.shape}")
    return counts[0], counts[1]
