"""VCF or BCF ─check_index→ its .csi or .tbi is sound: htslib crashes on one that is damaged.

The formats are those of the SAM/BAM, tabix and CSI specifications (hts-specs): little-endian
numbers, packed as BGZF.
"""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from regplug.errors import VariantFileError

_VCF = (2, 1, 2, 0, ord("#"))  # what tabix -p vcf writes: format, columns, and what begins a header


def index_files(path: str) -> list[Path]:
    """Return where htslib looks for the index of a file, in its order."""
    return [Path(f"{path}.csi"), Path(path).with_suffix(".csi"), Path(f"{path}.tbi")]


def check_index(path: str) -> None:
    """Check the index that htslib would load with the file at `path`, if there is one.

    Raises:
        VariantFileError: it is damaged, or of another kind of file.
    """
    index = next((file for file in index_files(path) if file.is_file()), None)
    if index is None:
        return
    try:
        _check(gzip.decompress(index.read_bytes()), Path(path).stat().st_size)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise VariantFileError(
            f"{index} is damaged ({error}): make it again with bcftools index -f {path}"
        ) from error


def require_index(path: str) -> None:
    """Check that regions of the VCF or BCF at `path` (`-`: standard input) can be found.

    Raises:
        VariantFileError: there is no index, or it is older than the file, so that it may lack
            records; the message has the command that helps.
    """
    if path == "-":
        raise VariantFileError("regions need a file with an index, and not standard input")
    with Path(path).open("rb") as file:
        packed, text = (start := file.read(2)) == b"\x1f\x8b", start == b"##"
    if not packed:
        how = f"bgzip {path} && bcftools index {path}.gz" if text else "bcftools view -Ob"
        raise VariantFileError(f"{path} has no index, as it is not packed by bgzip: {how}")
    index = next((file for file in index_files(path) if file.is_file()), None)
    if index is None:
        raise VariantFileError(f"{path} has no index, which regions need: bcftools index {path}")
    if int(index.stat().st_mtime) < int(Path(path).stat().st_mtime):
        raise VariantFileError(
            f"{index} is older than {path}, so it may not find all records: bcftools index -f "
            f"{path}, or touch {index} if you know that it fits"
        )


def _check(data: bytes, size: int) -> None:
    """Raise ValueError or struct.error unless `data` is an index of a file of `size` bytes."""
    numbers = _Numbers(data)
    magic = numbers.skip(4)
    if magic == b"TBI\x01":
        contigs, bins, is_csi = numbers.count(), _bins(5), False
        _check_names(numbers, contigs)
    elif magic == b"CSI\x01":
        shift, depth = numbers.take("2i")
        if not (0 < shift < 32 and 0 <= depth < 10):  # 0: contigs are short
            raise ValueError(f"its bins are of {shift} bits and {depth} levels")
        more = _Numbers(numbers.skip(numbers.count()))
        contigs, bins, is_csi = numbers.count(), _bins(depth), True
        if more.left:
            _check_names(more, contigs)
    else:
        raise ValueError("it is no .tbi or .csi")
    for _ in range(contigs):
        for _ in range(numbers.count()):
            _check_bin(numbers, bins, size, is_csi=is_csi)
        if not is_csi:
            numbers.skip(8 * numbers.count())
    if numbers.left not in (0, 8):
        raise ValueError(f"{numbers.left} bytes are left")


def _bins(levels: int) -> int:
    """Return how many bins there are, the one of statistics included."""
    return ((1 << 3 * (levels + 1)) - 1) // 7 + 1


def _check_names(numbers: "_Numbers", contigs: int) -> None:
    """Check that a tabix index is of a VCF, and names this many contigs or more."""
    kind = numbers.take("5i")
    if kind != _VCF:
        raise ValueError("it is of no VCF")
    numbers.take("i")
    names = numbers.skip(numbers.count())  # all of the header's, or of the records'
    if names[-1:] not in (b"", b"\0") or contigs > names.count(b"\0"):
        raise ValueError("its names of contigs are cut off")


def _check_bin(numbers: "_Numbers", bins: int, size: int, *, is_csi: bool) -> None:
    number = numbers.take("I")[0]
    if number > bins:
        raise ValueError(f"it has a bin {number} of {bins}")
    if is_csi:
        numbers.skip(8)
    chunks = np.frombuffer(numbers.skip(16 * numbers.count()), "<u8").reshape(-1, 2)
    if number < bins - 1:  # the bin of statistics holds counts
        begins, ends = chunks.T
        if (begins > ends).any() or (ends >> np.uint64(16) > size).any():
            raise ValueError("it points behind the end of the file")


class _Numbers:
    """Takes numbers from the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """Return how many bytes are left."""
        return len(self._data) - self._at

    def take(self, kinds: str) -> tuple[int, ...]:
        """Return the next numbers, of these kinds."""
        numbers: tuple[int, ...] = struct.unpack_from(f"<{kinds}", self._data, self._at)
        self._at += struct.calcsize(f"<{kinds}")
        return numbers

    def count(self) -> int:
        """Return the next number, which counts something that must still follow."""
        number = self.take("i")[0]
        if not 0 <= number <= self.left:
            raise ValueError(f"it has a count of {number} and {self.left} bytes left")
        return number

    def skip(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise ValueError("it is cut off")
        self._at += count
        return self._data[self._at - count : self._at]
