"""The picture of mutation maps: letters as tall as a base matters, and every change in colour.

REF's map above ALT's, in one scale and aligned; a block per target. Where letters would be too
narrow to be read, the loss and gain of each base are drawn instead.
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.files.figures import PAGE, SMALLEST, drawing, save_figure
from regplug.interpret.explain.aspects import UNITS, Aspect
from regplug.interpret.explain.maps import Explanation
from regplug.interpret.explain.rows import (
    READABLE,
    SPELT,
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

BASE = 0.16  # inches of a base with a letter, before the picture is shrunk to a page
LEAST = 0.1  # the scales of colours and letters of probabilities reach to this, as in Basset
ROUNDING = 1e-5  # what sums of float32 may change
COLOURS = {
    "basset": "Colour: what changing the base to that letter does to the score: blue raises, "
    "orange lowers it; grey: not known.",
    "deepbind": "Colour: what changing the base to that letter does to the score: blue raises, "
    "orange lowers it; times the larger of both scores, 0 if neither is positive; grey: not known.",
}
LETTERS = [
    "  Letters: the taller, the more a change can take away.",
    "  Letters: the taller, the more a change can take away; small letters: the base itself.",
]


class Explained(NamedTuple):
    """What a picture shows of one target.

    Attributes:
        card: the model's.
        explanation: its maps.
        hit: the known motif at the variant, if any is significant.
        name: of the variant, such as an rs number, or "".
        aspect: what of the model the maps are of, or "": its score.
    """

    card: ModelCard
    explanation: Explanation
    hit: Hit | None
    name: str = ""
    aspect: Aspect = ""

    @property
    def target(self) -> str:
        """Return the target's label, and the aspect where the label does not say it."""
        label = self.card.labels[self.explanation.target]
        return label if self.aspect in ("", label) else f"{label} {self.aspect}"

    @property
    def title(self) -> str:
        """Return the place, the target, and the scores of REF and ALT."""
        ref, alt = self.explanation.ref, self.explanation.alt
        where = self.explanation.variant or ref.interval
        scores = ""
        if alt is not None:
            scores = f": {ref.score:.3g} → {alt.score:.3g} ({alt.score - ref.score:+.3g})"
        return f"{self.name} {_short(str(where))}   {self.target}{scores}".strip()

    @property
    def meaning(self) -> str:
        """Return what the scores mean: their percentiles among background places, or ""."""
        explained = self.explanation
        found = {
            allele.upper() if explained.variant else "middle": mutations.percentile
            for allele, mutations in explained.maps.items()
        }
        words = [f"{name} above {100 * p:.4g} %" for name, p in found.items() if p is not None]
        return f"{', '.join(words)} of background places" if words else ""


def draw_maps(
    shown: Sequence[Explained], paths: Sequence[Path], *, style: Style = "basset"
) -> None:
    """Write the picture to each of `paths`, .png, .svg or .pdf; `shown` are of the same place."""
    figure = maps_figure(shown, style=style)
    for path in paths:
        save_figure(figure, path)


