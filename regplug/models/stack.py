"""A stack of convolutions, norms, pools and dense layers: its shape, and its arrays by name.

other people's weights ─importer→ StackNetwork ─stack_graph→ model.onnx
a trained torch module ─────────→ ↗

That is the form of Basset's networks: its plugin reads them, and `train.basset` trains them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError

Array = NDArray[np.float32]
Count = Annotated[int, msgspec.Meta(ge=1)]
Form = Literal["valid", "same"]
EPSILON = 1e-5  # of the norms, as in Torch7 and PyTorch
_MEMORY = 400 * 2**20  # bytes of the largest layer's output in a call
NORM = ("weight", "bias", "running_mean", "running_var")


class StackShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a network is made of; the default is Basset's (Kelley et al. 2016).

    Attributes:
        targets: outputs.
        width: bases read.
        form: "valid" as the published weights: a filter never hangs over an end, and what does not
            fill a pool is left out. "same" as Basset's later code: zeros at both ends keep the
            width, and a last pool may be short.
        filters: of each convolution.
        sizes: bases, then bins, that a filter reads; odd for "same".
        pools: bins that each maximum joins.
        dense: units of each dense layer.
    """

    targets: Count
    width: Count = 600
    form: Form = "valid"
    filters: tuple[Count, ...] = (300, 200, 200)
    sizes: tuple[Count, ...] = (19, 11, 7)
    pools: tuple[Count, ...] = (3, 4, 4)
    dense: tuple[Count, ...] = (1000, 1000)

    def __post_init__(self) -> None:
        if not len(self.filters) == len(self.sizes) == len(self.pools) > 0:
            raise ValueError("filters, sizes and pools must be as many, and at least one")
        if self.form == "same" and any(size % 2 == 0 for size in self.sizes):
            raise ValueError('sizes must be odd in the form "same", so that filters have a middle')
        counts = (self.targets, self.width, *self.filters, *self.sizes, *self.pools, *self.dense)
        if min(counts) < 1:
            raise ValueError("every size must be 1 or more")
        if self.bins < 1:
            raise ValueError(f"width {self.width} leaves no bins after the pools")

    @property
    def bins(self) -> int:
        """Return the bins that the last pool leaves."""
        bins = self.width
        for size, pool in zip(self.sizes, self.pools, strict=True):
            bins = -(-bins // pool) if self.form == "same" else max(bins - size + 1, 0) // pool
        return bins

    @property
    def pads(self) -> tuple[int, ...]:
        """Return the zeros that each convolution puts at either end."""
        return tuple(size // 2 if self.form == "same" else 0 for size in self.sizes)

    def arrays(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every array, in the order of the layers.

        The first dense layer reads the bins of the first filter, then of the second, and so on.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        depths = (4, *self.filters)
        for i, (before, filters) in enumerate(pairwise(depths)):
            shapes |= {f"convs.{i}.weight": (filters, before, self.sizes[i])}
            shapes |= {f"convs.{i}.bias": (filters,)}
            shapes |= {f"conv_norms.{i}.{name}": (filters,) for name in NORM}
        units = (self.filters[-1] * self.bins, *self.dense)
        for i, (before, after) in enumerate(pairwise(units)):
            shapes |= {f"dense.{i}.weight": (after, before), f"dense.{i}.bias": (after,)}
            shapes |= {f"dense_norms.{i}.{name}": (after,) for name in NORM}
        shapes |= {"last.weight": (self.targets, units[-1]), "last.bias": (self.targets,)}
        return shapes

    @property
    def parameters(self) -> int:
        """Return how many numbers are learned; a norm's running mean and variance are not."""
        return sum(prod(shape) for name, shape in self.arrays().items() if "running" not in name)


@dataclass(frozen=True, eq=False)
class StackNetwork:
    """The weights of one network: float32 arrays named and shaped as `shape.arrays()` says.

    Raises:
        ModelError: they are not, as `check_arrays`.
    """

    shape: StackShape
    arrays: Mapping[str, Array]

    def __post_init__(self) -> None:
        check_arrays(self.arrays, self.shape.arrays())

    def folded(self, layer: str, norm: str) -> tuple[Array, Array]:
        """Return weights and biases of `layer` with its `norm` folded in.

        `norm` is as it stands after training: (x − mean) / √(variance + 1e-5) · weight + bias.
        """
        weight, bias = (self.arrays[f"{layer}.{name}"].astype(np.float64) for name in NORM[:2])
        gain, offset, mean, variance = (
            self.arrays[f"{norm}.{name}"].astype(np.float64) for name in NORM
        )
        scale = gain / np.sqrt(variance + EPSILON)
        folded = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        return folded.astype(np.float32), ((bias - mean) * scale + offset).astype(np.float32)


def check_arrays(arrays: Mapping[str, Array], wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Check arrays against the names and shapes wanted.

    Raises:
        ModelError: one is missing, unknown, of another shape or not finite, or a variance is below
            0; the message names it.
    """
    missing = [name for name in wanted if name not in arrays]
    unknown = [name for name in arrays if name not in wanted]
    if missing or unknown:
        faults = [("missing", missing), ("unknown", unknown)]
        raise ModelError("; ".join(f"{what}: {some(names)}" for what, names in faults if names))
    for name, shape in wanted.items():
        array = arrays[name]
        if array.shape != shape:
            raise ModelError(f"{name} has shape {array.shape}, where {shape} fits")
        if not np.isfinite(array).all():
            raise ModelError(f"{name} holds a number that is not finite")
        if name.endswith("running_var") and (array < 0).any():
            raise ModelError(f"{name} holds a variance below 0")


def some(names: Sequence[str]) -> str:
    """Return up to three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def rows_per_call(numbers: int) -> int:
    """Return the batch limit, 512 at most, at which the largest layer gives up to 400 MB.

    `numbers` are those that it gives for one strand of a row: filters times bases of a convolution.
    """
    row, limit = 2 * numbers * 4, 512
    while limit > 1 and limit * row > _MEMORY:
        limit //= 2
    return limit
