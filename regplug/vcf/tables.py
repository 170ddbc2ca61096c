"""Scored variants as tables of differences, a row per ALT: TSV and Parquet.

After a model's differences stand what its adapter tells of REF and ALT together, in columns
`<model>.<target>.<name>`; so do those on haplotypes: `hap`, `joint1` and `joint2`.
"""

import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from regplug.files.extras import needs
from regplug.genome.variant import Status, Variant
from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.writer import Batch, Plan, VariantWriter
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Array, Scores, difference

if TYPE_CHECKING:
    import pyarrow

_KEYS = ("chrom", "pos", "id", "ref", "alt", "status")


class TsvMatrix:
    """ALT - REF for all targets of all models, tab-separated; a missing number is `.`."""

    suffixes: ClassVar[tuple[str, ...]] = (".tsv", ".tsv.gz")
    part_suffix: ClassVar[str] = ".tsv"

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path` and write the header."""
        self._raw = path.open("wb")
        is_packed = path.name.endswith(
            ".gz"
        )  # without a date, and the name that is not yet its own
        file = gzip.GzipFile("", "wb", fileobj=self._raw, mtime=0) if is_packed else self._raw
        self._file = TextIOWrapper(file, "utf-8")
        columns = _columns(plan.cards, plan.pairs, phased=plan.phased)
        self._file.write("\t".join([*_KEYS, *(name for name, _ in columns)]) + "\n")

    def write(self, batch: Batch) -> None:
        """Write a row per ALT."""
        models = _told(batch)
        for row, keys in enumerate(_keys(batch)):
            values = [
                text
                for words, numbers in models
                for text in (
                    *(each[row] or "." for each in words),
                    *map(_text, numbers[row].tolist()),
                )
            ]
            self._file.write("\t".join([str(key) for key in keys] + values) + "\n")

    def append(self, part: bytes) -> None:
        """Write the rows of another such file."""
        self._file.write(part.decode().partition("\n")[2])

    def close(self) -> None:
        """Write what is left."""
        try:
            self._file.close()
        finally:
            self._raw.close()


class ParquetMatrix:
    """ALT - REF for all targets of all models as float32 columns; a missing number is null."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)
    part_suffix: ClassVar[str] = ".parquet"

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path`.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        with needs("parquet"):
            import pyarrow.parquet
        self._schema = _schema(("id",), plan.cards, plan.pairs, phased=plan.phased)
        self._file = pyarrow.parquet.ParquetWriter(path, self._schema)

    def write(self, batch: Batch) -> None:
        """Write a row group."""
        self._file.write_table(_table(list(_keys(batch)), _told(batch), self._schema))

    def append(self, part: bytes) -> None:
        """Write the rows of another such file."""
        import pyarrow.parquet

        self._file.write_table(pyarrow.parquet.read_table(pyarrow.BufferReader(part)))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


def arrow_table(
    variants: Sequence[Variant],
    status: Sequence[Status],
    cards: Sequence[ModelCard],
    scores: Sequence[Scores],
) -> "pyarrow.Table":
    """Return the table of a matrix, without the column id, for variants that stand in no record."""
    keys = [
        (v.chrom, v.pos, v.ref, v.alt, str(why)) for v, why in zip(variants, status, strict=True)
    ]
    pairs = {card.name: tuple(of.pairs) for card, of in zip(cards, scores, strict=True)}
    told = [_Told([list(map(str, of.status))], _numbers(of)) for of in scores]
    return _table(keys, told, _schema((), cards, pairs))


@hookimpl
def regplug_variant_writers() -> list[type[VariantWriter]]:
    """Return the table writers."""
    return [TsvMatrix, ParquetMatrix]


class _Told(NamedTuple):
    """Columns of a model: words, a list of n each, and numbers, shape (n, columns)."""

    words: list[list[str | None]]
    numbers: Array


def _told(batch: Batch) -> list[_Told]:
    """Return the columns of each model."""
    told = [_Told([list(map(str, of.status))], _numbers(of)) for of in batch.scores]
    if not batch.phased:
        return told
    return [
        _Told(
            [*words, of.phase],
            np.concatenate([numbers, *map(_change, (of.scores, *of.joint))], axis=1),
        )
        for (words, numbers), of in zip(told, batch.phased, strict=True)
    ]


def _change(scores: Scores) -> Array:
    return difference(scores.ref, scores.alt)


def _columns(
    cards: Sequence[ModelCard], pairs: Mapping[str, Sequence[str]], *, phased: bool = False
) -> Iterator[tuple[str, bool]]:
    """Yield the columns after the keys, and whether they hold numbers.

    They are each model's status, with haplotypes its phase, and of its targets the difference, what
    is told of pairs, and the differences on haplotypes.
    """
    on_haplotypes = ("hap", "joint1", "joint2") if phased else ()
    for card in cards:
        yield f"{card.name}.status", False
        if phased:
            yield f"{card.name}.phase", False
        names = (*pairs.get(card.name, ()), *on_haplotypes)
        for ending in ("", *(f".{name}" for name in names)):
            yield from ((f"{card.name}.{label}{ending}", True) for label in card.labels)


def _numbers(scores: Scores) -> Array:
    """Return a model's numbers in the order of its columns, shape (n, columns)."""
    return np.concatenate([_change(scores), *scores.pairs.values()], axis=1)


def _schema(
    extra: Sequence[str],
    cards: Sequence[ModelCard],
    pairs: Mapping[str, Sequence[str]],
    *,
    phased: bool = False,
) -> "pyarrow.Schema":
    """Return the columns and their types; of the keys that not all have, those in `extra`."""
    import pyarrow

    keys = [key for key in _KEYS if key != "id" or key in extra]
    kinds = {True: pyarrow.float32(), False: pyarrow.string()}
    fields = [(key, pyarrow.int64() if key == "pos" else kinds[False]) for key in keys]
    fields += [(name, kinds[number]) for name, number in _columns(cards, pairs, phased=phased)]
    return pyarrow.schema(fields)


def _table(
    keys: Sequence[tuple[Any, ...]], told: Sequence[_Told], schema: "pyarrow.Schema"
) -> "pyarrow.Table":
    """Return the rows, one per ALT."""
    import pyarrow

    width = len(schema) - sum(len(words) + numbers.shape[1] for words, numbers in told)
    columns: list[Any] = [[row[at] for row in keys] for at in range(width)]
    for words, numbers in told:
        columns += [*words, *numbers.T]
    arrays = [
        pyarrow.array(column, field.type, from_pandas=True)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pyarrow.table(arrays, schema=schema)


def _keys(batch: Batch) -> Iterator[tuple[str, int, str, str, str, str]]:
    """Yield chrom, 1-based pos, id, ref, alt and the input's status, per ALT."""
    ids = [record.id or "." for record in batch.records for _ in record.alts or (".",)]
    for variant, name, status in zip(batch.variants, ids, batch.status, strict=True):
        yield variant.chrom, variant.pos, name, variant.ref, variant.alt, str(status)


def _text(number: float) -> str:
    return "." if math.isnan(number) else f"{number:.6g}"
