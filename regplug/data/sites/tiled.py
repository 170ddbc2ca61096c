"""Ground and samples' peaks or signals ─Tiling→ tiles with their labels, some at a time.

SAMPLES.tsv ─Tiling.read→ a sample's peaks ─Spill→ a contig's ─labels→ targets of its tiles
            ─Tiling.measure→ bigWigs' signal ─Signals.labels→ the same
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.sites.ground import Ground
from regplug.data.sites.placed import check_assembly, in_regions
from regplug.data.sites.samples import Sample, read_peaks
from regplug.data.sites.signals import Cuts, Signals
from regplug.data.sites.sites import UNLABELLED
from regplug.data.sites.spill import Spill
from regplug.data.sites.tiles import Spans, joined_spans, labels
from regplug.genome.codes import Codes
from regplug.tracks.read_bigwig import BigWig

SAID_NOTHING = "tiles left out: no sample says anything of them"
ELSEWHERE = "peaks not used: outside the regions"


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


class Tiling:
    """The labelled tiles of a genome; it may be gone through more than once."""

    def __init__(
        self,
        ground: Ground,
        samples: Sequence[Sample],
        spills: tuple[Spill, Spill],
        signals: Signals,
    ) -> None:
        """Keep starts and ends of peaks in `spills`, what bigWigs say of the tiles in `signals`."""
        self._ground, self._samples = ground, samples
        self._settings, self._along = ground.settings, ground.along
        self._spills, self._signals = spills, signals
        self._peaks: Counter[str] = Counter()
        self._said_nothing = 0

    @property
    def counts(self) -> Counter[str]:
        """Return what was left out of the peaks and of the last pass → how often."""
        return self._peaks + self._ground.counts + Counter({SAID_NOTHING: self._said_nothing})

    def read(self, at: int) -> int:
        """Read the peaks of a sample; return how many lie where tiles are: none of a bigWig.

        Raises:
            DataError: as `read_peaks` or `BigWig`, or they are another assembly's.
        """
        sample, genome = self._samples[at], self._ground.genome
        if sample.is_signal:
            with BigWig(sample.path, genome):
                return 0
        summits = self._along.label == "summit"
        peaks = read_peaks(sample.path, genome, self._settings, summits=summits)
        used = in_regions(peaks, self._ground.regions)
        self._peaks += peaks.counts
        self._peaks[ELSEWHERE] += int((~used).sum())
        peaks = peaks.rows(used)
        check_assembly(sample, peaks, genome)
        for contig in np.unique(peaks.contigs):
            here = peaks.contigs == contig
            if summits:
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
        for contig in sorted(self._ground.regions) if self._signals.columns else ():
            progress("signals", contig, len(self._ground.names))
            for placed in self._ground.tiles(contig):
                self._signals.add(contig, placed.starts)
        self._signals.cut()
        return self._signals.cuts

    def tiles(self) -> Iterator[Tiles]:
        """Yield the tiles of which something is known, contig by contig and by start."""
        self._ground.counts.clear()
        self._said_nothing = 0
        for contig in sorted(self._ground.regions):
            spans = self._spans(contig)
            for placed in self._ground.tiles(contig):
                targets = self._targets(contig, placed.starts, spans)
                windows = sliding_window_view(placed.codes, self._settings.length)[placed.offsets]
                bins = self._ground.bins(placed)
                said = (targets != UNLABELLED).any(axis=1)
                self._said_nothing += int((~said).sum())
                yield Tiles(contig, placed.starts, windows, targets, placed.parts, bins).rows(said)

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
