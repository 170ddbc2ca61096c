"""What filters do, as files: Marked filters, Influence ─write_influence→ a table and two pictures.

influence.tsv            a row per filter, a column per target: Influence.targets
influence_scatter.*      information of the motif → influence over all targets
influence_heatmap.*      the table as colours, filters and targets clustered
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.files.clustered import draw_tree, spaced
from regplug.files.colours import AMBER, BLUE, diverging
from regplug.files.figures import PAGE, names_of, printed, save_formats
from regplug.interpret.filters.influence import Influence

FILES = {"influence.tsv"} | {
    name for stem in ("scatter", "heatmap") for name in names_of(f"influence_{stem}")
}

_COLOURS = {"like a known motif": BLUE, "like none": AMBER}
_NAMED = 20  # filters with a name in the scatter, where there is room
_ROOM = 0.11  # inches that a name needs in the heat map
_TALLEST, _WIDEST = 6.8, PAGE - 3.2  # inches of the heat map


class Marked(NamedTuple):
    """A filter, as pictures show it.

    Attributes:
        name: of the filter.
        bits: information of its motif.
        known: name of the known motif that it is like, "" if none.
    """

    name: str
    bits: float
    known: str

    @property
    def kind(self) -> str:
        """Return which of _COLOURS it is."""
        return "like a known motif" if self.known else "like none"

    @property
    def label(self) -> str:
        """Return its name, and that of its known motif."""
        return f"{self.name} {self.known}".rstrip()


def write_influence(
    folder: Path, filters: Sequence[Marked], influence: Influence, targets: Sequence[str]
) -> None:
    """Write the files into `folder`; `filters` and `targets` are those of `influence`, in order."""
    rows = [["filter", "match", *targets]]
    for marked, values in zip(filters, influence.targets, strict=True):
        rows.append([marked.name, marked.known or ".", *map(cell, values)])
    (folder / "influence.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    for name, figure in (
        ("scatter", _scatter(filters, influence.overall)),
        ("heatmap", _heatmap(filters, influence, targets)),
    ):
        save_formats(figure, folder / f"influence_{name}")


def cell(value: float) -> str:
    """Return the cell of a number; `.` if it is missing."""
    return "." if np.isnan(value) else f"{value:.4g}"


@printed
def _scatter(filters: Sequence[Marked], overall: NDArray[np.float64]) -> Any:
    """Return the figure of those filters that have a motif."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE, 5.2), layout="constrained")
    axis = figure.subplots()
    drawn = [row for row, marked in enumerate(filters) if marked.bits > 0]
    for kind, colour in _COLOURS.items():
        rows = [row for row in drawn if filters[row].kind == kind]
        if rows:
            text = f"{kind}: {len(rows)} of {len(drawn)} ({len(rows) / len(drawn):.0%})"
            bits = [filters[row].bits for row in rows]
            axis.scatter(bits, overall[rows], s=18, c=colour, alpha=0.8, linewidths=0, label=text)
    axis.set_xlabel("information content, bits")
    axis.set_ylabel("influence over all targets")
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    left_out = len(filters) - len(drawn)
    axis.set_title(
        f"{len(filters)} filters" + (f", {left_out} without a motif" if left_out else "")
    )
    if drawn:
        figure.legend(loc="outside lower center", ncols=1)
        _name_outstanding(axis, filters, overall, drawn)
    return figure


def _name_outstanding(
    axis: Any, filters: Sequence[Marked], overall: NDArray[np.float64], drawn: Sequence[int]
) -> None:
    """Write names beside the points of most influence, on the side where there is room."""
    axis.figure.draw_without_rendering()
    inside = axis.get_window_extent()
    top = sorted((row for row in drawn if overall[row]), key=lambda row: -overall[row])[:_NAMED]
    points = [(filters[row].bits, overall[row]) for row in top]
    taken: list[Any] = []
    for row, point in zip(top, points, strict=True):
        for side, align in ((5, "left"), (-5, "right")):
            text = axis.annotate(
                filters[row].label,
                point,
                xytext=(side, 0),
                textcoords="offset points",
                ha=align,
                va="center",
                fontsize="small",
                parse_math=False,
            )
            box = text.get_window_extent()
            clear = inside.x0 < box.x0 and box.x1 < inside.x1
            clear &= box.count_contains(axis.transData.transform(points)) == 0
            if clear and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()


@printed
def _heatmap(filters: Sequence[Marked], influence: Influence, targets: Sequence[str]) -> Any:
    """Return the figure of filters with any influence, all on one scale of colours."""
    from matplotlib.figure import Figure

    values = np.nan_to_num(influence.targets)
    rows = np.flatnonzero(np.abs(values).max(axis=1, initial=0) > 0)
    height = float(np.clip(len(rows) * _ROOM, 2.5, _TALLEST))
    width = float(np.clip(len(targets) * _ROOM * 1.3, 2.5, _WIDEST))
    figure = Figure(figsize=(width + 3.2, height + 2.4), layout="constrained")
    if not len(rows):
        figure.text(0.5, 0.5, "no filter has any influence", ha="center")
        return figure
    drawn = values[rows]
    most = np.abs(drawn).max()
    grid = figure.add_gridspec(2, 2, width_ratios=(0.7, width), height_ratios=(0.5, height))
    order = draw_tree(figure.add_subplot(grid[1, 0]), drawn, above=False)
    columns = draw_tree(figure.add_subplot(grid[0, 1]), drawn.T, above=True)
    axis = figure.add_subplot(grid[1, 1])
    image = axis.imshow(
        drawn[np.ix_(order, columns)],
        cmap=diverging(),
        vmin=-most,
        vmax=most,
        aspect="auto",
        interpolation="nearest",
    )
    shown = spaced(influence.overall[rows[order]], int(height / _ROOM))
    axis.yaxis.tick_right()
    axis.set_yticks(shown, [filters[rows[order[at]]].label for at in shown])
    fitting = int(width / _ROOM)
    step = -(-len(targets) // fitting)
    axis.set_xticks(
        range(0, len(targets), step), [targets[columns[at]] for at in range(0, len(targets), step)]
    )
    axis.tick_params(axis="x", rotation=90)
    axis.tick_params(length=2)
    for text in (*axis.get_xticklabels(), *axis.get_yticklabels()):
        text.set_parse_math(False)
    bar = figure.colorbar(
        *(image, None, axis),
        location="bottom",
        shrink=0.5,
        aspect=40,
        pad=0.02,
        ticks=(-most, 0, most),
        format="%.2g",
    )
    bar.set_label("influence on a target's logit")
    note = "" if len(shown) == len(rows) else f"; the {len(shown)} with most influence are named"
    figure.suptitle(f"{len(rows)} filters and {len(targets)} targets{note}")
    return figure
