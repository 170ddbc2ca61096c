"""Samples' bigWigs ─Signals.add→ tiles' mean signals, on disk ─cut→ Cuts ─labels→ targets.

A sample's tiles are ranked by the mean signal in their centre. The highest share is open, the
lowest closed, and what lies between unknown. Shares, not values, because a signal's scale follows
how deeply a sample was sequenced and how the file was made: no one value suits two samples.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.sites.samples import Sample
from regplug.data.sites.sites import UNLABELLED
from regplug.data.sites.tiles import Along
from regplug.errors import DataError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.tracks.read_bigwig import BigWig, Reading


class Cuts(NamedTuple):
    """Mean signals that part a sample's tiles; those between the two are unknown."""

    opened: float  # the least of an open tile
    closed: float  # the greatest of a closed one


class Block(NamedTuple):
    """Where the mean signals of some tiles are, sample after sample."""

    at: int  # of the file's values
    tiles: int


class Signals:
    """The mean signals of tiles in those samples that have a bigWig; a context manager.

    They lie on disk; memory holds those of a single sample.

    Attributes:
        columns: which samples have a bigWig.
        cuts: sample → the signals that part open, unknown and closed tiles.
    """

    def __init__(
        self, samples: Sequence[Sample], genome: Genome, along: Along, *, length: int, folder: Path
    ) -> None:
        """Take tiles of `length` bases; however the process ends, nothing is left in `folder`."""
        self.columns = [at for at, sample in enumerate(samples) if sample.is_signal]
        self.cuts: dict[str, Cuts] = {}
        self._samples = [samples[at] for at in self.columns]
        self._genome, self._along, self._length = genome, along, length
        self._names = list(genome.lengths)
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115
        self._reading = Reading()
        self._blocks: dict[tuple[int, int], Block] = {}  # contig, first start → where
        self._end = 0

    def add(self, contig: int, starts: NDArray[np.int64]) -> None:
        """Read the mean signals of tiles on a contig (n,), ascending.

        Raises:
            DataError: a bigWig is damaged.
        """
        self._blocks[contig, int(starts[0])] = Block(self._end, len(starts))
        margin = (self._length - self._along.centre) // 2
        for sample in self._samples:
            with BigWig(sample.path, self._genome, self._reading) as track:
                means = mean_signals(
                    track, self._names[contig], starts + margin, self._along.centre
                )
            self._file.write(means.tobytes())
            self._end += len(means)

    def cut(self) -> None:
        """Find the cuts of all samples, after all tiles have been added.

        Raises:
            DataError: a sample has no value in the tiles, or the same in too many.
        """
        for row, sample in enumerate(self._samples):
            means = np.concatenate(
                [np.empty(0, np.float32), *(self._read(b, row) for b in self._blocks.values())]
            )
            self.cuts[sample.name] = cuts_of(means[~np.isnan(means)], sample, self._along)

    def labels(self, contig: int, starts: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the labels (n, columns) of tiles that were added together."""
        block = self._blocks[contig, int(starts[0])]
        targets = np.full((block.tiles, len(self._samples)), UNLABELLED, np.uint8)
        for row, sample in enumerate(self._samples):
            means, cuts = self._read(block, row), self.cuts[sample.name]
            targets[means <= cuts.closed, row] = 0
            targets[means >= cuts.opened, row] = 1
        return targets

    def _read(self, block: Block, row: int) -> NDArray[np.float32]:
        """Return a sample's mean signals of the tiles in a block (n,)."""
        size = np.dtype(np.float32).itemsize
        self._file.seek(size * (block.at + row * block.tiles))
        return np.frombuffer(self._file.read(size * block.tiles), np.float32)

    def __enter__(self) -> "Signals":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._reading.close()


def mean_signals(
    track: BigWig, contig: str, starts: NDArray[np.int64], width: int
) -> NDArray[np.float32]:
    """Return the mean over those of `width` bases from each start on (n,) that have a value.

    NaN where more than half have none. Starts are 0-based and ascending.
    """
    stretch = Interval(contig, int(starts[0]), int(starts[-1]) + width)
    values = sliding_window_view(track.values(stretch), width)[starts - stretch.start]
    there = np.isfinite(values)
    covered = there.sum(axis=1)
    means = values.sum(axis=1, where=there, dtype=np.float64) / np.maximum(covered, 1)
    return np.where(2 * covered >= width, means, np.nan).astype(np.float32)


def cuts_of(means: NDArray[np.float32], sample: Sample, along: Along) -> Cuts:
    """Return the least of the highest and the greatest of the lowest mean signals (n,).

    Raises:
        DataError: there are none, or the two do not differ.
    """
    if not len(means):
        raise DataError(f"{sample.path} has no value in the tiles: take {sample.name} out")
    top, bottom = along.open_top or 0.0, along.closed_bottom or 0.0
    opened, closed = (max(1, int(share * len(means) + 0.5)) for share in (top, bottom))
    ranked = np.partition(means, (closed - 1, len(means) - opened))
    cuts = Cuts(float(ranked[len(means) - opened]), float(ranked[closed - 1]))
    if cuts.opened <= cuts.closed:
        raise DataError(
            f"{sample.path} has the same signal, {cuts.opened:g}, in the highest {top:g} and the "
            f"lowest {bottom:g} of {len(means)} tiles: give a smaller --open-top or "
            f"--closed-bottom, or take {sample.name} out"
        )
    return cuts
