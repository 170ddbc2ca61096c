"""The zoom levels of a bigWig: values ─Zooms.add→ summaries of bins, each level's longer.

A bin is the `size` bases from a multiple of `size` on, and has its number of bases with a value,
their smallest, largest, sum and sum of squares. What is known of a level goes on to the next while
values come, so no level is read again and none is kept in memory.
Source: Kent et al. 2010, supplement, table 19.
"""

import io
import zlib
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.tracks.bigwig_trees import BLOCK, Blocks

FINEST, FACTOR, MOST = 32, 4, 10  # values in a bin of the first level, bins in the next's, levels
ITEMS = 1024  # summaries in a block
_SUMMARY = np.dtype(
    [(name, "<u4") for name in ("chrom", "start", "end", "bases")]
    + [(name, "<f4") for name in ("low", "high", "total", "squares")]
)
_KINDS: tuple[np.ufunc, ...] = (
    np.add,
    np.minimum,
    np.maximum,
    np.add,
    np.add,
)  # how two bins are one


def packed(block: bytes) -> bytes:
    """Return a block compressed; in float32 numbers there is little to find but repeats."""
    made = zlib.compressobj(strategy=zlib.Z_RLE)
    return made.compress(block) + made.flush()


class Bins(NamedTuple):
    """Summaries of bins, in order, shape (n,) each; a bin may stand there several times."""

    bin: NDArray[np.int64]
    bases: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    def joined(self) -> "Bins":
        """Return each bin once."""
        first = np.flatnonzero(np.diff(self.bin, prepend=-1))
        numbers = (
            kind.reduceat(column, first) for kind, column in zip(_KINDS, self[1:], strict=True)
        )
        return Bins(self.bin[first], *numbers)

    def part(self, which: slice) -> "Bins":
        """Return some of the bins."""
        columns: list[Any] = [column[which] for column in self]
        return Bins(*columns)


def binned(
    starts: NDArray[np.int64], ends: NDArray[np.int64], values: NDArray[np.float32], size: int
) -> Bins:
    """Return the bins of `size` bases of values (n,) that stand at [starts, ends)."""
    first, last = starts // size, (ends - 1) // size
    if (first != last).any():  # a value that lies in several bins is cut
        many = last - first + 1
        of = np.repeat(np.arange(len(values)), many)
        first = first[of] + np.arange(len(of)) - np.repeat(np.cumsum(many) - many, many)
        starts = np.maximum(starts[of], first * size)
        ends, values = np.minimum(ends[of], (first + 1) * size), values[of]
    bases, exact = (ends - starts).astype(np.float64), values.astype(np.float64)
    total = bases * exact
    return Bins(first, bases, exact, exact, total, total * exact).joined()


class Zooms:
    """The levels of a file."""

    def __init__(self, sizes: Sequence[int], scratch: IO[bytes]) -> None:
        """Begin levels of bins of `sizes` bases; each is FACTOR times the one before.

        Their blocks wait in `scratch`, as in a bigWig each level stands by itself.
        """
        self.levels = [_Level(size, scratch) for size in sizes]

    def add(
        self,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        values: NDArray[np.float32],
        contig: tuple[int, int],
    ) -> None:
        """Add values of a contig (its number and length), behind those before."""
        found = binned(starts, ends, values, self.levels[0].size)
        for level in self.levels:
            if not len(found.bin):
                break
            done = level.add(found, contig)
            found = done._replace(bin=done.bin // FACTOR)

    def end_contig(self, contig: tuple[int, int]) -> None:
        """Write the last bins of a contig."""
        for level, coarser in zip(self.levels, [*self.levels[1:], None], strict=True):
            done = level.end(contig)
            if coarser and len(done.bin):
                coarser.add(done._replace(bin=done.bin // FACTOR), contig)


class _Level:
    """Summaries of one size, in blocks.

    Attributes:
        size: bases of a bin.
        count: of summaries.
    """

    def __init__(self, size: int, scratch: IO[bytes]) -> None:
        self.size, self.count = size, 0
        self._scratch = scratch
        self._places: list[int] = []  # of the blocks in it
        self._open = _nothing()  # the last bin, of which more may come
        self._waiting: list[NDArray[np.void]] = []
        self._blocks: list[tuple[int, int, int, int]] = []

    @property
    def blocks(self) -> Blocks:
        """Return where the blocks lie in the genome, and their sizes."""
        return np.array(self._blocks, BLOCK)

    def copy_to(self, file: IO[bytes]) -> None:
        """Write the blocks, one after another."""
        for place, (*_, size) in zip(self._places, self._blocks, strict=True):
            self._scratch.seek(place)
            file.write(self._scratch.read(size))

    def add(self, found: Bins, contig: tuple[int, int]) -> Bins:
        """Add bins; return those that are complete."""
        both: list[Any] = [np.concatenate(pair) for pair in zip(self._open, found, strict=True)]
        bins = Bins(*both).joined()
        done, self._open = bins.part(slice(0, -1)), bins.part(slice(-1, None))
        self._write(done, contig)
        return done

    def end(self, contig: tuple[int, int]) -> Bins:
        """Write the last bin, and what waits; return that bin."""
        done, self._open = self._open, _nothing()
        self._write(done, contig)
        self._flush(1)
        return done

    def _write(self, bins: Bins, contig: tuple[int, int]) -> None:
        if not len(bins.bin):
            return
        made = np.empty(len(bins.bin), _SUMMARY)
        made["chrom"], made["start"] = contig[0], bins.bin * self.size
        made["end"] = np.minimum((bins.bin + 1) * self.size, contig[1])
        for name in ("bases", "low", "high", "total", "squares"):
            made[name] = getattr(bins, name)
        self._waiting.append(made)
        self._flush(ITEMS)

    def _flush(self, least: int) -> None:
        """Write blocks while so many summaries wait; all are of one contig."""
        if sum(map(len, self._waiting)) < least:
            return
        waiting = np.concatenate(self._waiting)
        whole = len(waiting) if least == 1 else len(waiting) // ITEMS * ITEMS
        for at in range(0, whole, ITEMS):
            part = waiting[at : min(at + ITEMS, whole)]
            self._places.append(self._scratch.seek(0, io.SEEK_END))
            size = self._scratch.write(packed(part.tobytes()))
            chrom, start, end = int(part["chrom"][0]), int(part["start"][0]), int(part["end"][-1])
            self._blocks.append((chrom, start, end, size))
            self.count += len(part)
        self._waiting = [waiting[whole:]] if whole < len(waiting) else []


def _nothing() -> Bins:
    return Bins(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))
