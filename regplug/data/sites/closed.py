"""Measured windows of a genome ─closed_sites→ tiles where no sample is open."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.labelled import LabelledSites, joined
from regplug.data.sites.parts import TEST, TRAIN, VALID, ContigSplit
from regplug.data.sites.sites import Closed
from regplug.data.sites.windows import read_genome_windows, window_names
from regplug.errors import DataError
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.variant import Interval

_NAME = re.compile(
    r"(?P<contig>[^|]+):(?P<start>\d+)-(?P<end>\d+)\|.*target=(?:[^|]+:)?(?P<low>\d+)-(?P<high>\d+)",
    re.ASCII,
)


IN_TEST = "sites left out: in windows of the test"
TILES_NOT_USED = "closed tiles left out: on excluded contigs, or those of the test"


class Measurement(NamedTuple):
    """Files of windows with a measured signal, see `read_measured`, and what is closed there."""

    fasta: Path
    split: Path
    signal: Path
    closed: Closed

    @property
    def paths(self) -> tuple[Path, Path, Path]:
        """Return the files."""
        return self.fasta, self.split, self.signal


class MeasuredWindow(NamedTuple):
    """A window of a genome, and a signal along the part of it that was measured."""

    window: Interval
    part: Interval
    codes: Codes  # of the window, (bases,)
    signal: NDArray[np.float32]  # along the part, (bins,): the largest of the samples'


def closed_sites(
    sites: LabelledSites, measurement: Measurement, split: ContigSplit, excluded: Sequence[str]
) -> tuple[NDArray[np.bool_], LabelledSites, dict[str, int]]:
    """Return which sites (n,) must not be used, tiles closed in all samples, and what is left out.

    Tiles of `train` windows are trained on or, on contigs for validation, validated on; those of
    `test` windows are for the test, whatever their contig. Sites there that are not for the test
    must not be used, nor tiles of `excluded` contigs.

    Raises:
        DataError: as `read_measured`.
        SequenceError: the windows are no FASTA.
    """
    in_test = np.zeros(len(sites.parts), bool)
    starts, ends = sites.places.T
    tiles: list[LabelledSites] = []
    unused = 0
    for of_split in ("train", "test"):
        for measured in read_measured(*measurement.paths, of_split):
            window = measured.window
            here = sites.contigs == window.chrom
            if of_split == "test":
                in_test |= here & (starts < window.end) & (ends > window.start)
            part = TEST if of_split == "test" else VALID if window.chrom in split.valid else TRAIN
            closed = closed_tiles(measured, sites.rows(here), measurement.closed, part)
            if window.chrom in excluded or (part != TEST and window.chrom in split.test):
                unused += len(closed.parts)
            else:
                tiles.append(closed)
    in_test &= sites.parts != TEST
    not_used = {
        IN_TEST: int((in_test & ~np.isin(sites.contigs, excluded)).sum()),
        TILES_NOT_USED: unused,
    }
    return in_test, joined(tiles), not_used


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
        if len(largest) != len(row_of) or largest.ndim != 2:
            raise ValueError(f"{len(row_of)} windows, and signal of {largest.shape}")
    except Exception as error:  # of a damaged file NumPy raises what zip and its parsers did
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
    measured: MeasuredWindow, sites: LabelledSites, closed: Closed, part: int
) -> LabelledSites:
    """Return the closed tiles of a measured part of a contig, given the sites there.

    Tiles are as long as the sites and begin every `closed.step` bases where they are trained on,
    else side by side. A tile is closed that has less signal than `closed.below` in each bin that it
    touches, no site nearer than `closed.apart` bases, and no unknown base.
    """
    window, place, codes, signal = measured
    length, samples = sites.codes.shape[1], sites.targets.shape[1]
    starts = np.arange(
        place.start, place.end - length + 1, closed.step if part == TRAIN else length
    )
    bin_width = (place.end - place.start) / len(signal)
    first = ((starts - place.start) // bin_width).astype(int)
    last = np.ceil((starts - place.start + length) / bin_width).astype(int)
    quiet = [signal[a:b].max() < closed.below for a, b in zip(first, last, strict=True)]
    low, high = sites.places.T
    beside = (low - closed.apart < starts[:, None] + length) & (
        high + closed.apart > starts[:, None]
    )
    tiles = np.stack([codes[at : at + length] for at in (starts - window.start).tolist()])
    kept = np.array(quiet) & ~beside.any(axis=1) & (tiles < UNKNOWN).all(axis=1)
    starts, n = starts[kept], int(kept.sum())
    return LabelledSites(
        np.full(n, window.chrom),
        np.stack([starts, starts + length], axis=1),
        tiles[kept],
        np.zeros((n, samples), np.uint8),
        np.full(n, part, np.uint8),
    )
