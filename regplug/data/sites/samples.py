"""SAMPLES.tsv ─read_samples→ samples; peaks of a sample ─read_sample_windows→ their windows."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.records import read_lines
from regplug.data.sites.parts import Split
from regplug.errors import DataError
from regplug.genome.fasta import Genome
from regplug.genome.regions import position
from regplug.tracks.read_bigwig import is_bigwig

HEADERS = ("path", "file", "bed", "peaks", "bigwig")  # what the second column may be called
NO_CONTIG = "peaks left out: on contigs that the FASTA lacks"
PAST_END = "peaks left out: past the end of their contig; is it another assembly?"
EXCLUDED = "peaks left out: on excluded contigs"
SHORT = "peaks left out: on contigs shorter than a site"
NO_SUMMIT = "peaks without a summit: their midpoint was taken"
_COMMENTS = ("#", "track", "browser")
Count = Annotated[int, msgspec.Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How peaks become sites.

    Attributes:
        split: how sites become training, validation and test.
        length: bases of a site.
        overlap: bases from which windows are merged; below `length`.
        centres: of the peaks; given, where sequences were and not peaks; tiles, where sites do
            not follow the peaks.
        excluded: contigs that are left out.
    """

    split: Split
    length: Annotated[int, msgspec.Meta(ge=1)] = 600
    overlap: Count = 200
    centres: Literal["midpoints", "summits", "given", "tiles"] = "midpoints"
    excluded: tuple[str, ...] = ()


class Sample(NamedTuple):
    """A sample and the BED of its peaks, or the bigWig of its signal."""

    name: str
    path: Path

    @property
    def is_signal(self) -> bool:
        """Tell whether it has a bigWig."""
        return is_bigwig(self.path)


class Peaks(NamedTuple):
    """A sample's peaks, in the order of its file; 0-based, half-open."""

    contigs: NDArray[np.int64]  # (n,), which of the genome's
    starts: NDArray[np.int64]  # (n,)
    ends: NDArray[np.int64]  # (n,)
    centres: NDArray[np.int64]  # (n,), midpoints or summits
    counts: Counter[str]  # why a peak was left out, or its midpoint taken → peaks

    def rows(self, kept: NDArray[np.bool_]) -> "Peaks":
        """Return the peaks that `kept` (n,) holds True for."""
        contigs, starts, ends, centres, counts = self
        return Peaks(contigs[kept], starts[kept], ends[kept], centres[kept], counts)


class SampleWindows(NamedTuple):
    """A sample's peaks as windows, in the order of its file."""

    contigs: NDArray[np.int64]  # (n,), which of the genome's
    starts: NDArray[np.int64]  # (n,), 0-based
    counts: Counter[str]  # why a peak was left out, or its midpoint taken → peaks


def read_samples(path: Path) -> list[Sample]:
    """Return the samples in a table of name and file, tab-separated, with or without a header.

    Files, BEDs or bigWigs, are relative to the table's folder.

    Raises:
        DataError: not such a table, a name or file stands in it twice, or a file is missing.
    """
    rows = [(number, line.split("\t")) for number, line in read_lines(path) if line[0] != "#"]
    samples: list[Sample] = []
    for at, (number, cells) in enumerate(rows):
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise DataError(f"{path}, line {number} is not NAME<TAB>BED: {' '.join(cells)[:60]!r}")
        name, bed = (cell.strip() for cell in cells)
        if at == 0 and bed.lower() in HEADERS:
            continue
        sample = Sample(name, path.parent / bed)
        for earlier in samples:
            if name == earlier.name or sample.path == earlier.path:
                twice = name if name == earlier.name else bed
                raise DataError(f"{path}, line {number}: {twice} is there twice")
        if "," in name or not name.isprintable():
            raise DataError(f"{path}, line {number}: a name has no commas or controls: {name!r}")
        if not sample.path.is_file():
            raise DataError(f"{path}, line {number}: no file {sample.path} of {name}")
        samples.append(sample)
    if not samples:
        raise DataError(f"{path} names no sample: give lines of NAME<TAB>BED")
    return samples


