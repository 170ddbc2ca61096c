"""The picture of mutation maps: letters as tall as a base matters, and every change in colour.

REF's map above ALT's, in one scale and aligned; a block per target. Where letters would be too
narrow to be read, the loss and gain of each base are drawn instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regplug.files.figures import save_figure
from regplug.interpret.explain.maps import Explanation
from regplug.interpret.explain.rows import (
    READABLE,
    Style,
    changes_of,
    draw_colours,
    draw_letters,
    draw_mark,
    draw_motif,
    draw_profile,
    heights_of,
)
from regplug.motifs.hits import Hit
from regplug.scoring.card import ModelCard

BASE = 0.16  # inches of a base with a letter
LEAST = 0.1  # the least end of Basset's colours, and of its letters
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


def draw_maps(
    shown: Sequence[Explained], paths: Sequence[Path], *, style: Style = "basset"
) -> None:
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
    legible = len(explanation.positions) <= READABLE
    changes = {allele: changes_of(made, style) for allele, made in maps.items()}
    limit = max(LEAST, *(float(np.nanmax(np.abs(each), initial=0)) for each in changes.values()))
    above = 22 if one.hit and one.hit.allele == "ref" else 8
    axes[0].set_title(one.title, fontsize=12, fontweight="bold", pad=above, parse_math=False)
    heights = [heights_of(each, style) for each in maps.values()]
    tallest = max(LEAST, *(float(np.nanmax(each, initial=0)) for each in heights))
    for row, (allele, made) in enumerate(maps.items()):
        top, below = axes[2 * row : 2 * row + 2]
        places = explanation.places(allele)
        if legible:
            draw_letters(top, made, places, style, tallest, f"{allele}-{explanation.target}")
        else:
            draw_profile(top, made, style)
        mesh = draw_colours(below, made, changes[allele], explanation, allele, limit)
        what = "loss" if legible or style == "deepbind" else "loss, gain"
        top.set_ylabel(f"{allele.upper()}\n" * (len(maps) > 1) + what, fontsize=9)
        draw_mark(top, below, explanation)
        if one.hit and one.hit.allele == allele:
            draw_motif(top, one.hit, explanation)
    _coordinates(axes[-1], explanation)
    unit = {"probability": "probability", "positive": "signal", "score": "score"}
    label = f"change of {unit[one.card.output_scale]}" + (" × score" if style == "deepbind" else "")
    bar = figure.colorbar(mesh, ax=axes, pad=0.01, aspect=30, fraction=0.03)
    bar.set_label(f"{label}\n{one.target}, {one.card.name}", fontsize=8, parse_math=False)
    bar.ax.tick_params(labelsize=8)


def _coordinates(axis: Any, explanation: Explanation) -> None:
    """Label the columns with positions in REF, 1-based."""
    positions, interval = explanation.positions, explanation.ref.interval
    steps = [a * 10**b for b in range(7) for a in (1, 2, 5)]
    step = next(s for s in steps if len(positions) / s <= max(6, min(len(positions) * 0.016, 24)))
    shown = [p for p in range(interval.start + 1, interval.end + 1) if p % step == 0]
    ticks = np.searchsorted(positions, shown)
    axis.set_xticks(ticks, [f"{position:,}" for position in shown], fontsize=8)
    axis.tick_params(labelbottom=True)
    axis.set_xlabel(f"{interval.chrom}, forward strand", fontsize=9, parse_math=False)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
