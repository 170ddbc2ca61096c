"""values ─bigwigs→ .bw, ─bedgraphs→ .bedgraph: the last step of the way to a track.

interval ─regions.stretches→ codes ─Adapter.track→ values ─bigwig→ .bw
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

from regplug.files.lines import lines_of
from regplug.files.signals import at_last

Edges = NDArray[np.int64]  # (n + 1,), 0-based: value k is that of [edges[k], edges[k + 1])
Values = NDArray[np.float32]  # (n, tracks)

_PROCESS = Path(__file__).with_name("bigwig_process.py")


class TrackFiles(ABC):
    """The files of several tracks that have values at the same places.

    Attributes:
        low: the smallest value of each track, shape (tracks,); NaN before the first value.
        high: the largest, likewise.
    """

    def __init__(self, tracks: int) -> None:
        """Begin so many tracks, without values."""
        self.low = np.full(tracks, np.nan, np.float32)
        self.high = np.full(tracks, np.nan, np.float32)

    def write(self, contig: str, edges: Edges, values: Values) -> None:
        """Add values, shape (n, tracks), none of them NaN.

        Value k is that of the bases [edges[k], edges[k + 1]), 0-based; edges have shape (n + 1,).
        They follow those written before: contigs in the genome's order, positions ascending.

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
    """Give what writes bigWigs with zoom levels; `contigs` are the genome's (name → length).

    pyBigWig works in a process of its own, as libBigWig crashes or loops when a disk is full.

    Raises:
        OSError: a file could not be written to its end.
    """
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_PROCESS)],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            start_new_session=True,  # so that Ctrl-C reaches this process only
        )
        try:
            with at_last(process.kill):
                files = _BigWigs(len(paths), process, messages)
                files.send([[str(path) for path in paths], list(contigs.items())])
                yield files
                files.finish()
        finally:
            process.kill()
            with suppress(OSError):
                process.communicate()
    for path, high in zip(paths, files.high, strict=True):
        _set_maximum(path, float(high))


class _BigWigs(TrackFiles):
    """Sends values to the process that writes them; `messages` is what that process prints."""

    def __init__(self, tracks: int, process: subprocess.Popen[bytes], messages: IO[bytes]) -> None:
        super().__init__(tracks)
        self._process, self._messages = process, messages

    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        columns = np.ascontiguousarray(values.T, np.float32)
        self.send([contig, len(values)], edges.astype(np.int64).tobytes(), columns.tobytes())

    def send(self, line: list[object], *arrays: bytes) -> None:
        """Send a line of JSON and the bytes of arrays, as `bigwig_process` reads them."""
        assert self._process.stdin
        try:
            self._process.stdin.write(b"".join([json.dumps(line).encode(), b"\n", *arrays]))
        except BrokenPipeError:  # the process has ended, and its messages say why
            self.finish()

    def finish(self) -> None:
        """Wait until the process has written all.

        Raises:
            OSError: it has not; with the last of its messages.
        """
        self._process.communicate()
        self._messages.seek(0)
        lines = lines_of(self._messages.read().decode(errors="replace"))
        status = self._process.returncode
        if status or lines:
            raise OSError(f"pyBigWig failed ({lines[-1] if lines else f'exit status {status}'})")


def _set_maximum(path: Path, high: float) -> None:
    """Put the largest value into a bigWig's summary: libBigWig writes 0 if all are negative."""
    with path.open("r+b") as file:
        file.seek(44)
        (summary,) = struct.unpack("<Q", file.read(8))
        file.seek(summary + 16)
        file.write(struct.pack("<d", high))


@contextmanager
def bedgraphs(paths: Sequence[Path], contigs: Mapping[str, int]) -> Iterator[TrackFiles]:
    """Give what writes bedGraph files; numbers have the fewest digits that give the same float32.

    Raises:
        OSError: a file could not be written to its end.
    """
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
