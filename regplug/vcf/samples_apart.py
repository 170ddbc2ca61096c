"""A VCF with samples ─Apart→ its lines up to INFO, for htslib, and the rest as it stands.

htslib would make numbers of each genotype, and text of it again: of 2,504 samples that takes longer
than all else.
"""

import zlib
from collections import deque

import pysam

from regplug.errors import VariantFileError
from regplug.files.stream import BGZF, Stream

_FIXED = 8  # columns up to INFO
_LOOK = 1024  # bytes that tell what a file is
_ROOM = 1 << 23  # bytes of samples that wait for their records


class SampleColumns:
    """FORMAT and samples of records, as bytes, in order; a thread puts, and another takes."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._put = self._taken = 0  # bytes; each is written by one thread
        self.are_apart = False

    @property
    def size(self) -> int:
        """Return how many bytes wait."""
        return self._put - self._taken

    def put(self, pos: bytes, columns: bytes) -> None:
        """Add those of the next record, which is at `pos`."""
        self._put += len(columns)
        self._waiting.append((pos, columns))

    def take(self, record: pysam.VariantRecord) -> bytes:
        """Return those of the next record; b"" where pysam's record has them, or there are none.

        Raises:
            VariantFileError: it is another record.
        """
        if not self.are_apart:
            return b""
        pos, columns = self._waiting.popleft() if self._waiting else (b"", b"")
        if not pos.isdigit() or int(pos) != record.pos:
            raise VariantFileError(f"the samples of {record.contig}:{record.pos} are not found")
        self._taken += len(columns)
        return columns


class Apart(Stream):
    """A pipe with a VCF without FORMAT and samples; with anything else as `source` sends it.

    The header keeps its samples. A line stays whole where its columns are not as many as the
    header's, or not UTF-8: htslib says what is wrong with it.

    Attributes:
        damaged: True if bgzipped data could not be unpacked to their end.
    """

    def __init__(self, columns: SampleColumns, source: int = 0) -> None:
        """Start to copy file descriptor `source`; call it in the main thread."""
        self._columns = columns
        self._is_vcf: bool | None = None
        self._unpacker = zlib.decompressobj(31)
        self._packed = self.damaged = False
        self._held = b""  # the beginning of the file, until it is known what that is
        self._line: list[bytes] = []  # pieces of a line that has not ended
        self._is_header, self._samples = True, 0
        super().__init__(source)

    def _passed(self, data: bytes) -> bytes:
        is_end = not data
        if self._is_vcf is None:
            self._held += data
            if len(self._held) < _LOOK and not is_end:
                return b""
            self._is_vcf, data = self._looks_like_vcf(), self._held
        if not self._is_vcf:
            return data
        while self._columns.size > _ROOM and not self.closing.wait(0.01):
            pass
        text = self._cut(self._unpacked(data))
        if is_end:
            self.damaged = self._packed and not self._unpacker.eof
            text += self._cut(b"\n") if any(self._line) else b""
        return text

    def _looks_like_vcf(self) -> bool:
        start = self._held
        self._packed = start.startswith(BGZF)
        try:
            start = zlib.decompressobj(31).decompress(start, 64) if self._packed else start
        except zlib.error:
            return False
        return start.startswith(b"##fileformat=VCF")

    def _unpacked(self, data: bytes) -> bytes:
        """Return the text that the next `data` of the file hold."""
        if not self._packed:
            return data
        parts = []
        while data:
            if self._unpacker.eof:
                self._unpacker = zlib.decompressobj(31)
            try:
                parts.append(self._unpacker.decompress(data))
            except zlib.error:
                self.damaged = True
                raise
            data = self._unpacker.unused_data
        return b"".join(parts)

    def _cut(self, text: bytes) -> bytes:
        """Return the lines that end in the next `text` of the file, up to INFO."""
        if self._is_header or self._columns.are_apart:
            first, *lines = text.split(b"\n")
            self._line.append(first)
            if not lines:
                return b""
            lines = [b"".join(self._line), *lines]
            self._line = [lines.pop()]
            return b"".join(map(self._up_to_info, lines))
        text, self._line = b"".join([*self._line, text]), []
        return text

    def _up_to_info(self, line: bytes) -> bytes:
        if not self._columns.are_apart:
            if self._is_header and line.startswith(b"#CHROM"):
                self._samples = line.count(b"\t") - _FIXED
                self._columns.are_apart = self._samples > 0
                self._is_header = False
            return line + b"\n"
        cells = line.split(b"\t", _FIXED)
        rest = cells.pop() if len(cells) > _FIXED else b""
        if rest.count(b"\t") == self._samples and not rest.endswith(b"\r") and _is_utf8(rest):
            self._columns.put(cells[1], rest)
            return b"\t".join(cells) + b"\n"
        self._columns.put(cells[1] if cells[1:] else b"", b"")
        return line + b"\n"


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