def maps_figure(
    shown: Sequence[Explained], *, style: Style = "basset", limits: Sequence[float] = ()
) -> Any:
    """Return the picture as a figure.

    Args:
        shown: targets of the same place, of one model or several.
        style: whose colours and letters.
        limits: where the colours and letters of each end; by default at the largest of its own.
    """
    columns = len(shown[0].explanation.positions)
    rows = sum(2 * len(explained.explanation.maps) for explained in shown)
    legible = columns <= READABLE
    width = max(columns * BASE + 2, PAGE) if legible else max(18.0, columns / 140)
    letters = width / PAGE  # how much larger all is drawn than it is printed
    heights = [0.45 + 0.6 * letters, max(0.6, 0.5 * letters)] * (rows // 2)
    between = 0.45 * letters * len(shown) + 0.75 * letters
    with drawing(width, sum(heights) + between) as figure:
        axes = list(
            figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        )
        for explained, limit in zip_longest(shown, limits):
            of_target = [axes.pop(0) for _ in range(2 * len(explained.explanation.maps))]
            _draw_target(figure, of_target, explained, style, limit)
        caption = COLOURS[style] + (LETTERS[columns <= SPELT] if legible else "")
        figure.supxlabel("\n".join(wrap(caption, 118)), parse_math=False)
        return figure


def _draw_target(
    figure: Any, axes: list[Any], explained: Explained, style: Style, end: float | None
) -> None:
    """Draw one target: a row of letters and a row of colours per map; both end at `end`."""
    explanation, hit = explained.explanation, explained.hit
    maps = explanation.maps
    legible = len(explanation.positions) <= READABLE
    changes = {allele: changes_of(mutations, style) for allele, mutations in maps.items()}
    least = _least(explained)
    limit = end or _largest((np.abs(of_allele) for of_allele in changes.values()), least)
    small = figure.get_figwidth() / PAGE * SMALLEST  # points
    above = small * (2.4 if hit and hit.allele == "ref" else 1)
    title = "\n".join(filter(None, (explained.title, explained.meaning)))
    axes[0].set_title(title, fontweight="bold", pad=above, parse_math=False)
    tallest = end or _largest((heights_of(one, style) for one in maps.values()), least)
    for row, (allele, mutations) in enumerate(maps.items()):
        top, below = axes[2 * row : 2 * row + 2]
        places = explanation.places(allele)
        if legible:
            prefix = "-".join(filter(None, (allele, str(explanation.target), explained.aspect)))
            draw_letters(top, mutations, places, style, tallest, prefix)
        else:
            draw_profile(top, mutations, style)
        mesh = draw_colours(below, mutations, changes[allele], explanation, allele, limit)
        what = "loss" if legible or style == "deepbind" else "loss, gain"
        top.set_ylabel(f"{allele.upper()}\n" * (len(maps) > 1) + what)
        draw_mark(top, below, explanation)
        if hit and hit.allele == allele:
            draw_motif(top, hit, explanation)
    _coordinates(axes[-1], explanation)
    unit = {"probability": "probability", "positive": "signal", "score": "score"}
    of = UNITS[explained.aspect] if explained.aspect else unit[explained.card.output_scale]
    label = f"change of {of}"
    label += " × score" if style == "deepbind" else ""
    bar = figure.colorbar(mesh, ax=axes, pad=0.01, aspect=30, fraction=0.03)
    bar.set_label(f"{label}\n{explained.target}, {explained.card.name}", parse_math=False)


def _least(explained: Explained) -> float:
    """Return to what scales reach at least: in other numbers than probabilities, to a spread.

    That is what random SNVs change, where it is measured; what changes less is drawn as little.
    """
    card, aspect = explained.card, explained.aspect
    if card.output_scale == "probability" and not aspect:
        return LEAST
    spread = card.targets[explained.explanation.target].spread
    known = spread if spread and aspect != "profile" else ROUNDING
    return min(LEAST, max(known, ROUNDING))


def _largest(arrays: Iterable[NDArray[np.float32]], least: float) -> float:
    """Return the largest value in all arrays, or `least` if that is larger."""
    return max(least, *(float(np.nanmax(values, initial=0)) for values in arrays))


def _coordinates(axis: Any, explanation: Explanation) -> None:
    """Label the columns with positions in REF, 1-based."""
    positions, interval = explanation.positions, explanation.ref.interval
    steps = [a * 10**b for b in range(7) for a in (1, 2, 5)]
    most = 7  # labels that fit
    step = next(step for step in steps if len(positions) / step <= most)
    shown = [at for at in range(interval.start + 1, interval.end + 1) if at % step == 0]
    ticks = np.searchsorted(positions, shown)
    axis.set_xticks(ticks, [f"{position:,}" for position in shown])
    axis.tick_params(labelbottom=True)
    axis.set_xlabel(f"{interval.chrom}, forward strand", parse_math=False)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
