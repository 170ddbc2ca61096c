"""The folder that `regplug compare` writes: Comparison ─write_comparison→ files.

compare.html    all of it on one page
agreement.tsv   a row per shared target: how far the models agree, on the locus and on the set
maps.*          the mutation maps of both above each other, in one scale
bases.tsv       every change of every base of the locus, by both
scatter.*       the changes of the set, the first model's → the second's
set.tsv         every variant of the set, by both, in units too

Pictures are .png, .svg and .pdf. A change of a target is in units of its spread over random SNVs
(its card's), or else of its standard deviation here.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regplug.files.extras import needs
from regplug.files.figures import names_of, save_formats, svg_address
from regplug.files.output import check_folder, complete
from regplug.files.page import Section, page_of
from regplug.interpret.compare.agreement import Agreement, outliers
from regplug.interpret.compare.picture import Compared, scatter_figure

TABLES = ("agreement.tsv", "bases.tsv", "set.tsv")
FILES = {"compare.html", *TABLES} | names_of("maps") | names_of("scatter")
LISTED = 12  # changes of a target that differ most, on the page


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models side by side.

    Attributes:
        models: their names.
        place: the locus, or "".
        bases: a shared target each, on all changes of the locus's bases.
        variants: a shared target each, on the set.
        maps: the figure of the mutation maps, or None.
        facts: what the models are, a line each.
    """

    models: tuple[str, str]
    place: str
    bases: Sequence[Compared]
    variants: Sequence[Compared]
    maps: Any = None
    facts: Sequence[str] = ()

    @property
    def lines(self) -> list[str]:
        """Return how far they agree, a line per target and what it was asked of."""
        return [
            f"{of.title}, {what}: {_words(of.agreement)}"
            for what, compared in (("bases", self.bases), ("variants", self.variants))
            for of in compared
        ]


def check_comparison_folder(folder: Path) -> None:
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


def write_comparison(folder: Path, shown: Comparison) -> None:
    """Write the folder, replacing an earlier report.

    Raises:
        OutputError: it holds other things, or cannot be written.
        MissingLibraryError: a library is not installed.
    """
    check_comparison_folder(folder)
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        _write(partial / "agreement.tsv", _agreements(shown))
        sections = [Section("Agreement", _MEANING, (), list(_agreements(shown)))]
        if shown.maps is not None:
            _write(partial / "bases.tsv", _changes(shown, shown.bases, "change"))
            save_formats(shown.maps, partial / "maps")
            pictures = [(svg_address(shown.maps), "mutation maps")]
            sections.append(Section(f"Mutation maps of {shown.place}", _MAPS, pictures))
        if shown.variants:
            _write(partial / "set.tsv", _changes(shown, shown.variants, "variant"))
            figure = scatter_figure(shown.variants, shown.models)
            save_formats(figure, partial / "scatter")
            pictures = [(svg_address(figure), "changes by both models")]
            sections.append(Section("The set", _SET, pictures))
            sections += [_apart(shown, compared) for compared in shown.variants]
        page = page_of(" and ".join(shown.models), shown.facts, sections)
        (partial / "compare.html").write_text(page, encoding="utf-8")


_MEANING = (
    "Rank correlation of the two models' changes, with a 95 % bootstrap interval; same_sign: the "
    "share of changes that are large in both (over a unit each) and go the same way."
)
_MAPS = (
    "What every change of a base does to the score, the first model above the second. Colours of a "
    "pair end at the same number of units: blue raises, orange lowers."
)
_SET = "Orange, with numbers: the variants on which the two differ most, in units."


def _words(found: Agreement) -> str:
    rho = f"{found.spearman:.3f} ({found.low:.3f} to {found.high:.3f})"
    return f"Spearman {'none' if math.isnan(found.spearman) else rho}, n = {found.n:,}"


def _agreements(shown: Comparison) -> Iterator[list[str]]:
    yield ["of", "targets", "n", "spearman", "low", "high", "pearson", "same_sign", "large"]
    for what, compared in (("bases", shown.bases), ("variants", shown.variants)):
        for of in compared:
            found = of.agreement
            numbers = (found.spearman, found.low, found.high, found.pearson, found.same_sign)
            cells = map(_cell, numbers)
            yield [what, of.title, str(found.n), *cells, str(found.large)]


def _changes(shown: Comparison, compared: Sequence[Compared], what: str) -> Iterator[list[str]]:
    yield ["targets", what, *shown.models, *(f"{model}.units" for model in shown.models)]
    for of in compared:
        one, other = of.sides
        columns = (one.changes, other.changes, one.scaled, other.scaled)
        for at, name in enumerate(of.names):
            yield [of.title, name, *(_cell(float(column[at])) for column in columns)]


def _apart(shown: Comparison, compared: Compared) -> Section:
    """Return the list of the variants on which the models differ most."""
    one, other = compared.sides
    rows = [["variant", *shown.models, *(f"{model}, units" for model in shown.models)]]
    for at in outliers(one, other, LISTED):
        numbers = (one.changes[at], other.changes[at], one.scaled[at], other.scaled[at])
        rows.append([compared.names[at], *(_cell(float(number)) for number in numbers)])
    return Section(f"Where they differ most: {compared.title}", "", (), rows)


def _write(path: Path, rows: Iterator[list[str]]) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _cell(value: float) -> str:
    return "." if math.isnan(value) else f"{value:.6g}"
