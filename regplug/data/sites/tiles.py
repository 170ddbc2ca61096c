"""Tiles along a contig, and the peaks that they are labelled by ─labels→ open or closed.

A tile is labelled by the `centre` bases in its middle: [start + (length - centre) // 2, + centre).
"""

from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.samples import Count

OPEN_TOP, CLOSED_BOTTOM = 0.03, 0.9  # shares of a bigWig's tiles, unless others are asked for

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Along(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How tiles along a genome are labelled, and which of them are taken.

    Attributes:
        step: bases from the start of a tile to that of the next.
        centre: bases in the middle of a tile that its labels are of.
        label: summit, a tile is open where a peak's summit lies in its centre; overlap, where
            peaks cover a share of the centre.
        share: of the centre that peaks cover at least; of overlap alone.
        closed: tiles without a peak to train on, per tile with one; None for all.
        match: what the tiles without a peak have as often as those with one do.
        seed: of drawing them.
        known: samples whose tiles without a peak are closed, and not unknown; None for all.
        regions: whether tiles lie in given regions alone.
        open_top: share of a bigWig's tiles that are open, those with the highest mean signal in
            their centre; None where no sample is a bigWig.
        closed_bottom: share that are closed, those with the lowest; the others are unknown.
    """

    step: Annotated[int, msgspec.Meta(ge=1)]
    centre: Annotated[int, msgspec.Meta(ge=1)]
    label: Literal["summit", "overlap"] = "summit"
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    closed: Annotated[float, msgspec.Meta(ge=0)] | None = None
    match: tuple[Literal["gc", "repeats"], ...] = ()
    seed: Count = 0
    known: tuple[str, ...] | None = None
    regions: bool = False
    open_top: Share | None = None
    closed_bottom: Share | None = None


class Spans(NamedTuple):
    """Stretches of a contig, ascending; 0-based, half-open. A summit is a stretch of one base."""

    starts: NDArray[np.int64]  # (n,)
    ends: NDArray[np.int64]  # (n,)


def joined_spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Spans:
    """Return the stretches that the given ones (n,) cover, joined where they overlap or touch."""
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    first = np.append(True, starts[1:] > reached[:-1])
    last = np.append(first[1:], True)
    return Spans(starts[first], reached[last])


def tile_starts(low: int, high: int, *, length: int, step: int) -> NDArray[np.int64]:
    """Return the starts of the tiles that lie in [low, high) with all of their bases."""
    return np.arange(low, high - length + 1, step, dtype=np.int64)


def labels(
    starts: NDArray[np.int64], spans: Spans, along: Along, *, length: int
) -> NDArray[np.bool_]:
    """Return which tiles (n,) of a contig are open in a sample.

    Args:
        starts: of the tiles.
        spans: the sample's summits there, or its peaks, which do not overlap each other.
        along: what makes a tile open.
        length: bases of a tile.
    """
    low = starts + (length - along.centre) // 2
    high = low + along.centre
    if along.label == "summit":
        before, within = (np.searchsorted(spans.starts, ends) for ends in (low, high))
        return np.asarray(within > before)
    covered = _covered(high, spans) - _covered(low, spans)
    return np.asarray(covered >= along.share * along.centre) & (covered > 0)


def _covered(places: NDArray[np.int64], spans: Spans) -> NDArray[np.int64]:
    """Return how many bases before each place (n,) lie in stretches that do not overlap."""
    if not len(spans.starts):
        return np.zeros(len(places), np.int64)
    up_to = np.append(0, np.cumsum(spans.ends - spans.starts))
    at = np.searchsorted(spans.starts, places)
    beyond = np.maximum(spans.ends[at - 1] - places, 0)
    covered: NDArray[np.int64] = up_to[at] - np.where(at > 0, beyond, 0)
    return covered
