"""values ─bigwigs→ .bw, ─bedgraphs→ .bedgraph: the last hop of the road to a track.

interval ─track.stretches→ codes ─Adapter.track→ values ─bigwig→ .bw
"""

import json
import struct
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, TextIO

import numpy as np
from numpy.typing import NDArray

Edges = NDArray[np.int64]
Values = NDArray[np.float32]

_PROCESS = Path(__file__).with_name("bigwig_process.py")


class TrackFiles(ABC):
    """The files of several tracks that have values at the same places.

    Attributes:
        low: the smallest value of each, shape (tracks,); NaN before the first.
        high: the largest.
    """

    def __init__(self, tracks: int) -> None:
        """Begin without values."""
        self.low = np.full(tracks, np.nan, np.float32)
        self.high = np.full(tracks, np.nan, np.float32)

    def write(self, contig: str, edges: Edges, values: Values) -> None:
        """Add values, shape (n, tracks), none of them NaN, behind those before.

        Value k is that of the bases [edges[k], edges[k + 1]), 0-based; edges have shape (n + 1,).

        Raises:
            OSError: the disk is full.
        """
        self.low = np.fmin(self.low, values.min(axis=0))
        self.high = np.fmax(self.high, values.max(axis=0))
        self._write(contig, edges, values)

    @abstractmethod
    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        """Write values that are known to be in order."""


@contextmanager
def bigwigs(paths: Sequence[Path], contigs: Mapping[str, int]) -> Iterator[TrackFiles]:
    """Write bigWigs with zoom levels; `contigs` are the genome's (name → length), in its order.

    pyBigWig works in a process of its own, as libBigWig crashes or loops when a disk is full.

    Raises:
        OSError: a file could not be written to its end.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_PROCESS)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for us to handle
        )
        try:
            files = _BigWigs(len(paths), process, said)
            files.tell([[str(path) for path in paths], list(contigs.items())])
            yield files
            files.finish()
        finally:
            process.kill()
            with suppress(OSError):
                process.communicate()
    for path, high in zip(paths, files.high, strict=True):
        _tell_maximum(path, float(high))


class _BigWigs(TrackFiles):
    """Hands values to the process that writes them."""

    def __init__(self, tracks: int, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
        super().__init__(tracks)
        self._process, self._said = process, said

    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        columns = np.ascontiguousarray(values.T, np.float32)
        self.tell([contig, len(values)], edges.astype(np.int64).tobytes(), columns.tobytes())

    def tell(self, line: list[object], *arrays: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(b"".join([json.dumps(line).encode(), b"\n", *arrays]))
        except BrokenPipeError:  # it gave up, and has said why
            self.finish()

    def finish(self) -> None:
        """Wait until all is written; raise OSError if it is not."""
        self._process.communicate()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        status = self._process.returncode
        if status or lines:
            raise OSError(f"pyBigWig failed ({lines[-1] if lines else f'exit status {status}'})")


def _tell_maximum(path: Path, high: float) -> None:
    """Put the largest value into a bigWig's summary, where libBigWig has 0 if all are negative."""
    with path.open("r+b") as file:
        file.seek(44)
        (summary,) = struct.unpack("<Q", file.read(8))
        file.seek(summary + 16)
        file.write(struct.pack("<d", high))


@contextmanager
def bedgraphs(paths: Sequence[Path], contigs: Mapping[str, int]) -> Iterator[TrackFiles]:
    """Write bedGraph files; the numbers have float32's shortest digits."""
    with ExitStack() as stack:
        yield _BedGraphs([stack.enter_context(path.open("w")) for path in paths])


class _BedGraphs(TrackFiles):
    def __init__(self, files: Sequence[TextIO]) -> None:
        super().__init__(len(files))
        self._files = files

    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        places = [f"{contig}\t{low}\t{high}\t" for low, high in pairwise(edges)]
        for file, column in zip(self._files, values.T, strict=True):
            lines = [f"{place}{value!s}\n" for place, value in zip(places, column, strict=True)]
            file.write("".join(lines))


FORMATS = {"bigwig": (".bw", bigwigs), "bedgraph": (".bedgraph", bedgraphs)}
