"""A genome and samples' peaks or signals ─Tiling→ tiles with their labels, some at a time.

SAMPLES.tsv ─Tiling.read→ a sample's peaks ─Spill→ a contig's ─labels→ targets of its tiles
            ─Tiling.measure→ bigWigs' signal ─Signals.labels→ the same
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.sites.drawn import bins_of
from regplug.data.sites.parts import TRAIN, RegionSplit
from regplug.data.sites.placed import Regions, check_assembly, in_regions
from regplug.data.sites.samples import Sample, Settings, read_peaks
from regplug.data.sites.signals import Cuts, Signals
from regplug.data.sites.sites import UNLABELLED
from regplug.data.sites.spill import Spill
from regplug.data.sites.tiles import Along, Spans, joined_spans, labels, tile_starts
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.tracks.read_bigwig import BigWig

UNKNOWN_BASES = "tiles left out: more than half of their bases unknown"
ACROSS = "tiles left out: across an end of a region that is held out"
SAID_NOTHING = "tiles left out: no sample says anything of them"
ELSEWHERE = "peaks not used: outside the regions"
TOGETHER = 4096  # tiles in memory


class Tiles(NamedTuple):
    """Tiles of a contig, in order."""

    contig: int
    starts: NDArray[np.int64]  # (n,), 0-based
    codes: Codes  # (n, length)
    targets: NDArray[np.uint8]  # (n, samples)
    parts: NDArray[np.int64]  # (n,); TRAIN where whole contigs are held out, see `ContigSplit`
    bins: NDArray[np.int64]  # (n,), see `bins_of`

    def rows(self, kept: NDArray[np.bool_]) -> "Tiles":
        """Return the tiles that `kept` (n,) holds True for."""
        contig, starts, codes, targets, parts, bins = self
        return Tiles(contig, starts[kept], codes[kept], targets[kept], parts[kept], bins[kept])

    @property
    def opened(self) -> NDArray[np.bool_]:
        """Return which tiles (n,) are open in a sample."""
        return np.asarray((self.targets == 1).any(axis=1))


class Placed(NamedTuple):
    """Those tiles of some neighbours that have known bases, and where they are held out."""

    stretch: Interval  # from the first of the neighbours to the last
    codes: Codes  # of the stretch, (bases,)
    starts: NDArray[np.int64]  # (n,), 0-based
    parts: NDArray[np.int64]  # (n,)
    known: NDArray[np.int64]  # (n,), bases

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Return the starts in the stretch (n,)."""
        return self.starts - self.stretch.start


