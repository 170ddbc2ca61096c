"""Rows of figures → a TSV of all, and Markdown of those that are compared."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

from benchmarks.variant_truth_figures import Estimate

COLUMNS = ("model", "sha256", "window", "effect", "set", "cell", "figure", "how", "output")
MISSING = "–"
DIRECTION, TENTH, SPEARMAN = "direction", "direction, strongest tenth", "Spearman"
SATMUT = "satmut "
SHOWN = [
    ("dsQTL", DIRECTION),
    ("dsQTL", TENTH),
    ("H3K27ac", DIRECTION),
    ("H3K27ac", TENTH),
    ("CTCF_asb", DIRECTION),
    ("raQTL K562", SPEARMAN),
    ("raQTL HepG2", SPEARMAN),
    (f"{SATMUT}SORT1", SPEARMAN),
]


class Row(NamedTuple):
    """One figure of one view of a model; `of` counts variants, `estimate.variants` those used.

    `sha256` is that of its graph, and empty for a baseline.
    """

    model: str
    sha256: str
    window: int
    effect: str
    set: str
    cell: str
    figure: str
    how: str
    output: str
    estimate: Estimate
    of: int


def write_tsv(rows: Iterable[Row], file: TextIO) -> None:
    """Write every row."""
    file.write("\t".join([*COLUMNS, "value", "low", "high", "variants", "of"]) + "\n")
    for row in rows:
        numbers = [f"{one:.6f}" for one in row.estimate[:3]]
        cells = [*map(str, row[: len(COLUMNS)]), *numbers, str(row.estimate.variants), str(row.of)]
        file.write("\t".join(cells) + "\n")


def markdown(rows: Sequence[Row]) -> str:
    """Return two tables: a line per model, and one per experiment of saturation mutagenesis."""
    experiments = [row.set for row in rows if row.set.startswith(SATMUT)]
    return f"{_by_model(rows)}\n{_by_set(rows, list(dict.fromkeys(experiments)))}"


def _by_model(rows: Sequence[Row]) -> str:
    """Return a line per model and way of choosing, a column per set and figure."""
    lines = ["| model (window) | " + " | ".join(_title(rows, one) for one in SHOWN) + " |"]
    lines.append("|---|" + "---:|" * len(SHOWN))
    for model, window in dict.fromkeys((row.model, row.window) for row in rows):
        mine = [row for row in rows if row.model == model and (row.set, row.figure) in SHOWN]
        for way in ["", "best"] if any(row.how == "best" for row in mine) else [""]:
            cells = [_cell(mine, column, way) for column in SHOWN]
            name = "its best outputs" if way else f"`{model}` ({window})"
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _by_set(rows: Sequence[Row], sets: Sequence[str]) -> str:
    """Return a line per experiment, a column per model: matched outputs, or the mean."""
    models = list(dict.fromkeys(row.model for row in rows))
    lines = [f"| experiment (variants) | cell | {' | '.join(models)} |"]
    lines.append("|---|---|" + "---:|" * len(models))
    for name in sets:
        mine = [row for row in rows if row.set == name]
        cells = [
            _cell([row for row in mine if row.model == model], (name, SPEARMAN), "")
            for model in models
        ]
        title = f"{name.removeprefix(SATMUT)} ({max(row.of for row in mine):,})"
        lines.append(f"| {title} | {mine[0].cell} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _title(rows: Sequence[Row], column: tuple[str, str]) -> str:
    counts = {row.of for row in rows if (row.set, row.figure) == column}
    tenth = ", strongest tenth" if "tenth" in column[1] else ""
    return f"{column[0]}{tenth} ({max(counts, default=0):,})"


def _cell(rows: Sequence[Row], column: tuple[str, str], way: str) -> str:
    """Return a cell: the best output, or the one that is matched or the only, or the mean (ᵐ)."""
    hows = (way,) if way else ("matched", "only", "mean")
    row = next((x for x in rows if (x.set, x.figure) == column and x.how in hows), None)
    if row is None:
        return ""
    value, low, high, used = row.estimate
    if math.isnan(value):
        return MISSING
    mark = " ᵐ" if row.how == "mean" else ""
    few = f" of {used}" if used < row.of and "tenth" not in column[1] else ""
    return f"{value:.3f} [{low:.2f}, {high:.2f}]{mark}{few}"
