"""The picture of mutation maps: letters as tall as a base matters, and every change in colour.

REF's map above ALT's, in one scale and aligned; a block per target. Where letters would be too
narrow to be read, the loss and gain of each base are drawn instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.card import ModelCard
from regplug.codes import UNKNOWN, decode
from regplug.explain import Allele, Explanation
from regplug.figures import save_figure
from regplug.hits import Hit
from regplug.mutation_map import MutationMap

READABLE = 240  # bases, above which there are no letters
BASE = 0.16  # inches of a base with a letter
LEAST = 0.1  # the least end of Basset's colours, and of its letters
BLUE, RED = "#2166AC", "#B2182B"  # loss and gain, the ends of the colours
MARK = "#FFE9A8"  # the variant

Style = Literal["basset", "deepbind"]
COLOURS = {
    "basset": "Colour: what changing the base to that letter adds to the score; grey: not known.",
    "deepbind": "Colour: what changing the base to that letter adds to the score, times the larger "
    "of both scores; 0 if neither is positive; grey: not known.",
}
LETTERS = "  Letters: the taller, the more a change can take away; small letters: the base itself."


class Explained(NamedTuple):
    """What a picture shows: an explanation of `target`'s score, and the motif at the variant."""

    card: ModelCard
    explanation: Explanation
    hit: Hit | None
    name: str = ""

    @property
    def target(self) -> str:
        """Return the target's label."""
        return self.card.labels[self.explanation.target]

    @property
    def title(self) -> str:
        """Return where, what, and the scores before and after."""
        ref, alt = self.explanation.ref, self.explanation.alt
        where = self.explanation.variant or ref.interval
        scores = ""
        if alt is not None:
            scores = f": {ref.score:.3g} → {alt.score:.3g} ({alt.score - ref.score:+.3g})"
        return f"{self.name} {_short(str(where))}   {self.target}{scores}".strip()


