"""bigWig of another program ─BigWig.values→ its values along an interval."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.errors import DataError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval

SUFFIXES = (".bw", ".bigwig")
_MAGIC = struct.pack("<I", 0x888FFC26)  # a bigWig begins and ends with it


def is_bigwig(path: Path) -> bool:
    """Tell whether a file is a bigWig, by its name: .bw or .bigWig."""
    return path.suffix.lower() in SUFFIXES


class BigWig:
    """A bigWig on a genome, open for reading; a context manager."""

    def __init__(self, path: Path, genome: Genome) -> None:
        """Open the file at `path`; its contigs may be called with or without chr.

        Raises:
            DataError: it is no bigWig, or damaged, or of another assembly: its contigs have other
                lengths than those of `genome`, or other names.
        """
        import pyBigWig

        self.path = path
        _check_ends(path)  # of half a file libBigWig crashes
        try:
            self._file: Any = pyBigWig.open(str(path))
        except RuntimeError as error:
            raise DataError(f"{path} is damaged, or no bigWig") from error
        self._names: dict[str, str] = {}  # the genome's → the file's
        for name, length in self._file.chroms().items():
            contig = genome.contig(name)
            if contig is None:
                continue
            if length != genome.lengths[contig]:
                raise DataError(
                    f"{path} is of another assembly than {genome.path}: its {name} has {length} "
                    f"bases, and that of the FASTA {genome.lengths[contig]}; take the right FASTA"
                )
            self._names[contig] = name
        if not self._names:
            raise DataError(f"{path} has no contig of {genome.path}: is it another assembly?")

    def values(self, interval: Interval) -> NDArray[np.float32]:
        """Return the value of each base (bases,); NaN where there is none.

        Args:
            interval: on a contig of the genome, by its name there, and inside it.

        Raises:
            DataError: the file is damaged there.
        """
        if interval.chrom not in self._names:
            return np.full(len(interval), np.nan, np.float32)
        place = self._names[interval.chrom], interval.start, interval.end
        try:
            values: NDArray[np.float32] = self._file.values(*place, numpy=True)
        except RuntimeError as error:
            raise DataError(f"{self.path} is damaged at {interval}") from error
        return values

    def __enter__(self) -> "BigWig":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _check_ends(path: Path) -> None:
    """Raise DataError unless a file begins and ends as a bigWig does."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    with raw:
        begins = raw.read(len(_MAGIC))
        raw.seek(max(0, raw.seek(0, 2) - len(_MAGIC)))
        ends = raw.read()
    if begins != _MAGIC:
        raise DataError(f"{path} is no bigWig: give one, or a BED under another name")
    if ends != _MAGIC:
        raise DataError(f"{path} is truncated: get it again")
