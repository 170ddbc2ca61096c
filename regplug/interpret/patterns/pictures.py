"""Patterns as letters: contributions, and bits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regplug.files.figures import drawing, save_formats, svg_address
from regplug.interpret.patterns.find import Pattern
from regplug.motifs.glyphs import WIDTH, draw_base
from regplug.motifs.logos import letters_of

INCHES_OF_BASE, INCHES_OF_EDGE, HEIGHT = 0.17, 0.6, 1.1  # of a picture on the page
COLUMNS = 4  # of the overview


def contributions_address(pattern: Pattern) -> str:
    """Return a picture of a pattern's contributions as an address for a page."""
    with drawing(_inches(pattern), HEIGHT) as figure:
        _contributions(figure.subplots(), pattern, "")
        return svg_address(figure)


def bases_address(pattern: Pattern) -> str:
    """Return a picture of a pattern's bases, as high as their bits."""
    with drawing(_inches(pattern), HEIGHT) as figure:
        letters_of(pattern.motif, figure.subplots())
        return svg_address(figure)


def draw_overview(patterns: Sequence[Pattern], titles: Sequence[str], stem: Path) -> None:
    """Write the contributions of patterns, COLUMNS in a row, as `stem`.png, .svg and .pdf."""
    columns = min(COLUMNS, len(patterns))
    rows = -(-len(patterns) // columns)
    with drawing(columns * 1.775, rows * 1.0) as figure:
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis in axes[len(patterns) :]:
            axis.set_axis_off()
        for pattern, title, axis in zip(patterns, titles, axes, strict=False):
            _contributions(axis, pattern, title)
        save_formats(figure, stem)


def _inches(pattern: Pattern) -> float:
    return max(1.6, len(pattern.contributions[pattern.core]) * INCHES_OF_BASE + INCHES_OF_EDGE)


def _contributions(axis: Any, pattern: Pattern, title: str) -> None:
    """Draw each position's letters, the largest outermost, those that lower below the line."""
    heights = pattern.contributions[pattern.core]
    for column, of_bases in enumerate(heights):
        ends = {True: 0.0, False: 0.0}  # above the line, below it
        for base in np.argsort(np.abs(of_bases)):
            height = float(of_bases[base])
            draw_base(axis, "ACGT"[base], column, ends[height > 0], height)
            ends[height > 0] += height
    axis.set_xlim(-WIDTH / 2, len(heights) - 1 + WIDTH / 2)
    axis.autoscale(axis="y")
    axis.axhline(0, color="black", linewidth=0.5, zorder=-1)
    axis.spines[["bottom"]].set_visible(False)
    axis.set_xticks([])
    axis.set_title(title, parse_math=False)