def read_sample_windows(path: Path, genome: Genome, settings: Settings) -> SampleWindows:
    """Return windows around the peaks in a BED or narrowPeak, plain or gzipped, in any order.

    [centre - length // 2, centre - length // 2 + length), 0-based, moved into the contig where it
    would leave it, as in Basset. The centre is `read_peaks`'s.

    Raises:
        DataError: as `read_peaks`.
    """
    summits = settings.centres == "summits"
    peaks = read_peaks(path, genome, settings, summits=summits)
    last = np.array(list(genome.lengths.values()))[peaks.contigs] - settings.length
    starts = np.minimum(np.maximum(0, peaks.centres - settings.length // 2), last)
    return SampleWindows(peaks.contigs, starts, peaks.counts)


def read_peaks(path: Path, genome: Genome, settings: Settings, *, summits: bool) -> Peaks:
    """Return the peaks in a BED or narrowPeak, plain or gzipped, in any order.

    The centre is the midpoint (start + end) // 2, as in Basset, or with `summits` start + column
    10, where there is one and it is not -1. A peak of a single base is its own summit. Contigs in
    the settings have the genome's names.

    Raises:
        DataError: a line is no peak, the file is truncated, or most of its peaks lie outside the
            genome.
    """
    index = {name: at for at, name in enumerate(genome.lengths)}
    lengths = list(genome.lengths.values())
    contigs: dict[str, int | str] = {}  # name in the BED → which of the genome's, or why none
    found: list[tuple[int, int, int, int]] = []
    counts: Counter[str] = Counter()
    for number, line in read_lines(path):
        if line.startswith(_COMMENTS):
            continue
        cells = line.split("\t", 10) if "\t" in line else line.split(None, 10)
        start, end = _span(path, number, cells)
        if cells[0] not in contigs:
            contigs[cells[0]] = _contig(genome, index, cells[0], settings)
        at = contigs[cells[0]]
        if isinstance(at, str):
            counts[at] += 1
        elif end > lengths[at]:
            counts[PAST_END] += 1
        else:
            centre = _summit(path, number, cells, start, end) if summits else None
            if centre is None:
                centre = (start + end) // 2
                counts[NO_SUMMIT] += summits and end - start > 1
            found.append((at, start, end, centre))
    _check(path, genome, len(found), counts)
    contig, start, end, centre = np.array(found, np.int64).T
    return Peaks(contig, start, end, centre, +counts)


def _span(path: Path, number: int, cells: list[str]) -> tuple[int, int]:
    """Return start and end of a peak."""
    start, end = map(position, [*cells, "", "", ""][1:3])
    if start is None or end is None:
        raise DataError(
            f"{path}, line {number} is not BED (contig, start, end): {' '.join(cells)[:60]!r}"
        )
    if start >= end:
        raise DataError(f"{path}, line {number}: a peak from {start} to {end} has no bases")
    return start, end


def _summit(path: Path, number: int, cells: list[str], start: int, end: int) -> int | None:
    """Return the summit of a narrowPeak, or None where it has none."""
    if len(cells) < 10 or cells[9] == "-1":
        return None
    summit = position(cells[9])
    if summit is None or start + summit >= end:
        raise DataError(f"{path}, line {number}: the summit {cells[9]!r} is not inside the peak")
    return start + summit


def _contig(genome: Genome, index: Mapping[str, int], name: str, settings: Settings) -> int | str:
    """Return which contig of the genome `name` is, or why its peaks are left out."""
    contig = genome.contig(name)
    if contig is None:
        return NO_CONTIG
    if contig in settings.excluded:
        return EXCLUDED
    return SHORT if genome.lengths[contig] < settings.length else index[contig]


def _check(path: Path, genome: Genome, kept: int, counts: Counter[str]) -> None:
    """Raise DataError if most peaks are not in the genome, or none is kept."""
    why = "; ".join(f"{count} {what}" for what, count in (+counts).items()) or "the file has none"
    outside = counts[NO_CONTIG] + counts[PAST_END]
    if outside > kept + counts[EXCLUDED] + counts[SHORT]:
        raise DataError(f"{path} is mostly outside {genome.path}: {why}; take the right FASTA")
    if not kept:
        raise DataError(f"{path} gives no peak: {why}; take the sample out")
