"""Scored variants as tables of differences, a row per ALT: TSV and Parquet."""

import gzip
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, TextIO

from regplug.errors import OutputError
from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.writer import Batch, Plan, VariantWriter

_KEYS = ("chrom", "pos", "id", "ref", "alt", "status")


class TsvMatrix:
    """ALT - REF for all targets of all models, tab-separated; a missing number is `.`."""

    suffixes: ClassVar[tuple[str, ...]] = (".tsv", ".tsv.gz")

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path` and write the header."""
        self._file: TextIO = (
            gzip.open(path, "wt") if path.name.endswith(".gz") else path.open("w")  # noqa: SIM115
        )
        self._file.write("\t".join([*_KEYS, *_columns(plan)]) + "\n")

    def write(self, batch: Batch) -> None:
        """Write a row per ALT."""
        differences = [scores.alt - scores.ref for scores in batch.scores]
        statuses = [scores.status for scores in batch.scores]
        for row, keys in enumerate(_keys(batch)):
            values = [
                text
                for status, of_model in zip(statuses, differences, strict=True)
                for text in (str(status[row]), *map(_text, of_model[row].tolist()))
            ]
            self._file.write("\t".join([str(key) for key in keys] + values) + "\n")

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


class ParquetMatrix:
    """ALT - REF for all targets of all models as float32 columns; a missing number is null."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path`.

        Raises:
            OutputError: pyarrow is not installed.
        """
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise OutputError(
                f"a Parquet matrix needs pyarrow ({error}): "
                "pip install 'regplug[parquet]', or name it .tsv.gz"
            ) from error
        self._arrow = pyarrow
        number, text = pyarrow.float32(), pyarrow.string()
        kinds = {"pos": pyarrow.int64()} | dict.fromkeys(_floats(plan), number)
        self._schema = pyarrow.schema(
            [(name, kinds.get(name, text)) for name in (*_KEYS, *_columns(plan))]
        )
        self._file = pyarrow.parquet.ParquetWriter(path, self._schema)

    def write(self, batch: Batch) -> None:
        """Write a row group."""
        columns: list[Any] = [list(column) for column in zip(*_keys(batch), strict=True)]
        for scores in batch.scores:
            columns.append([str(status) for status in scores.status])
            columns += list((scores.alt - scores.ref).T)
        arrays = [
            self._arrow.array(column, field.type, from_pandas=True)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._file.write_table(self._arrow.table(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


@hookimpl
def regplug_variant_writers() -> list[type[VariantWriter]]:
    """Return the table writers."""
    return [TsvMatrix, ParquetMatrix]


def _columns(plan: Plan) -> Iterator[str]:
    """Yield the names of the columns after the keys: a status and the targets of each model."""
    for card in plan.cards:
        yield f"{card.name}.status"
        yield from (f"{card.name}.{label}" for label in card.labels)


def _floats(plan: Plan) -> list[str]:
    return [f"{card.name}.{label}" for card in plan.cards for label in card.labels]


def _keys(batch: Batch) -> Iterator[tuple[str, int, str, str, str, str]]:
    """Yield chrom, 1-based pos, id, ref, alt and the input's status, per ALT."""
    ids = [record.id or "." for record in batch.records for _ in record.alts or (".",)]
    for variant, name, status in zip(batch.variants, ids, batch.status, strict=True):
        yield variant.chrom, variant.pos, name, variant.ref, variant.alt, str(status)


def _text(number: float) -> str:
    return "." if math.isnan(number) else f"{number:.6g}"
