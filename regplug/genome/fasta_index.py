"""Whether an index is of its FASTA: its date, and what it says of a contig beside the bytes there.

An index of another file would give wrong bases, and nothing else would tell. An index that is older
than its FASTA is an error, but for a minute: a checkout, an unpacked archive or a copy dates the
files that it makes in any order. Within that minute all lines are compared. Source of the format:
the manual page faidx(5) of samtools; of `.gzi`, bgzip(1).
"""

from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam

from regplug.errors import UNREADABLE, GenomeError

GRACE = 60.0  # seconds by which an index may be older than its FASTA
_NEAR = 64  # bytes that are compared at a contig's first and last bases, and at its first line end
_CHUNK = 1 << 20  # bytes that are compared at once, where all are
_HEADER = 1 << 12  # bytes in which a header line is looked for; longer ones are read in more


class _Entry(NamedTuple):
    """A contig, as a line of .fai has it; positions and widths in bytes of the unpacked file."""

    length: int  # bases
    offset: int  # of the first base
    bases: int  # of a line
    width: int  # of a line with its end

    @property
    def size(self) -> int:
        """Return the bytes from the first base to the last, line ends between them included."""
        return self.length + (self.length - 1) // self.bases * (self.width - self.bases)


class FastaIndex:
    """The .fai of a FASTA (and .gzi, where that is bgzipped), checked against it."""

    def __init__(self, path: Path) -> None:
        """Read the index of the FASTA at `path`.

        Raises:
            GenomeError: the index is older than the FASTA by over a minute, or the FASTA does not
                end where the index says, or cannot be read.
        """
        self._path = path
        try:
            self._file = _Unpacked(path)
            self._entries = _read_fai(Path(f"{path}.fai"))
            self._older = self._is_older()
            for last in sorted(self._entries.values(), key=lambda entry: entry.offset)[-1:]:
                end = self._file.read(last.offset + last.size - 1, _NEAR)
                if not end[:1].strip() or end[1:].strip():
                    raise self._fault("at the end of its last contig")
        except UNREADABLE as error:
            raise self._fault("at its end") from error

    def _is_older(self) -> bool:
        """Tell whether the .fai or .gzi is older than the FASTA; a GenomeError if by over GRACE."""
        indices = [f"{self._path}.fai", f"{self._path}.gzi"][: 1 + self._file.packed]
        made, index = min((Path(index).stat().st_mtime, index) for index in indices)
        by = self._path.stat().st_mtime - made
        if by > GRACE:
            raise GenomeError(
                f"{index} is older than {self._path}, so it may be of what that was before: index "
                f"it again with samtools faidx {self._path}, or touch -r {self._path} {index} if "
                "you know that it fits"
            )
        return by > 0

    def check(self, contig: str) -> None:
        """Compare what the index says of a contig with the FASTA.

        That is its name and its first and last bases and lines; where the index is older than the
        FASTA, by up to GRACE, all lines.

        Raises:
            GenomeError: they differ; the message has the command that helps.
        """
        entry = self._entries.get(contig)
        if entry is None:  # of no bases
            return
        try:
            agree = (
                self._name(entry) == contig.encode()
                and all(self._lines(entry, start, end) for start, end in self._spans(entry))
                and self._ends(entry)
            )
        except UNREADABLE as error:
            raise self._fault(f"at {contig}") from error
        if not agree:
            raise self._fault(f"at {contig}")

    def _spans(self, entry: _Entry) -> list[tuple[int, int]]:
        """Return which bytes to compare, counted from the first base, half-open."""
        if self._older:
            return [(at, min(at + _CHUNK, entry.size)) for at in range(0, entry.size, _CHUNK)]
        line_end = (entry.bases - _NEAR, entry.width + _NEAR)
        spans = [(0, _NEAR), line_end, (entry.size - _NEAR, entry.size)]
        inside = [(max(0, start), min(end, entry.size)) for start, end in spans]
        return [(start, end) for start, end in inside if start < end]

    def _lines(self, entry: _Entry, start: int, end: int) -> bool:
        """Tell whether lines end in these bytes where the index says, and there only."""
        data = np.frombuffer(self._file.read(entry.offset + start, end - start), np.uint8)
        at = np.arange(end - start, dtype=np.uint32) + start % entry.width
        in_line = at - at // entry.width * entry.width < entry.bases  # faster than at % width
        return np.array_equal(data > ord(" "), in_line) and not (data == ord(">")).any()

    def _ends(self, entry: _Entry) -> bool:
        """Tell whether the contig ends where the index says."""
        behind = self._file.read(entry.offset + entry.size, _NEAR).lstrip()
        return behind[:1] in (b"", b">")

    def _name(self, entry: _Entry) -> bytes:
        """Return the name in the header line before the first base; b"" if there is none."""
        size = _HEADER
        while True:
            before = self._file.read(max(0, entry.offset - size), min(size, entry.offset))
            line = before.removesuffix(b"\n").rpartition(b"\n")[2]
            if len(line) + 1 < len(before) or size >= entry.offset:
                words = line[1:].split() if line.startswith(b">") else []
                return words[0] if words and before.endswith(b"\n") else b""
            size *= 16

    def _fault(self, where: str) -> GenomeError:
        return GenomeError(
            f"{self._path} cannot be trusted {where}: it is truncated, or its .fai or .gzi index "
            f"belongs to another file; index it again with samtools faidx {self._path}"
        )


class _Unpacked:
    """Reads a file, plain or bgzipped, from any place of its unpacked bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            self.packed = file.read(2) == b"\x1f\x8b"
        table = np.fromfile(f"{path}.gzi", "<u8")[1:] if self.packed else np.empty(0, "<u8")
        self._starts = [0, *table[1::2].tolist()]  # of blocks, in the unpacked file
        self._blocks = [0, *table[0::2].tolist()]  # and in the packed one

    def read(self, start: int, size: int) -> bytes:
        """Return bytes from `start` on, fewer than `size` where the file ends."""
        if self.packed:
            block = bisect_right(self._starts, start) - 1
            start = self._blocks[block] << 16 | (start - self._starts[block])
        with pysam.BGZFile(str(self._path)) if self.packed else self._path.open("rb") as file:
            file.seek(start)
            return bytes(file.read(size))


def _read_fai(path: Path) -> dict[str, _Entry]:
    """Return the contigs that have bases, by name."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    if any(len(cells) < 5 for cells in rows):
        raise ValueError("a line is cut off")
    entries = {name: _Entry(*map(int, numbers[:4])) for name, *numbers in rows}
    entries = {name: entry for name, entry in entries.items() if entry.length}
    if not all(0 < entry.bases < entry.width < 1 << 32 for entry in entries.values()):
        raise ValueError("a line of no bases, or without end")
    return entries
