"""A table with a column `seq` ─read_table→ rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from regplug.data.sequences.records import Record, read_lines
from regplug.errors import DataError


class Row(NamedTuple):
    """A row of a table: its sequence, whether it is bound, and its event.

    An event is an EventID without its ending: `seq_00002_peak` and `seq_00002_shuf` are the same.
    """

    record: Record
    bound: bool
    event: str


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table with a column `seq`; a record's header is its EventID, or "".

    Raises:
        DataError: as `read_lines`; no such column, no row, or Bound is not 0 or 1.
    """
    number, first = next(read_lines(path))
    columns = first.split("\t")
    if "seq" not in columns:
        raise DataError(
            f"{path}, line {number} starts neither a FASTA nor a table with a column seq; "
            "a BED needs --fasta GENOME"
        )
    rows = list(_rows(path, columns))
    if not rows:
        raise DataError(f"{path} holds no sequence, only the names of its columns")
    return rows


def _rows(path: Path, columns: list[str]) -> Iterator[Row]:
    lines = read_lines(path)
    next(lines)
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise DataError(f"{path}, line {number}: {len(cells)} columns, not {len(columns)}")
        row = dict(zip(columns, cells, strict=True))
        if row.get("Bound", "1") not in ("0", "1"):
            raise DataError(f"{path}, line {number}: Bound is {row['Bound']!r}, not 0 or 1")
        event = row.get("EventID", f"{number}_").rpartition("_")[0]
        record = Record(number, row.get("EventID", ""), row["seq"])
        yield Row(record, row.get("Bound", "1") == "1", event)
