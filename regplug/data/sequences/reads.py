"""Reads of a selection, as FASTA, FASTQ or counted reads ─read_reads→ Records."""

import re
from collections.abc import Iterator
from pathlib import Path

from regplug.data.sequences.records import Record, read_lines, read_records
from regplug.errors import DataError

_BETWEEN = re.compile(r"[,\s]+")


def read_reads(path: Path) -> Iterator[Record]:
    """Yield the reads of a FASTA or FASTQ, or of lines READ,COUNT (or with a tab or spaces).

    A counted read is yielded as often as its count says, as it stands in a FASTQ.

    Raises:
        DataError: as `read_records`; or a count is no whole number above 0.
    """
    _, first = next(read_lines(path))
    if first[0] in ">@" or len(_cells(first)) != 2:
        yield from read_records(path)
        return
    for number, line in read_lines(path):
        cells = _cells(line)
        if len(cells) != 2:
            raise DataError(f"{path}, line {number}: {len(cells)} columns, not a read and a count")
        read, count = cells
        if not re.fullmatch("0*[1-9][0-9]{0,8}", count):
            raise DataError(
                f"{path}, line {number}: the count is {count!r}, no whole number above 0"
            )
        for _ in range(int(count)):
            yield Record(number, "", read)


def _cells(line: str) -> list[str]:
    return _BETWEEN.split(line.strip())
