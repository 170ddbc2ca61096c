"""Measured windows of a genome ─closed_tiles→ stretches where no sample is open."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.sites import Closed
from regplug.data.sites.windows import read_genome_windows, window_names
from regplug.errors import DataError
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.variant import Interval

Places = Mapping[str, NDArray[np.int64]]  # contig → starts and ends (n, 2), 0-based, half-open

_NAME = re.compile(
    r"(?P<contig>[^|]+):(?P<start>\d+)-(?P<end>\d+)\|.*target=(?:[^|]+:)?(?P<low>\d+)-(?P<high>\d+)",
    re.ASCII,
)


class MeasuredWindow(NamedTuple):
    """A window of a genome, and a signal along the part of it that was measured."""

    window: Interval
    part: Interval
    codes: Codes  # of the window, (bases,)
    signal: NDArray[np.float32]  # along the part, (bins,): the largest of the samples'


def read_measured(fasta: Path, split: Path, signal: Path, part: str) -> list[MeasuredWindow]:
    """Return the windows that `split` assigns to `part`, and their signal.

    Their names read `chr:start-end|...target=start-end`, 0-based and half-open, the second range
    that of the measured part. `signal`, an .npz, holds `windows`, those names, and `signal`
    (windows, bins, samples).

    Raises:
        DataError: a file cannot be read, or they do not belong together.
        SequenceError: `fasta` is not a FASTA.
    """
    names = window_names(split, part)
    codes = read_genome_windows(fasta, split, part)
    try:
        with np.load(signal, allow_pickle=False) as arrays:
            row_of = {name: at for at, name in enumerate(arrays["windows"].tolist())}
            largest = arrays["signal"].max(axis=2).astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{signal} holds no signal of windows: {error}") from error
    found = []
    for name, bases in zip(names, codes, strict=True):
        match = _NAME.fullmatch(name)
        if not match or name not in row_of:
            raise DataError(f"{signal} or the name itself does not say what was measured of {name}")
        contig = match["contig"]
        window = Interval(contig, int(match["start"]), int(match["end"]))
        measured = Interval(contig, int(match["low"]), int(match["high"]))
        if len(bases) != window.end - window.start:
            raise DataError(f"{fasta} has {len(bases)} bases of {name}")
        found.append(MeasuredWindow(window, measured, bases, largest[row_of[name]]))
    return found


def closed_tiles(
    measured: MeasuredWindow, open_places: Places, closed: Closed, *, length: int, step: int
) -> tuple[NDArray[np.int64], Codes]:
    """Return the closed tiles of a measured part: their starts (n,) and codes (n, length).

    Tiles of `length` bases begin every `step` bases; starts are 0-based. A tile is closed that has
    less signal than `closed.below` in each bin that it touches, no open place nearer than
    `closed.apart` bases, and no unknown base.
    """
    window, part, codes, signal = measured
    starts = np.arange(part.start, part.end - length + 1, step)
    bin_width = (part.end - part.start) / len(signal)
    first = ((starts - part.start) // bin_width).astype(int)
    last = np.ceil((starts - part.start + length) / bin_width).astype(int)
    quiet = [signal[a:b].max() < closed.below for a, b in zip(first, last, strict=True)]
    near = open_places.get(window.chrom, np.empty((0, 2), np.int64))
    beside = (near[:, 0] - closed.apart < starts[:, None] + length) & (
        near[:, 1] + closed.apart > starts[:, None]
    )
    tiles = np.stack([codes[at : at + length] for at in (starts - window.start).tolist()])
    kept = np.array(quiet) & ~beside.any(axis=1) & (tiles < UNKNOWN).all(axis=1)
    return starts[kept], tiles[kept]
