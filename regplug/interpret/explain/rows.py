"""The rows of a mutation map's picture: letters, or loss and gain; colours; variant and motif."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regplug.files.colours import LOWERS, RAISES, diverging
from regplug.genome.codes import UNKNOWN, decode
from regplug.interpret.explain.maps import Allele, Explanation
from regplug.interpret.explain.mutation_map import MutationMap
from regplug.motifs.glyphs import draw_base
from regplug.motifs.hits import Hit

READABLE = 240  # bases; in a longer map letters are too narrow, and profiles are drawn
SPELT = 90  # bases; in a longer map there is no room for the base itself among the colours
MARK = "#FFE9A8"  # the variant

Style = Literal["basset", "deepbind"]


def changes_of(mutations: MutationMap, style: Style) -> NDArray[np.float32]:
    """Return what is drawn in colour, shape (bases, 4)."""
    return mutations.differences if style == "basset" else mutations.weighted


def heights_of(mutations: MutationMap, style: Style) -> NDArray[np.float32]:
    """Return what is drawn as letters, shape (bases,)."""
    return mutations.loss if style == "basset" else mutations.height


def draw_letters(
    axis: Any,
    mutations: MutationMap,
    places: NDArray[np.intp],
    style: Style,
    limit: float,
    prefix: str,
) -> None:
    """Draw the sequence as letters; Basset's begin a seventh of the limit below zero.

    Args:
        axis: of matplotlib.
        mutations: the map.
        places: the column of each of its bases, shape (bases,).
        style: whose heights the letters have.
        limit: the height at the top of the axis.
        prefix: in an SVG a letter is the group `prefix`-COLUMN-LETTER.
    """
    # Basset's letters are 0.25 + 1.75 * loss / limit high: a seventh of the limit at loss 0.
    foot = limit / 7 if style == "basset" else 0.0
    heights = np.nan_to_num(heights_of(mutations, style)) + foot
    axis.axhline(0, color="black", linewidth=0.5, zorder=-1)
    known = mutations.codes != UNKNOWN
    for column, base, height in zip(
        places[known].tolist(), decode(mutations.codes[known]), heights[known], strict=True
    ):
        if height:  # where nothing binds, DeepBind's letters have none
            draw_base(axis, base, column, 0, height).set_gid(f"{prefix}-{column}-{base}")
    axis.axhline(foot, color="grey", linewidth=0.5)
    axis.set_ylim(0, (foot + limit) * 1.05)
    ticks = [0, limit / 2, limit]
    axis.set_yticks([foot + tick for tick in ticks], [f"{tick:.2g}" for tick in ticks])
    axis.spines[:].set_visible(False)
    axis.spines["left"].set_visible(True)


def draw_profile(axis: Any, mutations: MutationMap, style: Style) -> None:
    """Draw loss downwards and gain upwards; in DeepBind's style, the heights of letters."""
    at = np.arange(len(mutations.codes))
    if style == "basset":
        drawn = {"step": "mid", "linewidth": 0}
        axis.fill_between(at, 0, -mutations.loss, color=LOWERS, label="loss", **drawn)
        axis.fill_between(at, 0, mutations.gain, color=RAISES, label="gain", **drawn)
        axis.legend(ncols=2, loc="upper right")
    else:
        axis.fill_between(at, 0, mutations.height, step="mid", color=LOWERS, linewidth=0)
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.spines["bottom"].set_visible(False)


def draw_colours(
    axis: Any,
    mutations: MutationMap,
    changes: NDArray[np.float32],
    explanation: Explanation,
    allele: Allele,
    limit: float,
) -> Any:
    """Draw four rows of cells, A at the top; grey where there is no score, or a gap.

    Args:
        axis: of matplotlib.
        mutations: the map.
        changes: what is drawn, shape (bases, 4).
        explanation: that the map is of.
        allele: which of its maps.
        limit: at which the colours end, either way.

    Returns:
        What a colour bar is made of.
    """
    places, columns = explanation.places(allele), len(explanation.positions)
    cells = np.full((4, columns), np.nan)
    cells[:, places] = changes.T
    mesh = axis.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(5) - 0.5,
        cells,
        cmap=diverging(),
        vmin=-limit,
        vmax=limit,
        rasterized=columns > READABLE,
    )
    axis.set_facecolor("#D9D9D9")
    axis.set_ylim(3.5, -0.5)
    axis.set_yticks(range(4), "ACGT")
    axis.tick_params(left=False)
    axis.set_xlim(-0.5, columns - 0.5)
    if columns <= SPELT:
        middle = {"ha": "center", "va": "center", "fontsize": "small"}
        for column, code, letter in zip(
            places, mutations.codes, decode(mutations.codes), strict=True
        ):
            if code != UNKNOWN:
                axis.text(column, code, letter, color="#555555", **middle)
        for gap in sorted(set(range(columns)) - set(places.tolist())):
            axis.text(gap, 1.5, "–", **middle)
    return mesh


def draw_mark(top: Any, below: Any, explanation: Explanation) -> None:
    """Mark the columns of the variant."""
    variant = explanation.variant
    if variant is None:
        return
    first = variant.start - explanation.ref.interval.start - 0.5
    last = first + max(len(variant.ref), len(variant.alt))
    top.axvspan(first, last, color=MARK, linewidth=0, zorder=-1)
    for edge in (first, last):
        below.axvline(edge, color="black", linewidth=1)


def draw_motif(axis: Any, hit: Hit, explanation: Explanation) -> None:
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
        hit.text,
        transform=above,
        ha="center",
        fontsize="small",
        parse_math=False,
    )
