"""The folder that `regplug marginalize` writes: Marginals ─write_marginals→ files.

effects.tsv, effects.*       motifs × targets, with intervals and controls
positions.tsv, positions.*   over the window, of a few motifs
gc.tsv, gc.*                 over the share of G and C of random backgrounds, of a few motifs
pair.tsv, pair.*             with a second motif: by gap and order
report.html                  all pictures, and the largest effects

Pictures are .png, .svg and .pdf. With more than FEW motifs, effects.* is a clustered heat map.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from regplug.files.extras import needs
from regplug.files.figures import names_of, save_formats, svg_address
from regplug.files.output import check_folder, complete
from regplug.files.page import Section, page_of
from regplug.interpret.marginal.heatmaps import pair_figure, table_figure
from regplug.interpret.marginal.pictures import curves_figure, effects_figure
from regplug.interpret.marginal.tables import Marginals, cell

FEW = 6  # motifs that have panels of their own
FILES = {"report.html"}.union(
    *({f"{stem}.tsv"} | names_of(stem) for stem in ("effects", "positions", "gc", "pair"))
)

_LISTED = 40  # effects in the page's table
_WORDS = {
    "effects": (
        "Effects",
        "What the motif adds to the prediction of a background, put into its middle: the mean over "
        "the backgrounds and its 95 % bootstrap interval.",
    ),
    "positions": ("By place", "The same with the motif at other places of the window."),
    "gc": ("By share of G and C", "The same in random backgrounds of other shares of G and C."),
    "pair": (
        "Two motifs",
        "What both do together, less what each does alone in its place: 0 where effects add up.",
    ),
}


def check_marginal_folder(folder: Path) -> None:
    """Check that a report can be written to `folder`.

    Raises:
        OutputError: it cannot be made, or holds other things than a report.
        MissingLibraryError: a library is not installed.
    """
    check_folder(folder, FILES)
    with needs("motifs"):
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import scipy  # noqa: F401


def write_marginals(folder: Path, shown: Marginals) -> None:
    """Write the folder, replacing an earlier report.

    Raises:
        OutputError: it holds other things, or cannot be written.
        MissingLibraryError: a library is not installed.
    """
    check_marginal_folder(folder)
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        for name, rows in shown.tables.items():
            lines = ("\t".join(map(cell, row)) + "\n" for row in rows)
            (partial / name).write_text("".join(lines), encoding="utf-8")
        sections = []
        for stem, figure in figures_of(shown):
            save_formats(figure, partial / stem)
            title, text = _WORDS[stem]
            sections.append(Section(title, text, [(svg_address(figure), title)]))
        page = page_of(
            f"Motifs by themselves: {shown.model}",
            [f"Backgrounds: {shown.backgrounds}. Effect: {shown.unit}."],
            [*sections, Section("Largest effects", "", (), _largest(shown))],
        )
        (partial / "report.html").write_text(page, encoding="utf-8")


def figures_of(shown: Marginals) -> Iterator[tuple[str, Any]]:
    """Yield each picture's name and figure."""
    is_few = len(shown.effects) <= FEW
    yield "effects", effects_figure(shown) if is_few else table_figure(shown)
    if shown.positions:
        yield "positions", curves_figure(shown, "positions")
    if shown.gc:
        yield "gc", curves_figure(shown, "gc")
    if shown.pair:
        yield "pair", pair_figure(shown, shown.pair)


def _largest(shown: Marginals) -> list[list[str]]:
    """Return the header and the rows of effects.tsv whose effects are largest."""
    header, *rows = shown.tables["effects.tsv"]
    sizes = [-abs(effect) for found in shown.effects for effect in found.effect.mean.tolist()]
    chosen = np.argsort(sizes, kind="stable")[:_LISTED]
    return [[str(name) for name in header], *([cell(value) for value in rows[at]] for at in chosen)]
