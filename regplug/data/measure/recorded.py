"""What tests have written → figures for a model's card.

metrics.json of `regplug test --along` ─along_figures→ AlongFigure
table of `benchmarks.variant_truth`    ─variant_figures→ VariantFigure
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from regplug.errors import UNREADABLE, DataError, ModelError
from regplug.files.lines import lines_in
from regplug.scoring.card import ModelCard
from regplug.scoring.measured import AlongFigure, VariantFigure

DECIMALS = 4
BASELINE = "GC content"  # of the table
NO_NUMBER = "nan"
OPTIMISTIC = "best"  # an output that the variants it is judged by have chosen

Figure = TypeVar("Figure", AlongFigure, VariantFigure)


class _Model(msgspec.Struct):
    name: str
    sha256: str


class _Tiles(msgspec.Struct):
    file: str
    part: str
    contigs: tuple[str, ...]


class _Areas(msgspec.Struct):
    """A row of metrics.json: `target` is the set's sample, `label` the model's target."""

    label: str
    target: str
    score: str
    tiles: int
    open: int
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    auprc: float | None
    auprc_low: float | None
    auprc_high: float | None


class _AlongTest(msgspec.Struct):
    model: _Model
    set: _Tiles
    scores: list[_Areas]


def along_figures(path: Path, card: ModelCard) -> tuple[AlongFigure, ...]:
    """Return the figures in metrics.json of a test of a model along a genome, and its baselines'.

    A target whose tiles are of one class has no areas, and is left out.

    Raises:
        DataError: the file cannot be read, or is another one.
        ModelError: the test is of another model.
    """
    try:
        test = msgspec.json.decode(path.read_bytes(), type=_AlongTest)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except UNREADABLE as error:
        raise DataError(
            f"{path} is no metrics.json that regplug test --along has written: {error}"
        ) from error
    _check_model(path, card, test.model.name, test.model.sha256)
    return tuple(
        _rounded(
            AlongFigure,
            msgspec.structs.asdict(row)
            | {"target": row.label, "sample": row.target}
            | {"set": test.set.file, "part": test.set.part, "contigs": test.set.contigs},
        )
        for row in test.scores
        if row.auroc is not None and row.auprc is not None
    )


def variant_figures(path: Path, card: ModelCard) -> tuple[VariantFigure, ...]:
    """Return a model's figures in a table of `variant_truth`, each before that of GC content.

    What has no value is left out, and so are outputs that were picked on the variants.

    Raises:
        DataError: the file cannot be read, or is another one.
        ModelError: the table has no figures of the model.
    """
    try:
        rows = list(csv.DictReader(lines_in(path), delimiter="\t"))
        if any(None in row or None in row.values() for row in rows):
            raise ValueError("a line has not as many columns as the first")
        graphs = {(row["model"], row["sha256"]) for row in rows}
        figures = [
            _rounded(VariantFigure, _known(row) | {"score": row["model"]})
            for name in (card.name, BASELINE)
            for row in rows
            if row["model"] == name and row["how"] != OPTIMISTIC and row["value"] != NO_NUMBER
        ]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (*UNREADABLE, KeyError, csv.Error) as error:
        raise DataError(
            f"{path} is no table that benchmarks.variant_truth has written: {error}"
        ) from error
    names = sorted({name for name, _ in graphs})
    if card.name not in names:
        others = f", but of {', '.join(names)}" if names else ""
        raise ModelError(f"{path} has no figures of {card.name}{others}")
    for name, sha256 in graphs:
        if name == card.name:
            _check_model(path, card, name, sha256)
    places = list(dict.fromkeys((it.set, it.figure) for it in figures))
    return tuple(sorted(figures, key=lambda it: places.index((it.set, it.figure))))


def _check_model(path: Path, card: ModelCard, name: str, sha256: str) -> None:
    """Check that figures are of the model that `card` is of.

    Raises:
        ModelError: they are not.
    """
    if name != card.name:
        raise ModelError(f"{path} has figures of {name}, not of {card.name}")
    if sha256 != card.sha256:
        raise ModelError(
            f"{path} has figures of another {name}: the sha256 of its graph is {sha256[:12]}..., "
            f"the card's {card.sha256[:12]}...; test the model again"
        )


def _known(row: dict[str, str]) -> dict[str, str | None]:
    """Return a row of the table, None where there is no number."""
    return {name: None if value == NO_NUMBER else value for name, value in row.items()}


def _rounded(kind: type[Figure], values: Mapping[str, object]) -> Figure:
    """Return a figure of what it needs of `values`, which may be text."""
    figure = msgspec.convert(
        {name: values[name] for name in kind.__struct_fields__}, kind, strict=False
    )
    numbers = msgspec.structs.asdict(figure).items()
    return msgspec.structs.replace(
        figure, **{name: round(n, DECIMALS) for name, n in numbers if isinstance(n, float)}
    )
