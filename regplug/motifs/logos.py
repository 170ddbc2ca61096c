"""Logos of motifs: letters as high as the bits they carry."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from regplug.files.figures import PAGE, drawing, save_figure, save_formats
from regplug.motifs.glyphs import WIDTH, draw_base
from regplug.motifs.motif import Motif

INCHES_OF_BASE, INCHES_OF_EDGE, HEIGHT = 0.24, 0.75, 1.5  # of a single logo


def draw_logo(motif: Motif, stem: Path, *, letters: str = "ACGT", title: str = "") -> None:
    """Write a motif's logo to `stem`.png and `stem`.svg; `letters` name its four columns.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    with _figure(motif.width * INCHES_OF_BASE + INCHES_OF_EDGE, HEIGHT) as figure:
        _logo(motif, figure.subplots(), letters, title)
    for form in ("png", "svg"):  # of hundreds of filters
        save_figure(figure, stem.with_name(f"{stem.name}.{form}"))


def draw_overview(
    rows: Sequence[tuple[str, Sequence[tuple[Motif, str]]]], stem: Path, *, letters: str = "ACGT"
) -> None:
    """Write a picture with a row of logos per target.

    Args:
        rows: of a target's name and its logos, each a motif and its title.
        stem: of the names; .png, .svg and .pdf are written.
        letters: of the motifs' four columns.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    columns = max(len(logos) for _, logos in rows)
    widest = max((motif.width for _, logos in rows for motif, _ in logos), default=1)
    with _figure(columns * (widest * 0.14 + 0.7), len(rows) * 1.35) as figure:
        axes = figure.subplots(len(rows), columns, squeeze=False)
        for (target, logos), line in zip(rows, axes, strict=True):
            for axis in line[len(logos) :]:
                axis.set_axis_off()
            for (motif, title), axis in zip(logos, line, strict=False):
                _logo(motif, axis, letters, title)
                axis.set_xlim(-0.5, widest - 0.5)
                axis.set_ylabel("")
            line[0].set_ylabel(f"{target}\nbits", parse_math=False)
    save_formats(figure, stem)


def _figure(width: float, height: float) -> AbstractContextManager[Any]:
    """Return what gives a figure; a wide one is higher, as its letters are larger."""
    return drawing(max(width, 1.8), height * max(1.0, width / PAGE) ** 0.5)


def letters_of(motif: Motif, axis: Any) -> None:
    """Draw a motif into an axis of matplotlib's, without a title."""
    _logo(motif, axis, "ACGT", "")


def _logo(motif: Motif, axis: Any, letters: str, title: str) -> None:
    """Draw the motif into the axis, the base that carries most bits on top."""
    for column, heights in enumerate(motif.frequencies * motif.information[:, None]):
        floor = 0.0
        for base in np.argsort(heights):
            draw_base(axis, letters[base], column, floor, heights[base])
            floor += heights[base]
    edge = WIDTH / 2
    axis.set_xlim(-edge, motif.width - 1 + edge)
    axis.set_ylim(0, 2)
    axis.set_yticks([0, 1, 2])
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    axis.axhline(0, color="black", linewidth=0.5, zorder=-1)
    axis.set_ylabel("bits")
    axis.set_title(title, fontsize="small", parse_math=False)