class Tiling:
    """The tiles of a genome; it may be gone through more than once.

    Attributes:
        counts: what was left out of the last pass, and of the peaks → how often.
        lower_case: whether there are repeats in what was read; only known where they are matched.
    """

    def __init__(
        self,
        genome: Genome,
        samples: Sequence[Sample],
        settings: Settings,
        along: Along,
        regions: Regions,
        spills: tuple[Spill, Spill],
        signals: Signals,
    ) -> None:
        """Take the names of contigs from `genome`.

        `spills` keep starts and ends of peaks, `signals` what bigWigs say of the tiles.
        """
        self._genome, self._names = genome, list(genome.lengths)
        self._samples, self._settings, self._along = samples, settings, along
        self._regions, self._spills, self._signals = regions, spills, signals
        self._peaks: Counter[str] = Counter()
        self._tiles: Counter[str] = Counter()
        self.lower_case = False

    @property
    def counts(self) -> dict[str, int]:
        """Return what was left out → how often."""
        return dict(+(self._peaks + self._tiles))

    def read(self, at: int) -> int:
        """Read the peaks of a sample; return how many lie where tiles are: none of a bigWig.

        Raises:
            DataError: as `read_peaks` or `BigWig`, or they are another assembly's.
        """
        sample = self._samples[at]
        if sample.is_signal:
            with BigWig(sample.path, self._genome):
                return 0
        peaks = read_peaks(
            sample.path, self._genome, self._settings, summits=self._along.label == "summit"
        )
        used = in_regions(peaks, self._regions)
        self._peaks += peaks.counts
        self._peaks[ELSEWHERE] += int((~used).sum())
        peaks = peaks.rows(used)
        check_assembly(sample, peaks, self._genome)
        for contig in np.unique(peaks.contigs):
            here = peaks.contigs == contig
            if self._along.label == "summit":
                starts = np.sort(peaks.centres[here])
                spans = Spans(starts, starts + 1)
            else:
                spans = joined_spans(peaks.starts[here], peaks.ends[here])
            for spill, ends in zip(self._spills, spans, strict=True):
                spill.add(at, np.full(len(ends), contig), ends)
        return len(peaks.contigs)

    def measure(self, progress: Callable[[str, int, int], None]) -> dict[str, Cuts]:
        """Read what bigWigs say of the tiles; return sample → where their signal is cut.

        Raises:
            DataError: as `Signals.cut`.
        """
        for contig in sorted(self._regions) if self._signals.columns else ():
            progress("signals", contig, len(self._names))
            for placed in self._placed(contig):
                self._signals.add(contig, placed.starts)
        self._signals.cut()
        return self._signals.cuts

    def tiles(self) -> Iterator[Tiles]:
        """Yield the tiles of which something is known, contig by contig and by start."""
        self._tiles = Counter()
        for contig in sorted(self._regions):
            spans = self._spans(contig)
            for placed in self._placed(contig):
                targets = self._targets(contig, placed.starts, spans)
                windows = sliding_window_view(placed.codes, self._settings.length)[placed.offsets]
                bins = self._bins(placed)
                said = (targets != UNLABELLED).any(axis=1)
                self._tiles[SAID_NOTHING] += int((~said).sum())
                yield Tiles(contig, placed.starts, windows, targets, placed.parts, bins).rows(said)

    def _placed(self, contig: int) -> Iterator[Placed]:
        """Yield the tiles of a contig, counting those that are left out."""
        length, step = self._settings.length, self._along.step
        for low, high in zip(*map(np.ndarray.tolist, self._regions[contig]), strict=True):
            every = tile_starts(low, high, length=length, step=step)
            for first in range(0, len(every), TOGETHER):
                placed = self._known(self._names[contig], every[first : first + TOGETHER])
                if len(placed.starts):
                    yield placed

    def _known(self, name: str, starts: NDArray[np.int64]) -> Placed:
        """Return the tiles that have known bases, and lie in one part."""
        length = self._settings.length
        stretch = Interval(name, int(starts[0]), int(starts[-1]) + length)
        codes = self._genome.codes(stretch)
        known = length - _sums(codes == UNKNOWN, starts - stretch.start, length)
        kept = 2 * known >= length
        self._tiles[UNKNOWN_BASES] += int((~kept).sum())
        parts = self._parts(name, starts)
        self._tiles[ACROSS] += int((kept & (parts < 0)).sum())
        kept &= parts >= 0
        return Placed(stretch, codes, starts[kept], parts[kept], known[kept])

    def _bins(self, placed: Placed) -> NDArray[np.int64]:
        """Return the bin of each tile (n,)."""
        length, codes, offsets = self._settings.length, placed.codes, placed.offsets
        gc = _sums((codes == 1) | (codes == 2), offsets, length) / np.maximum(placed.known, 1)
        repeats = np.zeros(len(offsets))
        if "repeats" in self._along.match:
            masked = self._genome.lower_case(placed.stretch)
            self.lower_case |= bool(masked.any())
            repeats = _sums(masked, offsets, length) / length
        return bins_of(gc, repeats, self._along.match)

    def _targets(
        self, contig: int, starts: NDArray[np.int64], spans: Sequence[Spans]
    ) -> NDArray[np.uint8]:
        """Return the labels of tiles (n, samples)."""
        targets = np.zeros((len(starts), len(self._samples)), np.uint8)
        length, known = self._settings.length, self._along.known
        for column, sample in enumerate(self._samples):
            opened = labels(starts, spans[column], self._along, length=length)
            without = 0 if known is None or sample.name in known else UNLABELLED
            targets[:, column] = np.where(opened, 1, without)
        if self._signals.columns:
            targets[:, self._signals.columns] = self._signals.labels(contig, starts)
        return targets

    def _parts(self, name: str, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the part of each tile, -1 for one that crosses the end of a held-out region."""
        split = self._settings.split
        if isinstance(split, RegionSplit):
            return split.of_tiles(name, starts, self._settings.length)
        return np.full(len(starts), TRAIN, np.int64)

    def _spans(self, contig: int) -> list[Spans]:
        """Return the stretches of each sample on a contig."""
        nothing = np.empty(0, np.int64)
        if contig not in self._spills[0].contigs():
            return [Spans(nothing, nothing)] * len(self._samples)
        starts, ends = (spill.windows(contig) for spill in self._spills)
        return [
            Spans(starts.starts[starts.samples == at], ends.starts[ends.samples == at])
            for at in range(len(self._samples))
        ]


def _sums(which: NDArray[np.bool_], offsets: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return how many of the `length` places from each offset on (n,) are True."""
    up_to = np.append(0, np.cumsum(which))
    sums: NDArray[np.int64] = up_to[offsets + length] - up_to[offsets]
    return sums
