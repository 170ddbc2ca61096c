"""What bpnet-lite's and Cherimoya's networks have in common: a wide convolution first, two heads.

    letters ─opened→ channels ─(residual layers)→ channels ─closed→ log counts, profile

Channels stand first, and every convolution has zeros at both ends, so that the bases stay as many;
`trimming` bases at each end are cut off in the end. Weights have PyTorch's names.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from regplug.errors import ModelError
from regplug.models.foreign import Net
from regplug.models.onnx_builder import Builder
from regplug_bpnet.heads import check_middle, finished
from regplug_bpnet.state import State

WINDOW = 2114  # bases that networks of the family read, unless one says otherwise


class Sizes(NamedTuple):
    """What a network reads and answers.

    Attributes:
        window: bases that it reads.
        trimming: bases that its profile lacks at each end of the window.
        margin: bases beside the profile, at each end, that its counts follow from too.
        strands: of each target's profile.
        targets: numbers of log counts.
    """

    window: int
    trimming: int
    margin: int
    strands: int = 1
    targets: int = 1

    @property
    def profile(self) -> tuple[int, ...]:
        """Return the shape of a row's profile."""
        bases = self.window - 2 * self.trimming
        if self.targets > 1:
            return self.targets, self.strands, bases
        return (self.strands, bases) if self.strands > 1 else (bases,)


def trimming_of(window: int, profile: int | None, usual: int, called: str) -> int:
    """Return how many bases a profile lacks at each end: those that are usual, if it is not told.

    Raises:
        ModelError: nothing is left, or the profile cannot lie in the middle of the window.
    """
    bases = window - 2 * usual if profile is None else profile
    if bases < 1:
        raise ModelError(
            f"{called} would have a profile of {bases} bases, as {usual} are cut off at each end "
            f"of {window}: say how many it reads (--window), or predicts (--profile)"
        )
    check_middle(window, bases, called)
    return (window - bases) // 2


def opened(state: State, graph: Builder) -> tuple[str, int]:
    """Return the channels after the first convolution, and how many they are."""
    filters, _, size = state.shape("iconv.weight", 3)
    return conv(state, graph, "letters", "iconv", (filters, 4, size)), filters


def conv(
    state: State, graph: Builder, x: str, name: str, shape: tuple[int, int, int], dilation: int = 1
) -> str:
    """Return x (n, channels, bases) after a convolution, as many bases.

    Raises:
        ModelError: its arrays are missing, of another shape, or have filters of an even size.
    """
    weight = state.take(f"{name}.weight", *shape)
    if shape[2] % 2 == 0:
        raise ModelError(f"{state.called}: {name} has filters of {shape[2]} bases, an even number")
    arrays = [weight]
    if f"{name}.bias" in state.arrays:
        arrays.append(state.take(f"{name}.bias", shape[0]))
    return convolved(graph, x, arrays, dilation)


def convolved(
    graph: Builder, x: str, arrays: Sequence[np.typing.NDArray[np.float32]], dilation: int,
    group: int = 1,
) -> str:  # fmt: skip
    """Return x after a convolution of these weights (and bias) that keeps the bases as many."""
    pad = dilation * (arrays[0].shape[2] // 2)
    constants = [graph.constant(array, np.float32) for array in arrays]
    return graph.op("Conv", x, *constants, pads=[pad, pad], dilations=[dilation], group=group)


def closed(state: State, graph: Builder, x: str, filters: int, sizes: Sizes, control: float) -> Net:
    """Return the network whose last channels are x, (n, filters, bases).

    Args:
        state: its arrays.
        graph: with all that leads to x.
        x: the channels.
        filters: how many they are.
        sizes: of the network.
        control: what its counts are told of a control in which no read lies.

    Raises:
        ModelError: an array is missing, or of another shape.
    """
    rows = sizes.targets * sizes.strands
    _, reads, size = state.shape("fconv.weight", 3)
    tracks = reads - filters  # of a control, whose zeros add nothing
    if tracks < 0:
        raise ModelError(f"{state.called}: fconv reads {reads} channels, and there are {filters}")
    weight = state.take("fconv.weight", rows, reads, size)[:, :filters]
    kept = {"fconv.weight": weight, **{k: v for k, v in state.arrays.items() if k == "fconv.bias"}}
    logits = conv(state._replace(arrays=kept), graph, x, "fconv", (rows, filters, size))
    start, end = sizes.trimming, sizes.window - sizes.trimming
    logits = graph.reshape(graph.cut(logits, start, end, axis=2), -1, *sizes.profile)
    near = graph.cut(x, max(start - sizes.margin, 0), min(end + sizes.margin, sizes.window), axis=2)
    mean = graph.op("ReduceMean", near, axes=[2], keepdims=0)
    dense = state.take("linear.weight", sizes.targets, filters + bool(tracks))
    bias = np.zeros(sizes.targets, np.float32)
    if "linear.bias" in state.arrays:
        bias = state.take("linear.bias", sizes.targets)
    if tracks:
        dense, bias = dense[:, :filters], bias + control * dense[:, filters]
    product = graph.op("MatMul", mean, graph.constant(dense.T, np.float32))
    counts = graph.op("Add", product, graph.constant(bias, np.float32))
    profile = logits, sizes.profile
    return finished(graph, (4, sizes.window), (counts, sizes.targets), profile, state.called)
