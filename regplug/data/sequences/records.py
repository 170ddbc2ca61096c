"""Sequence files, plain or gzipped ─read_records→ Records ─to_codes→ codes of one length."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, DataError
from regplug.files.lines import lines_in
from regplug.genome.codes import UNKNOWN, Codes, encode

NO_BASE = "without a known base"  # the reason in reports where `known_bases` is False
_NOT_IUPAC = re.compile(r"[^ACGTURYSWKMBDHVN]", re.ASCII | re.IGNORECASE)


class Record(NamedTuple):
    """A sequence as it stands in a file."""

    line: int  # of its header or row, 1-based
    header: str
    letters: str


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number (1-based) and text of each line that is not blank, without its end.

    Raises:
        DataError: there is no such file, or it is no text, truncated, or empty.
    """
    number = None
    try:
        for count, line in enumerate(lines_in(path), start=1):
            if line.strip():
                number = count
                yield number, line
    except EOFError as error:
        raise DataError(f"{path} is truncated: its end is missing, fetch it again") from error
    except UNREADABLE as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if number is None:
        raise DataError(f"{path} is empty")


def read_records(path: Path) -> Iterator[Record]:
    """Yield the sequences of a FASTA or FASTQ.

    Raises:
        DataError: as `read_lines`; neither FASTA nor FASTQ, or a sequence without letters.
    """
    lines = read_lines(path)
    number, first = next(lines)
    if first[0] not in ">@":
        raise DataError(
            f"{path} is neither FASTA nor FASTQ: line {number} starts with {first[:20]!r}"
        )
    parse = _fasta if first[0] == ">" else _fastq
    for record in parse(path, chain([(number, first)], lines)):
        if not record.letters:
            raise DataError(f"{path}, line {record.line}: the sequence has no letters")
        yield record


def _fasta(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    number, header = next(lines)
    letters: list[str] = []
    for count, line in lines:
        if line.startswith(">"):
            yield Record(number, header[1:].strip(), "".join(letters))
            number, header, letters = count, line, []
        else:
            letters.append(line.strip())
    yield Record(number, header[1:].strip(), "".join(letters))


def _fastq(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    while four := list(islice(lines, 4)):
        number, header = four[0]
        texts = [text for _, text in four]
        complete = len(four) == 4 and header.startswith("@") and texts[2].startswith("+")
        if not complete or len(texts[1]) != len(texts[3]):
            raise DataError(
                f"{path}, line {number}: no FASTQ read of four lines; is the file truncated?"
            )
        yield Record(number, header[1:].strip(), texts[1].strip())


def to_codes(path: Path, records: Sequence[Record], length: int | None) -> Codes:
    """Return the codes of `records`, shape (n, length).

    With a `length`, longer sequences are cut to their middle and shorter ones end in unknown
    bases; without, all must have the length of the first.

    Raises:
        DataError: lengths differ, or a letter is no IUPAC code; the message names the line.
    """
    width = length or len(records[0].letters)
    check_letters(path, records)
    for record in records:
        if length is None and len(record.letters) != width:
            raise DataError(
                f"{path}, line {record.line}: a sequence of {len(record.letters)} bases, the first "
                f"has {width}. Give --length {width}: longer ones are cut to their middle, "
                "shorter ones end in N"
            )
    joined = "".join(_fitted(record.letters, width) for record in records)
    return encode(joined).reshape(len(records), width)


def check_letters(path: Path, records: Sequence[Record]) -> None:
    """Check that all letters are IUPAC codes of nucleotides.

    Raises:
        DataError: a letter is none; the message names the line.
    """
    for record in records:
        odd = _NOT_IUPAC.search(record.letters)
        if odd:
            raise DataError(
                f"{path}, line {record.line}: {odd[0]!r} is no IUPAC letter of a nucleotide"
            )


def _fitted(letters: str, width: int) -> str:
    """Return the middle `width` letters; fewer are filled up with N at the end."""
    start = max(0, len(letters) // 2 - width // 2)
    return letters[start : start + width].ljust(width, "N")


def known_bases(codes: Codes) -> NDArray[np.bool_]:
    """Return which rows of codes (n, length) hold a known base, shape (n,)."""
    known: NDArray[np.bool_] = (codes != UNKNOWN).any(axis=1)
    return known
