"""Where the numbers of a tensor come from, along the bases of a window.

Element i of a tensor stands `stride` bases right of element i - 1. Most elements are the same in
every window that covers their bases, and so need one computation for all of these: the inner ones.
The first `left` and last `right` have read what a layer puts around a window, and are a window's
own. Those from `low` to `high` have read the variant's base, and are an ALT's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """The elements of a tensor along the bases.

    Attributes:
        length: elements of a window.
        low: the first that the variant changes.
        high: the first after these.
        stride: bases from an element to the next.
        left: elements at the start that are a window's own.
        right: elements at the end that are.
        shift: inner element i is row i + shift of a window's rows (see `rows`).
        strands: 1, or 2 where each window is there as it stands, then as the other strand.
        part: of the windows, whose bases alone have rows: the first and how many; None: all.
    """

    length: int
    low: int
    high: int
    stride: int = 1
    left: int = 0
    right: int = 0
    shift: int = 0
    strands: int = 1
    part: tuple[int, int] | None = None

    @property
    def frame(self) -> tuple[int, tuple[int, int] | None]:
        """Return what tells apart which windows there are rows of: strands, and the part."""
        return self.strands, self.part

    @property
    def inner(self) -> range:
        """Return the elements that windows share."""
        return range(self.left, self.length - self.right)

    @property
    def changed(self) -> range:
        """Return the elements that are an ALT's own."""
        return range(self.low, self.high)

    @property
    def end(self) -> int:
        """Return how many rows of a window the inner elements reach over."""
        return self.length - self.right + self.shift


@dataclass(frozen=True)
class Reading:
    """What an element of a layer reads: elements i * step + tap of the layer before.

    Attributes:
        taps: in rising order; elements before the first and after the last are what is put around.
        step: elements that an output's element is on from that before.
    """

    taps: tuple[int, ...]
    step: int = 1

    def columns(self, elements: range) -> list[int]:
        """Return what these elements of the output read, tap by tap."""
        return [i * self.step + tap for i in elements for tap in self.taps]

    def result(self, read: Geometry, length: int) -> Geometry | None:
        """Return the geometry of an output of `length` elements; None if windows share nothing."""
        first, last, step = self.taps[0], self.taps[-1], self.step
        left = max(0, -((first - read.left) // step))
        end = min(length, (read.length - read.right - 1 - last) // step + 1)
        low = min(length, max(0, -((last - read.low) // step)))
        high = max(low, min(length, (read.high - 1 - first) // step + 1))
        if read.low == read.high:
            low = high = 0
        made = Geometry(
            length=length,
            low=low,
            high=high,
            stride=read.stride * step,
            left=left,
            right=length - end,
            shift=read.shift + first if step == 1 else -left,
            strands=read.strands,
            part=read.part,
        )
        return made if made.inner else None


SAME = Reading((0,))


def joint(geometries: Sequence[Geometry]) -> Geometry | None:
    """Return the geometry of what is computed of several tensors, element by element."""
    first = geometries[0]
    alike = {(g.length, g.stride, g.frame) for g in geometries}
    changed = [g for g in geometries if g.changed]
    made = Geometry(
        length=first.length,
        low=min((g.low for g in changed), default=0),
        high=max((g.high for g in changed), default=0),
        stride=first.stride,
        left=max(g.left for g in geometries),
        right=max(g.right for g in geometries),
        shift=first.shift,
        strands=first.strands,
        part=first.part,
    )
    return made if len(alike) == 1 and made.inner and made.left + made.shift >= 0 else None
