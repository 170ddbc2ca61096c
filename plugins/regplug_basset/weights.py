"""Weights as other programs name and shape them → a StackNetwork.

state_dict.read_state_dict ─Weights→ to_network ─→ StackNetwork
torch7_network.read_torch7_network ─↗
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.models.stack import Array, Form, StackNetwork, StackShape, check_arrays, some


class Weights(NamedTuple):
    """The arrays of a file, and which layer they belong to.

    Attributes:
        arrays: by name, `<layer>.weight` and so on.
        convs: the names of each convolution and of its norm.
        dense: the names of each dense layer and of its norm.
        last: the name of the last layer.
        pools: bins that each maximum joins.
        pads: zeros that each convolution puts at either end; None if the file does not tell.
    """

    arrays: Mapping[str, NDArray[Any]]
    convs: list[tuple[str, str]]
    dense: list[tuple[str, str]]
    last: str
    pools: tuple[int, ...]
    pads: tuple[int, ...] | None = None


def to_network(weights: Weights, *, width: int) -> StackNetwork:
    """Return the network of a file that reads `width` bases.

    Its form is the first that leaves as many numbers as the first dense layer reads.

    Raises:
        ModelError: an array is missing, unknown, not finite or of a shape that does not fit; the
            message has the file's own names.
    """
    arrays = {name: _float32(array) for name, array in weights.arrays.items()}
    for conv, _ in weights.convs:
        weight = arrays.get(f"{conv}.weight")
        if weight is not None and weight.ndim == 4 and 1 in weight.shape[2:]:
            arrays[f"{conv}.weight"] = weight.reshape(*weight.shape[:2], -1)
    shape, layers, theirs = _shape(weights, arrays, width), _layers(weights), {}
    for name in shape.arrays():
        layer, _, leaf = name.rpartition(".")
        theirs[name] = f"{layers[layer]}.{leaf}"
    check_arrays(arrays, {theirs[name]: axes for name, axes in shape.arrays().items()})
    return StackNetwork(shape, {ours: arrays[name] for ours, name in theirs.items()})


def _layers(weights: Weights) -> dict[str, str]:
    """Return the file's name of each layer of a StackNetwork."""
    layers = {"last": weights.last}
    for kind, norms, pairs in (
        ("convs", "conv_norms", weights.convs),
        ("dense", "dense_norms", weights.dense),
    ):
        for i, (layer, norm) in enumerate(pairs):
            layers |= {f"{kind}.{i}": layer, f"{norms}.{i}": norm}
    return layers


def _shape(weights: Weights, arrays: Mapping[str, Array], width: int) -> StackShape:
    """Return the shape whose form leaves as many numbers as the first dense layer reads."""
    convs = [_weight(arrays, conv, axes=3) for conv, _ in weights.convs]
    dense = [_weight(arrays, layer, axes=2) for layer, _ in weights.dense]
    last = _weight(arrays, weights.last, axes=2)
    reads, tried = [*dense, last][0].shape[1], []
    for form in get_args(Form):
        try:
            shape = StackShape(
                targets=len(last),
                width=width,
                form=form,
                filters=tuple(len(conv) for conv in convs),
                sizes=tuple(conv.shape[2] for conv in convs),
                pools=weights.pools,
                dense=tuple(len(layer) for layer in dense),
            )
        except ValueError as error:
            tried.append(f"none ({form}: {error})")
            continue
        left = shape.filters[-1] * shape.bins
        if reads == left and weights.pads in (None, shape.pads):
            return shape
        tried.append(f"{left} ({form}, zeros at the ends {shape.pads})")
    pads = "" if weights.pads is None else f", zeros at the ends {weights.pads}"
    raise ModelError(
        f"the first dense layer reads {reads} numbers{pads}; over {width} bases Basset leaves "
        f"{' or '.join(tried)}: another network, or another window"
    )


def _weight(arrays: Mapping[str, Array], layer: str, *, axes: int) -> Array:
    name = f"{layer}.weight"
    if name not in arrays:
        raise ModelError(f"missing: {name}; there are: {some(list(arrays)) or 'none'}")
    if arrays[name].ndim != axes:
        raise ModelError(f"{name} has shape {arrays[name].shape}, which has not {axes} axes")
    return arrays[name]


def _float32(array: NDArray[Any]) -> Array:
    with np.errstate(over="ignore"):  # inf is refused later, by name
        return np.asarray(array, np.float32)
