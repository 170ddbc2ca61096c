"""A file of Cherimoya's ─cherimoya_net→ Net: settings and a state dict, as Cherimoya.save has them.

A wide convolution, blocks, and two heads. A block is a depthwise convolution of three taps, a norm
over all bases and channels of a sequence, and a dense layer to more channels and back, whose answer
is added at a small scale. Source of the form: cherimoya 0.3.1, cherimoya.py and cheri.py.
"""

from math import pi, sqrt
from typing import Any

import numpy as np

from regplug.errors import ModelError
from regplug.models.foreign import Net
from regplug.models.onnx_builder import Builder
from regplug_bpnet.conv_net import WINDOW, Sizes, closed, convolved, opened, trimming_of
from regplug_bpnet.state import State

_EPSILON = 1e-3  # of the norm
_OF_TRAINING = ("lw0", "lw1")  # weights of its losses


def cherimoya_net(state: State, *, window: int | None, profile: int | None) -> Net:
    """Return the network of a file, which does not tell how many bases it reads.

    Args:
        state: its arrays and settings.
        window: bases that it reads; 2,114 if it is not told.
        profile: bases that it predicts; as many as the settings leave if it is not told.

    Raises:
        ModelError: a setting or an array is missing, unknown or does not fit.
    """
    window = window or WINDOW
    layers, expansion = (_count(state, key) for key in ("n_layers", "expansion"))
    targets, strands = _groups(state)
    blocks = [f"blocks.{i}" for i in range(layers)]
    parts = ("conv_weight", "linear1.weight", "linear2.weight")
    heads = [
        f"{name}.{kind}" for name in ("iconv", "fconv", "linear") for kind in ("weight", "bias")
    ]
    state.check_names({*heads, *_OF_TRAINING, *(f"{b}.{part}" for b in blocks for part in parts)})
    usual = _count(state, "trimming", least=0)
    trimming = trimming_of(window, profile, usual, state.called)
    graph = Builder()
    x, filters = opened(state, graph)
    x = _gelu(graph, x)
    scale = state.config.get("residual_scale")
    if not isinstance(scale, float) or not np.isfinite(scale):
        raise ModelError(f"{state.called} has residual_scale {scale!r}, which is no number")
    for i, block in enumerate(blocks):
        taps = state.take(f"{block}.conv_weight", 3, filters).T[:, np.newaxis]
        normed = _normed(graph, convolved(graph, x, [taps], 2**i, group=filters))
        wide = _dense(
            graph, normed, state.take(f"{block}.linear1.weight", expansion * filters, filters)
        )
        back = state.take(f"{block}.linear2.weight", filters, expansion * filters)
        x = graph.op("Add", x, _dense(graph, _gelu(graph, wide), back * np.float32(scale)))
    sizes = Sizes(window, trimming, 0, strands, targets)
    return closed(state, graph, x, filters, sizes, control=0.0)  # ln(reads + 1) of no reads


def _count(state: State, key: str, least: int = 1) -> int:
    value: Any = state.config.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 2**20:
        raise ModelError(f"{state.called} has {key} {value!r}, which is no number of things")
    return value


def _groups(state: State) -> tuple[int, int]:
    """Return how many targets there are, and how many strands each has."""
    groups: Any = state.config.get("signal_groups")
    if not isinstance(groups, list) or not groups or set(groups) not in ({1}, {2}):
        raise ModelError(
            f"{state.called} has signal_groups {groups!r}: all of one strand, or all of two, are "
            "read"
        )
    return len(groups), groups[0]


def _dense(graph: Builder, x: str, weight: Any) -> str:
    """Return x (n, channels, bases) after a dense layer over the channels of each base."""
    return convolved(graph, x, [weight[:, :, np.newaxis]], 1)


def _normed(graph: Builder, x: str) -> str:
    """Return each sequence's channels less their mean, over their standard deviation."""
    less = graph.op("Sub", x, graph.op("ReduceMean", x, axes=[1, 2], keepdims=1))
    variance = graph.op("ReduceMean", graph.op("Mul", less, less), axes=[1, 2], keepdims=1)
    spread = graph.op("Sqrt", graph.op("Add", variance, graph.constant(_EPSILON, np.float32)))
    return graph.op("Div", less, spread)


def _gelu(graph: Builder, x: str) -> str:
    """Return x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), as GELU is approximated."""

    def scaled(value: float, tensor: str) -> str:
        return graph.op("Mul", tensor, graph.constant(value, np.float32))

    cube = graph.op("Mul", graph.op("Mul", x, x), x)
    inner = scaled(sqrt(2 / pi), graph.op("Add", x, scaled(0.044715, cube)))
    gate = graph.op("Add", graph.op("Tanh", inner), graph.constant(1, np.float32))
    return graph.op("Mul", scaled(0.5, x), gate)
