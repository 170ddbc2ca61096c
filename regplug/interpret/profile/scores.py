"""Exons ─Exon.codes→ codes ─score_bases→ a value per base around their splice sites.

The value of a base is the score of the window around it: of a DeepBind model the sub-window
[s, s + w) belongs to base s + (w - 1) // 2, and w is its scan; of other models w is their window.
In a panel w is the longest scan: a shorter motif's value is the largest of its sub-windows in w.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.errors import RegionError
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.interpret.profile.exons import SIDES, Dropped, Exon, Side, keep
from regplug.scoring.backend import Backend
from regplug.scoring.card import read_width

_ROWS, _BYTES = 8192, 1 << 22  # the most windows, and bytes of windows, that are predicted at once
_HELD = 1 << 26  # the most bases around exons that are in memory at once


@dataclass(frozen=True)
class Layout:
    """What is scored around an exon and what is tested, in bases.

    Attributes:
        flank: of each intron, that have a value.
        exon: of the exon, at either end, that have a value.
        window: length of the windows that are tested.
        step: from a window to the next, away from the splice site.
    """

    flank: int = 300
    exon: int = 50
    window: int = 50
    step: int = 50

    def __post_init__(self) -> None:
        if self.window > self.flank:
            raise RegionError(
                f"no window of {self.window} bases fits into a flank of {self.flank}: "
                "make the window smaller or the flank larger"
            )

    def positions(self, side: Side) -> range:
        """Return the positions of `side` that have a value."""
        if side == "upstream":
            return range(-self.flank, self.exon)
        return range(-self.exon, self.flank)

    def windows(self, side: Side) -> list[tuple[int, int]]:
        """Return the tested stretches [start, end) of the intron, by position."""
        away = range(0, self.flank - self.window + 1, self.step)
        if side == "upstream":
            return [(-at - self.window, -at) for at in reversed(away)]
        return [(at, at + self.window) for at in away]

    def span(self, side: Side, width: int) -> tuple[int, int]:
        """Return the positions [start, end) that are read for all values, in windows of `width`."""
        positions = self.positions(side)
        return positions.start - (width - 1) // 2, positions.stop + width // 2


@dataclass(frozen=True, eq=False)
class ExonGroup:
    """Exons that belong together.

    Attributes:
        name: unique.
        exons: those that are scored.
        dropped: those that are not.
        signals: how many of `exons` lie between AG and GT.
    """

    name: str
    exons: Sequence[Exon]
    dropped: Sequence[Dropped]
    signals: int


Values = dict[Side, NDArray[np.float32]]  # (exons, positions); NaN behind the exon's other end


def exon_group(
    name: str, exons: Iterable[Exon], genome: Genome, layout: Layout, width: int
) -> ExonGroup:
    """Return the group of the exons around which windows of `width` can be read.

    Raises:
        RegionError: there is no such exon.
        GenomeError: the exons are of another build.
    """
    kept, dropped = keep(exons, genome, {side: layout.span(side, width) for side in SIDES})
    if not kept:
        reasons = ", ".join(dict.fromkeys(exon.reason for exon in dropped))
        raise RegionError(
            f"no exon of {name} can be scored ({reasons}): do the BED and {genome.path} belong "
            "together?"
        )
    return ExonGroup(name, kept, dropped, sum(exon.has_signals(genome) for exon in kept))


def score_group(
    group: ExonGroup,
    genome: Genome,
    backend: Backend,
    *,
    target: int,
    layout: Layout,
    progress: Callable[[int], None] = lambda bases: None,
) -> Values:
    """Return a group's values for one of the model's outputs, number `target`.

    `progress` is called with the number of windows scored, a batch at a time.

    Raises:
        BackendError: as `Backend.predict`.
        GenomeError: as `genome` raises.
        ModelError: the model has no score of a base.
    """
    width = read_width(backend.card)
    lengths = np.array([len(exon.interval) for exon in group.exons])[:, None]
    values: Values = {}
    for side in SIDES:
        first, last = layout.span(side, width)
        at_once = max(1, _HELD // (last - first))
        parts = []
        for start in range(0, len(group.exons), at_once):
            exons = group.exons[start : start + at_once]
            codes = np.stack([exon.codes(genome, side, first, last) for exon in exons])
            parts.append(score_bases(codes, backend, target=target, width=width, progress=progress))
        values[side] = np.concatenate(parts)
        positions = np.array(layout.positions(side))
        beyond = positions >= lengths if side == "upstream" else positions < -lengths
        values[side][beyond] = np.nan
    return values


def score_bases(
    codes: Codes,
    backend: Backend,
    *,
    target: int,
    width: int,
    progress: Callable[[int], None] = lambda bases: None,
) -> NDArray[np.float32]:
    """Return the score of each window of `width`, codes (n, bases) → (n, bases - width + 1).

    `progress` is called with the number of windows scored, a batch at a time.

    Raises:
        BackendError: as `Backend.predict`.
    """
    windows = sliding_window_view(codes, width, axis=1)
    scores = np.empty(windows.shape[:2], np.float32)
    flat = scores.reshape(-1)
    at_once = max(1, min(_ROWS, _BYTES // width))
    for start in range(0, len(flat), at_once):
        rows, columns = np.divmod(
            np.arange(start, min(start + at_once, len(flat))), windows.shape[1]
        )
        flat[start : start + at_once] = backend.predict(windows[rows, columns])[:, target]
        progress(len(rows))
    return scores