def draw(shown: Sequence[Explained], paths: Sequence[Path], *, style: Style = "basset") -> None:
    """Write the picture to each of `paths`, .png or .svg."""
    from matplotlib.figure import Figure

    columns = len(shown[0].explanation.positions)
    rows = sum(2 * len(one.explanation.maps) for one in shown)
    legible = columns <= READABLE
    width = columns * BASE if legible else max(16.0, columns / 140)
    heights = ([1.3, 0.75] if legible else [2.2, 1.1]) * (rows // 2)
    size = (max(width, 7.5) + 2, sum(heights) + 0.7 * len(shown) + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    axes = list(figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    for one in shown:
        _block(figure, [axes.pop(0) for _ in range(2 * len(one.explanation.maps))], one, style)
    caption = COLOURS[style] + (LETTERS if legible else "")
    figure.supxlabel(caption, fontsize=8, wrap=True)
    for path in paths:
        save_figure(figure, path)


def _block(figure: Any, axes: list[Any], one: Explained, style: Style) -> None:
    """Draw one target: a row of letters and a row of colours per map."""
    explanation, maps = one.explanation, one.explanation.maps
    changes = {allele: _changes(made, style) for allele, made in maps.items()}
    limit = max(LEAST, *(float(np.nanmax(np.abs(each), initial=0)) for each in changes.values()))
    above = 22 if one.hit and one.hit.allele == "ref" else 8
    axes[0].set_title(_plain(one.title), fontsize=12, fontweight="bold", pad=above)
    heights = [_heights(each, style) for each in maps.values()]
    tallest = max(LEAST, *(float(np.nanmax(each, initial=0)) for each in heights))
    for row, (allele, made) in enumerate(maps.items()):
        top, below = axes[2 * row : 2 * row + 2]
        places = explanation.places(allele)
        if len(explanation.positions) <= READABLE:
            _letters(top, made, places, style, tallest, f"{allele}-{explanation.target}")
        else:
            _profile(top, made, style)
        mesh = _colours(below, made, changes[allele], explanation, allele, limit)
        what = "loss" if len(places) <= READABLE or style == "deepbind" else "loss, gain"
        top.set_ylabel(f"{allele.upper()}\n" * (len(maps) > 1) + what, fontsize=9)
        _mark(top, below, explanation)
        if one.hit and one.hit.allele == allele:
            _motif(top, one.hit, explanation)
    _coordinates(axes[-1], explanation)
    unit = {"probability": "probability", "positive": "signal", "score": "score"}
    label = f"change of {unit[one.card.output_scale]}" + (" × score" if style == "deepbind" else "")
    bar = figure.colorbar(mesh, ax=axes, pad=0.01, aspect=30, fraction=0.03)
    bar.set_label(_plain(f"{label}\n{one.target}, {one.card.name}"), fontsize=8)
    bar.ax.tick_params(labelsize=8)


def _changes(made: MutationMap, style: Style) -> NDArray[np.float32]:
    return made.differences if style == "basset" else made.weighted


def _heights(made: MutationMap, style: Style) -> NDArray[np.float32]:
    return made.loss if style == "basset" else made.height


def _letters(
    axis: Any, made: MutationMap, places: NDArray[np.intp], style: Style, limit: float, prefix: str
) -> None:
    """Draw the sequence; Basset's letters stand a seventh of the limit below zero.

    In an SVG a letter is the group `prefix`-COLUMN-LETTER.
    """
    import logomaker
    import pandas

    foot = limit / 7 if style == "basset" else 0.0  # 0.25 + 1.75 / limit * loss, in units of loss
    heights = np.nan_to_num(_heights(made, style)) + foot
    table = np.zeros((places[-1] + 1, 4))
    known = made.codes != UNKNOWN
    table[places[known], made.codes[known]] = heights[known]
    if table.any():  # where nothing binds, DeepBind's letters have no height
        frame = pandas.DataFrame(table, columns=list("ACGT"))
        logo = logomaker.Logo(frame, ax=axis, show_spines=False)
        for glyph in logo.glyph_list:
            if glyph.patch is not None:
                glyph.patch.set_gid(f"{prefix}-{int(glyph.p)}-{glyph.c}")
    axis.axhline(foot, color="grey", linewidth=0.5)
    axis.set_ylim(0, (foot + limit) * 1.05)
    ticks = [0, limit / 2, limit]
    axis.set_yticks([foot + tick for tick in ticks], [f"{tick:.2g}" for tick in ticks], fontsize=8)
    axis.spines[:].set_visible(False)
    axis.spines["left"].set_visible(True)


def _profile(axis: Any, made: MutationMap, style: Style) -> None:
    """Draw loss downwards and gain upwards; of DeepBind's, the heights."""
    at = np.arange(len(made.codes))
    if style == "basset":
        axis.fill_between(at, 0, -made.loss, step="mid", color=BLUE, linewidth=0, label="loss")
        axis.fill_between(at, 0, made.gain, step="mid", color=RED, linewidth=0, label="gain")
        axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
    else:
        axis.fill_between(at, 0, made.height, step="mid", color=BLUE, linewidth=0)
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(labelsize=8)


def _colours(
    axis: Any,
    made: MutationMap,
    changes: NDArray[np.float32],
    explanation: Explanation,
    allele: Allele,
    limit: float,
) -> Any:
    """Draw four rows of cells, A at the top; grey where there is no score, or a gap."""
    places, columns = explanation.places(allele), len(explanation.positions)
    cells = np.full((4, columns), np.nan)
    cells[:, places] = changes.T
    mesh = axis.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(5) - 0.5,
        cells,
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        rasterized=columns > READABLE,
    )
    axis.set_facecolor("#D9D9D9")
    axis.set_ylim(3.5, -0.5)
    axis.set_yticks(range(4), "ACGT", fontsize=7)
    axis.tick_params(left=False)
    axis.set_xlim(-0.5, columns - 0.5)
    if columns <= READABLE:
        middle = {"ha": "center", "va": "center", "fontsize": 6}
        for column, code, letter in zip(places, made.codes, decode(made.codes), strict=True):
            if code != UNKNOWN:
                axis.text(column, code, letter, color="#555555", **middle)
        for gap in sorted(set(range(columns)) - set(places.tolist())):
            axis.text(gap, 1.5, "–", **middle)
    return mesh


def _mark(top: Any, below: Any, explanation: Explanation) -> None:
    """Mark the columns of the variant."""
    variant = explanation.variant
    if variant is None:
        return
    first = variant.start - explanation.ref.interval.start - 0.5
    last = first + max(len(variant.ref), len(variant.alt))
    top.axvspan(first, last, color=MARK, linewidth=0, zorder=-1)
    for edge in (first, last):
        below.axvline(edge, color="black", linewidth=1)


def _motif(axis: Any, hit: Hit, explanation: Explanation) -> None:
    """Draw a bracket above the motif's bases, with its name and scores."""
    if explanation.variant is None:
        return
    start = explanation.variant.start - explanation.ref.interval.start + hit.start
    places = explanation.places(hit.allele)
    inside = places[max(0, start) : start + hit.motif.width]
    left, right = inside[0] - 0.4, inside[-1] + 0.4
    above = axis.get_xaxis_transform()
    axis.plot(
        [left, left, right, right],
        [0.97, 1.03, 1.03, 0.97],
        transform=above,
        color="black",
        linewidth=1,
        clip_on=False,
    )
    axis.text(
        (left + right) / 2,
        1.06,
        _plain(hit.text),
        transform=above,
        ha="center",
        fontsize=8,
    )


def _coordinates(axis: Any, explanation: Explanation) -> None:
    """Label the columns with positions in REF, 1-based."""
    positions, interval = explanation.positions, explanation.ref.interval
    steps = [a * 10**b for b in range(7) for a in (1, 2, 5)]
    step = next(s for s in steps if len(positions) / s <= max(6, min(len(positions) * 0.016, 24)))
    shown = [p for p in range(interval.start + 1, interval.end + 1) if p % step == 0]
    ticks = np.searchsorted(positions, shown)
    axis.set_xticks(ticks, [f"{position:,}" for position in shown], fontsize=8)
    axis.tick_params(labelbottom=True)
    axis.set_xlabel(_plain(f"{interval.chrom}, forward strand"), fontsize=9)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(text: str) -> str:
    """Return text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")
