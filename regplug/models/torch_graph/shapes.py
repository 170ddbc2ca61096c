"""What moves numbers and does not change them, as https://onnx.ai/onnx/operators defines it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from regplug.models.torch_graph.windows import padded

Inputs = Sequence[Any]
Attributes = dict[str, Any]


def axes_of(inputs: Inputs, attributes: Attributes) -> list[int] | None:
    """Return the axes, which older operators have as an attribute."""
    if len(inputs) > 1 and inputs[1] is not None:
        return list(inputs[1].tolist())
    return list(attributes["axes"]) if "axes" in attributes else None


def gather(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Gather."""
    data, at = inputs
    axis = attributes.get("axis", 0) % data.dim()
    at = at.to(data.device, torch.int64) % data.shape[axis]
    taken = data.index_select(axis, at.reshape(-1))
    return torch.as_tensor(taken.reshape(*data.shape[:axis], *at.shape, *data.shape[axis + 1 :]))


def cut(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Slice."""
    x, starts, ends, *rest = inputs
    rest = [each for each in rest if each is not None]
    axes = rest[0].tolist() if rest else range(len(starts))
    steps = rest[1].tolist() if len(rest) > 1 else [1] * len(starts)
    for axis, start, end, step in zip(axes, starts.tolist(), ends.tolist(), steps, strict=True):
        taken = range(x.shape[axis])[start:end:step]
        if step == 1:
            x = x.narrow(axis, taken.start, len(taken))
        else:
            x = x.index_select(axis, torch.tensor(list(taken), device=x.device))
    return torch.as_tensor(x)


def reshape(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Reshape."""
    x, shape = inputs[0], inputs[1].tolist()
    if not attributes.get("allowzero"):
        shape = [size or x.shape[at] for at, size in enumerate(shape)]
    return torch.reshape(x, shape)


def flatten(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Flatten, to two axes."""
    shape, axis = inputs[0].shape, attributes.get("axis", 1)
    return torch.as_tensor(inputs[0].reshape(math.prod(shape[:axis]), -1))


def unsqueezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Unsqueeze."""
    axes, x = axes_of(inputs, attributes) or [], inputs[0]
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return torch.as_tensor(x)


def squeezed(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Squeeze."""
    axes = axes_of(inputs, attributes)
    return torch.as_tensor(inputs[0].squeeze() if axes is None else inputs[0].squeeze(tuple(axes)))


def pad(inputs: Inputs, attributes: Attributes) -> Tensor:
    """Pad with a constant, or cut off where pads are negative."""
    x, pads, value, axes = (*inputs, None, None)[:4]
    if attributes.get("mode", b"constant") != b"constant":
        raise NotImplementedError("padding by other than a constant")
    sides = pads.tolist()
    if axes is not None:
        given, sides = sides, [0] * 2 * x.dim()
        for at, axis in enumerate(axis % x.dim() for axis in axes.tolist()):
            sides[axis], sides[axis + x.dim()] = given[at], given[at + len(given) // 2]
    off = [max(0, -side) for side in sides]
    for axis in range(x.dim()):
        x = x.narrow(axis, off[axis], x.shape[axis] - off[axis] - off[axis + x.dim()])
    return padded(x, [max(0, side) for side in sides], 0 if value is None else value.item())


def split(inputs: Inputs, attributes: Attributes) -> tuple[Tensor, ...]:
    """Split, into parts of the sizes given, or alike."""
    x, axis = inputs[0], attributes.get("axis", 0)
    if len(inputs) > 1 or "split" in attributes:
        sizes = inputs[1].tolist() if len(inputs) > 1 else attributes["split"]
        return torch.split(x, sizes, axis)
    size = x.shape[axis]
    parts = attributes["num_outputs"]
    edges = [min(at * math.ceil(size / parts), size) for at in range(parts + 1)]
    return torch.split(x, [end - start for start, end in pairwise(edges)], axis)
