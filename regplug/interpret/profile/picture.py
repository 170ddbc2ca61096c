"""The picture of a profile: a panel per side, and marks where groups differ from the control."""

from collections.abc import Sequence
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np

from regplug.files.colours import BLUE, SERIES, VERMILLION
from regplug.files.figures import PAGE, printed, save_figure
from regplug.interpret.profile.exons import SIDES, Side
from regplug.interpret.profile.statistics import Profile

LONGEST = 24  # letters of a name
LEGEND = 100  # letters that fit into a line of the legend
SIGNIFICANT = 0.05  # q of the windows that are marked
GREY = "#595959"  # the control
COLOURS = (VERMILLION, BLUE, *SERIES[2:6])

Lines = dict[str, dict[str, Any]]  # group → how matplotlib draws its line

_TITLES = {"upstream": "upstream intron", "downstream": "downstream intron"}  # as transcribed
_SITES = {"upstream": "3′ splice site", "downstream": "5′ splice site"}


@printed
def draw_profile(profile: Profile, paths: Sequence[Path]) -> None:
    """Write the picture to each of `paths`, .png, .svg or .pdf."""
    from matplotlib.figure import Figure

    tested = len(profile.groups) - 1
    heights = [0.17 * tested + 0.08, 2.9, 0.3]  # inches of the three rows
    figure = Figure(figsize=(PAGE, sum(heights) + 1.7), layout="constrained")
    rows = figure.subplots(3, 2, sharex="col", sharey="row", height_ratios=heights)
    lines = _lines(profile)
    for column, side in enumerate(SIDES):
        marks, curves, exon = rows[:, column]
        _marks(marks, profile, side, lines)
        _curves(curves, profile, side, lines)
        _exon(exon, profile, side)
    rows[1, 0].set_ylabel("mean score, 95 % band")
    _legend(figure, profile, lines)
    for path in paths:
        save_figure(figure, path)


def _legend(figure: Any, profile: Profile, lines: Lines) -> None:
    """Say which group is which, of how many exons, and what the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    control = _plain(profile.control)
    # matplotlib before 3.10 leaves out labels that begin with an underscore
    labels = [f" {_plain(group.name)} (n = {len(group.exons):,})" for group in profile.groups]
    labels += [f"above {control}, q < {SIGNIFICANT}", f"below {control}, q < {SIGNIFICANT}"]
    handles: list[Any] = [Line2D([], [], **lines[group.name]) for group in profile.groups]
    handles += [Patch(color="black"), Patch(facecolor="white", edgecolor="black")]
    fitting = max(1, LEGEND // (max(map(len, labels)) + 6))
    figure.legend(
        *(handles, labels),
        loc="outside upper center",
        ncols=min(fitting, len(labels)),
        title=profile.title.replace("$", r"\$"),
    )


def _lines(profile: Profile) -> Lines:
    """Return how each group's line is drawn; once the colours are used up, dashed, dotted ..."""
    tested = [group.name for group in profile.groups if group.name != profile.control]
    styles = product(("-", "--", ":", "-."), COLOURS)
    lines = {
        name: {"color": colour, "linestyle": style}
        for name, (style, colour) in zip(tested, cycle(styles), strict=False)
    }
    return lines | {profile.control: {"color": GREY}}


def _plain(text: str) -> str:
    """Return text that matplotlib does not read as mathematics, cut to LONGEST."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return short.replace("$", r"\$")


def _marks(axis: Any, profile: Profile, side: Side, lines: Lines) -> None:
    """Draw a row per group: windows above the control filled, windows below it outlined."""
    names = [group.name for group in profile.groups if group.name != profile.control]
    for test in profile.tests:
        if test.side == side and test.q < SIGNIFICANT:
            higher, colour = test.auc > 0.5, lines[test.group]["color"]
            axis.barh(
                *(names.index(test.group), test.end - test.start, 0.6, test.start),
                align="center",
                facecolor=colour if higher else "white",
                edgecolor="white" if higher else colour,
                linewidth=1,
            )
    axis.set_title(_TITLES[side], fontweight="bold")
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_yticks(range(len(names)), [_plain(name) for name in names])
    for label, name in zip(axis.get_yticklabels(), names, strict=False):
        label.set_color(lines[name]["color"])
    axis.tick_params(bottom=False, left=False, labelbottom=False)
    axis.spines[:].set_visible(False)
    axis.set_facecolor("#F4F4F4")
    axis.axvline(0, color="black", linewidth=0.8)


def _curves(axis: Any, profile: Profile, side: Side, lines: Lines) -> None:
    positions = profile.layout.positions(side)
    middles = np.array(positions) + 0.5  # of the bases; the splice site lies between two
    for group in profile.groups:
        mean, line = profile.means[group.name, side], lines[group.name]
        axis.plot(middles, mean.mean, linewidth=1.4, **line)
        axis.fill_between(middles, mean.low, mean.high, color=line["color"], alpha=0.2, linewidth=0)
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set_xlim(positions.start, positions.stop)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelbottom=False)


def _exon(axis: Any, profile: Profile, side: Side) -> None:
    """Draw the intron as a line and the exon as a box, cut where the panel ends."""
    positions = profile.layout.positions(side)
    start, end = (0, positions.stop) if side == "upstream" else (positions.start, 0)
    axis.axhline(0, color="black", linewidth=1, zorder=0)
    axis.barh(0, end - start, 0.7, start, color="#DDDDDD", edgecolor="black")
    axis.annotate("exon", ((start + end) / 2, 0), ha="center", va="center", fontsize="small")
    axis.set_ylim(-0.5, 0.5)
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    axis.set_xlabel(f"bases from the {_SITES[side]}")
