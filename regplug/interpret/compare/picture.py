"""The picture of two models on a set: a panel per shared target, those that differ most named."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.files.colours import GREY, LOWERS, RAISES
from regplug.files.figures import PAGE, drawing
from regplug.interpret.compare.agreement import Agreement, Side, outliers

PANELS = 6  # at most
NAMED = 5  # changes of a panel
_ACROSS = 2
_BESIDE = 0.05  # of the largest change: how far a number is from its dot
_LONGEST = 28  # letters of a title, and of a name


class Compared(NamedTuple):
    """A target of both models on the same changes.

    Attributes:
        title: of the two targets.
        sides: the first model's changes and the second's.
        agreement: of the two.
        names: of the changes.
    """

    title: str
    sides: tuple[Side, Side]
    agreement: Agreement
    names: Sequence[str]


def scatter_figure(compared: Sequence[Compared], models: Sequence[str]) -> Any:
    """Return the changes of the first model → those of the second, with their rank correlation."""
    drawn = compared[:PANELS]
    rows = -(-len(drawn) // _ACROSS)
    with drawing(PAGE, rows * 3.3 + 0.3) as figure:
        axes = figure.subplots(rows, _ACROSS, squeeze=False).ravel()
        for axis, of_target in zip(axes, drawn, strict=False):
            _panel(axis, of_target)
        for axis in axes[len(drawn) :]:
            axis.set_axis_off()
        figure.supxlabel(f"change by {models[0]}", parse_math=False)
        figure.supylabel(f"change by {models[1]}", parse_math=False)
        return figure


def _panel(axis: Any, compared: Compared) -> None:
    """Draw a target; those on which the models differ most have numbers, whose names are below."""
    one, other = compared.sides
    apart = outliers(one, other, NAMED)
    rest = sorted(set(range(len(one.changes))) - set(apart))
    axis.axhline(0, color=GREY, linewidth=0.5, zorder=0)
    axis.axvline(0, color=GREY, linewidth=0.5, zorder=0)
    dots = {"alpha": 0.6, "linewidths": 0}
    axis.scatter(one.changes[rest], other.changes[rest], s=9, color=RAISES, **dots)
    axis.scatter(one.changes[apart], other.changes[apart], s=16, color=LOWERS, linewidths=0)
    places = np.stack([one.changes[apart], other.changes[apart]], axis=1)
    for number, (place, (x, y)) in enumerate(zip(places, _free(places), strict=True), start=1):
        away = {"xytext": (5 * x, 5 * y), "textcoords": "offset points"}
        middle = {"ha": "center", "va": "center"}
        axis.annotate(str(number), place, fontsize="small", fontweight="bold", **away, **middle)
    names = [f"{number} {_short(compared.names[at])}" for number, at in enumerate(apart, start=1)]
    lines = [",  ".join(names[first : first + 2]) for first in range(0, len(names), 2)]
    axis.set_xlabel("\n".join(lines), parse_math=False)
    found = compared.agreement
    rho = "none: one is constant" if np.isnan(found.spearman) else f"{found.spearman:.2f}"
    axis.set_title(f"{_short(compared.title)}\nSpearman {rho}, n = {found.n:,}", parse_math=False)


def _free(places: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return the corner of each of k dots (k, 2), (±1, ±1), where its number has most room."""
    scaled = places / np.maximum(np.abs(places).max(axis=0), np.finfo(np.float32).tiny)
    corners = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    taken, free = scaled, []
    for place in scaled:
        found = [place + np.multiply(_BESIDE, corner) for corner in corners]
        room = [np.sort(np.hypot(*(number - taken).T))[:2].tolist() for number in found]
        best = max(range(len(corners)), key=lambda corner: room[corner])
        taken = np.vstack([taken, found[best]])
        free.append(corners[best])
    return free


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
