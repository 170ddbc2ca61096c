"""bigWig of another program ─BigWig.values→ its values along an interval."""

import json
import struct
import subprocess
import sys
from contextlib import suppress
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


class Reading:
    """The process in which libBigWig reads, for it crashes on damaged files; a context manager."""

    def __init__(self) -> None:
        """Start none yet."""
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, path: Path, *place: str | int) -> Any:
        """Return the contigs of a bigWig, name → length, or the float32 values at a place.

        Args:
            path: of the file.
            place: contig, 0-based start and end; or nothing.

        Raises:
            DataError: the file is damaged.
        """
        pipes = self._started()
        assert pipes.stdin
        assert pipes.stdout
        with suppress(BrokenPipeError):  # the process has ended, and answers nothing
            pipes.stdin.write(json.dumps([str(path.absolute()), *place]).encode() + b"\n")
            pipes.stdin.flush()
        line = pipes.stdout.readline()
        if not line.endswith(b"\n"):
            self.close()
            raise DataError(f"{path} is damaged: libBigWig crashes on it; get it again")
        answer = json.loads(line)
        if isinstance(answer, str):
            raise DataError(f"{path} is damaged, or no bigWig ({answer}): get it again")
        if isinstance(answer, int):
            return np.frombuffer(pipes.stdout.read(4 * answer), np.float32)
        return answer

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("bigwig_reading.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches this process only
            )
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()
            self._process = None

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BigWig:
    """A bigWig on a genome, open for reading; a context manager."""

    def __init__(self, path: Path, genome: Genome, reading: Reading | None = None) -> None:
        """Open the file at `path`; its contigs may be called with or without chr.

        Args:
            path: of the file.
            genome: whose contigs it must have.
            reading: the process that reads it, which is left open; without it, one of its own.

        Raises:
            DataError: it is no bigWig, or damaged, or of another assembly: its contigs have other
                lengths than those of `genome`, or other names.
        """
        self.path = path
        _check_ends(path)
        self._reading = reading or Reading()
        self._own = reading is None
        self._names: dict[str, str] = {}  # the genome's → the file's
        try:
            self._find_contigs(genome)
        except DataError:
            self.close()
            raise

    def _find_contigs(self, genome: Genome) -> None:
        path = self.path
        for name, length in self._reading.ask(path).items():
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
            values: NDArray[np.float32] = self._reading.ask(self.path, *place)
        except DataError as error:
            raise DataError(f"{self.path} is damaged at {interval}: get it again") from error
        return values

    def close(self) -> None:
        """Close the file."""
        if self._own:
            self._reading.close()

    def __enter__(self) -> "BigWig":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
