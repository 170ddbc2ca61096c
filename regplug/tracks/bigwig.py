"""values ─bigwigs→ .bw, ─bedgraphs→ .bedgraph: the last step of the way to a track.

interval ─regions.stretches→ codes ─Adapter.track→ values ─bigwig→ .bw
"""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from regplug.tracks.bigwig_file import BigWigFile

Edges = NDArray[np.int64]  # (n + 1,), 0-based: value k is that of [edges[k], edges[k + 1])
Values = NDArray[np.float32]  # (n, tracks)


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

    Raises:
        OSError: a file could not be written to its end.
    """
    with ExitStack() as stack:
        where = paths[0].parent if paths else None  # where there is room for them
        scratch = stack.enter_context(tempfile.TemporaryFile(dir=where))
        files = [stack.enter_context(closing(BigWigFile(path, contigs, scratch))) for path in paths]
        yield _BigWigs(files)
        for file in files:
            file.finish()


class _BigWigs(TrackFiles):
    def __init__(self, files: Sequence[BigWigFile]) -> None:
        super().__init__(len(files))
        self._files = files

    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        for file, column in zip(self._files, values.T, strict=True):
            file.add(contig, edges, np.ascontiguousarray(column, np.float32))


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
