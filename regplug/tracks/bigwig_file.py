"""A bigWig, byte by byte: values ─BigWigFile.add→ blocks ─finish→ index, zoom levels, head.

The head has zeros until the file is complete, so a file that was left half way is no bigWig. Memory
stays small, however many values there are.
Source of the format: Kent et al. 2010 (Bioinformatics 26, 2204), supplement.
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from regplug.tracks.bigwig_trees import BLOCK, block_tree, contig_tree
from regplug.tracks.bigwig_zoom import FACTOR, FINEST, ITEMS, MOST, Zooms, packed

MAGIC, VERSION = 0x888FFC26, 4
FEW = 32  # values of one length side by side that have a block without their places
FLUSH = 64 * ITEMS  # values that wait
HEAD = 64 + 24 * MOST + 40  # bytes before the contigs: head, zoom levels, summary of all values
_PLACED = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])

Bases = NDArray[np.int64]
Values = NDArray[np.float32]


class BigWigFile:
    """A bigWig that is being written."""

    def __init__(self, path: Path, contigs: Mapping[str, int], scratch: IO[bytes]) -> None:
        """Begin a file.

        Args:
            path: of the file.
            contigs: of the genome (name → length), in the order of the values.
            scratch: a file for what waits; several bigWigs may share one.

        Raises:
            OSError: it cannot be written.
        """
        self._file, self._scratch = path.open("w+b"), scratch
        self._contigs = {name: (at, size) for at, (name, size) in enumerate(contigs.items())}
        self._longest = max(contigs.values(), default=0)
        self._data = self._file.write(bytes(HEAD)) + self._file.write(contig_tree(contigs, HEAD))
        self._file.write(bytes(8))  # the number of blocks
        self._blocks: list[tuple[int, int, int, int]] = []
        self._contig, self._end = (-1, 0), 0
        self._waiting: list[tuple[Bases, Values]] = []
        self._many = 0  # values that wait
        self._zooms: Zooms | None = None
        self._bases, self._total, self._squares = 0, 0.0, 0.0
        self._low, self._high = np.inf, -np.inf

    def add(self, contig: str, edges: Bases, values: Values) -> None:
        """Add values (n,): value k is that of the bases [edges[k], edges[k + 1]), 0-based.

        Raises:
            OSError: the disk is full; or they do not follow those before, or leave the contig.
        """
        found = self._contigs[contig]
        if found != self._contig:
            self._end_contig()
            behind, self._contig, self._end = found[0] > self._contig[0], found, 0
        else:
            behind = True
        if not behind or edges[0] < self._end or edges[-1] > found[1] or (np.diff(edges) < 1).any():
            raise OSError(f"values at {contig}:{edges[0]}-{edges[-1]} are not behind those before")
        self._end = int(edges[-1])
        self._waiting.append((edges, values))
        self._many += len(values)
        if self._many >= FLUSH:
            self._flush()

    def finish(self) -> None:
        """Write what is missing, and the head.

        Raises:
            OSError: the disk is full.
        """
        self._end_contig()
        file, blocks = self._file, np.array(self._blocks, BLOCK)
        index = file.tell()
        file.write(block_tree(blocks, self._data + 8, ITEMS, index))
        levels = []
        for level in self._zooms.levels if self._zooms else ():
            start = file.tell()
            file.write(struct.pack("<I", level.count))
            level.copy_to(file)
            at = file.tell()
            file.write(block_tree(level.blocks, start + 4, ITEMS, at))
            levels.append(struct.pack("<IIQQ", level.size, 0, start, at))
        file.write(struct.pack("<I", MAGIC))
        file.seek(self._data)
        file.write(struct.pack("<Q", len(blocks)))
        file.seek(0)
        summary = HEAD - 40
        buffer = ITEMS * 32  # the longest block, as it was before it was compressed
        places = (HEAD, self._data, index, 0, 0, 0, summary, buffer, 0)
        file.write(struct.pack("<IHHQQQHHQQIQ", MAGIC, VERSION, len(levels), *places))
        file.write(b"".join(levels))
        file.seek(summary)
        low, high = (self._low, self._high) if self._bases else (0.0, 0.0)
        file.write(struct.pack("<Qdddd", self._bases, low, high, self._total, self._squares))
        file.flush()

    def close(self) -> None:
        """Close the file, which is no bigWig where it is not finished."""
        self._file.close()

    def _end_contig(self) -> None:
        self._flush()
        if self._zooms:
            self._zooms.end_contig(self._contig)

    def _flush(self) -> None:
        """Write the values that wait, all of one contig."""
        if not self._waiting:
            return
        starts = np.concatenate([edges[:-1] for edges, _ in self._waiting])
        ends = np.concatenate([edges[1:] for edges, _ in self._waiting])
        values = np.concatenate([column for _, column in self._waiting]).astype("<f4", copy=False)
        self._waiting, self._many = [], 0
        for first, last, regular in sections(starts, ends):
            part = slice(first, last)
            self._write(starts[part], ends[part], values[part], regular=regular)
        self._sum(ends - starts, values)
        if self._zooms is None:
            sizes = self._zoom_sizes(int(np.median(ends - starts)))
            self._zooms = Zooms(sizes, self._scratch)
        self._zooms.add(starts, ends, values, self._contig)

    def _write(self, starts: Bases, ends: Bases, values: Values, *, regular: bool) -> None:
        """Write a block."""
        start, end, size = int(starts[0]), int(ends[-1]), int(ends[0] - starts[0])
        kind, step, body = 3, size, values.tobytes()
        if not regular:
            placed = np.empty(len(values), _PLACED)
            placed["start"], placed["end"], placed["value"] = starts, ends, values
            kind, step, body = 1, 0, placed.tobytes()
        number = self._contig[0]
        head = struct.pack("<IIIIIBBH", number, start, end, step, step, kind, 0, len(values))
        self._blocks.append((number, start, end, self._file.write(packed(head + body))))

    def _sum(self, sizes: Bases, values: Values) -> None:
        exact = values.astype(np.float64)
        total = exact * sizes
        self._bases += int(sizes.sum())
        self._total += float(total.sum())
        self._squares += float(total @ exact)
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))

    def _zoom_sizes(self, value: int) -> list[int]:
        """Return the bases of each level's bins, for values of so many bases."""
        sizes = [max(1, value) * FINEST * FACTOR**level for level in range(MOST)]
        return [size for size in sizes if size == sizes[0] or size < min(self._longest, 1 << 31)]


def sections(starts: Bases, ends: Bases) -> Iterator[tuple[int, int, bool]]:
    """Yield [first, last) of the values of each block, and whether it needs no places.

    It needs none if its values are side by side and of one length, FEW or more of them.
    """
    sizes = ends - starts
    breaks = np.append(True, (starts[1:] != ends[:-1]) | (sizes[1:] != sizes[:-1]))
    run = np.cumsum(breaks) - 1
    regular = np.bincount(run)[run] >= FEW
    cuts = np.append(True, (regular[1:] != regular[:-1]) | (regular[1:] & breaks[1:]))
    edges = [*np.flatnonzero(cuts).tolist(), len(starts)]
    for first, last in pairwise(edges):
        for at in range(first, last, ITEMS):
            yield at, min(at + ITEMS, last), bool(regular[first])
