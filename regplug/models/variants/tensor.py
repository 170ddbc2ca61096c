"""A tensor of the part of a graph whose elements know their bases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.models.onnx_builder import Builder
from regplug.models.variants.geometry import Geometry, Reading
from regplug.models.variants.rows import Rows

Constant = NDArray[Any]
Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Tensor:
    """A tensor (n, ...) of windows, one of whose axes runs along the bases.

    Attributes:
        roles: of each axis: "n" windows, "l" bases, "c" channels, "1" an axis of one.
        geometry: of the elements along the bases.
        table: adds what makes its table to a graph, (rows, channels) or without "c" (rows,).
        channels: how many; None without "c".
        stem: how it is made of sequences of another's elements, if one small convolution does.
        beyond: rows after a window's that the shared rows are computed of.
        backwards: True for codes of a window from its end to its start.
        looked_up: of what is an array's entry for each of a tensor's codes, the two.
        turned: of both strands, whose elements are each other's from end to start: which code, or
            channel, of one is which of the other; None where that is not known.
        twin: the tensor whose elements of the other strand, from end to start, are these.
    """

    roles: tuple[str, ...]
    geometry: Geometry
    table: Callable[[Rows], str]
    channels: int | None = None
    stem: "Stem | None" = None
    beyond: int = 0
    backwards: bool = False
    looked_up: "tuple[Constant, Tensor] | None" = None
    turned: Constant | None = None
    twin: "Tensor | None" = None

    def axis(self, role: str) -> int:
        """Return the axis of a role."""
        return self.roles.index(role)

    def shape_without(self, axes: Sequence[str]) -> tuple[int, ...]:
        """Return the sizes of the axes with other roles than `axes`."""
        sizes = {"l": self.geometry.length, "c": self.channels or 0, "1": 1}
        return tuple(sizes[role] for role in self.roles if role not in axes)

    def by_channel(self, constant: Constant) -> Constant | None:
        """Return what a constant is in the table, if it is the same for all bases and windows."""
        if constant.size == 1:
            return constant.reshape(())
        if constant.ndim > len(self.roles):
            return None
        sizes = dict(zip(self.roles[::-1], constant.shape[::-1], strict=False))
        sizes = {role: size for role, size in sizes.items() if size != 1}
        return constant.reshape(-1) if sizes == {"c": self.channels} else None

    def whole(self, rows: Rows) -> str:
        """Return the tensor of all windows, as the plain graph has it."""
        graph = rows.graph
        found = rows.whole(self.table(rows), self.geometry)  # (n, l, c) or (n, l)
        order = [role for role in self.roles if role != "1"]
        now = ["n", "l", "c"][: len(order)]
        if order != now:
            found = graph.op("Transpose", found, perm=[now.index(role) for role in order])
        units = [axis for axis, role in enumerate(self.roles) if role == "1"]
        return graph.op("Unsqueeze", found, graph.ints(*units)) if units else found


Input = Tensor | Constant | None  # of an operator


@dataclass(frozen=True, eq=False)
class Stem:
    """A convolution in steps of one, and what follows it number by number.

    Attributes:
        source: what it reads.
        reading: element i reads elements i + taps of `source`, the first to the last of them.
        around: the row that is put around `source`.
        apply: adds it to a graph: (n, channels, 1, length) → (n, channels, 1, length - span).
    """

    source: Tensor
    reading: Reading
    around: Constant
    apply: Callable[[Builder, str], str]

    @property
    def span(self) -> int:
        """Return how many elements after its first an element reads."""
        return self.reading.taps[-1] - self.reading.taps[0]

    def alike(self, other: "Stem") -> bool:
        """Tell whether another reads the same elements."""
        same = self.source is other.source and self.reading == other.reading
        return same and np.array_equal(self.around, other.around)


def once(make: Callable[..., str]) -> Callable[..., str]:
    """Return a function that adds something to each graph once."""
    made: dict[tuple[object, ...], str] = {}

    def known(to: Rows | Builder, *of: str) -> str:
        key = (id(to), *of)
        if key not in made:
            made[key] = make(to, *of)
        return made[key]

    return known


def derived(tensor: Tensor, table: Callable[[Rows], str], **changes: Any) -> Tensor:
    """Return a tensor as another, of another table."""
    none = dict.fromkeys(("stem", "looked_up", "turned", "twin"))
    of_its_own = {"table": once(table), "beyond": 0, **none}
    return replace(tensor, **{**of_its_own, **changes})


def like(value: float, dtype: np.dtype[Any], channels: int | None) -> Constant:
    """Return the row that is put around a table."""
    return np.full((1,) if channels is None else (1, channels), value, dtype)
