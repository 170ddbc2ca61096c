"""A genome ─Ground.tiles→ tiles that have known bases, some neighbours at a time.

Where they lie, their bases and the part that each is held out for; `tiled` gives them labels.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.drawn import bins_of
from regplug.data.sites.parts import TRAIN, RegionSplit
from regplug.data.sites.placed import Regions
from regplug.data.sites.samples import Settings
from regplug.data.sites.tiles import Along, tile_starts
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval

UNKNOWN_BASES = "tiles left out: more than half of their bases unknown"
ACROSS = "tiles left out: across an end of a region that is held out"
TOGETHER = 4096  # tiles in memory


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


class Ground:
    """Where tiles lie on a genome, and what is there; it may be gone through more than once.

    Attributes:
        genome: the bases.
        names: of its contigs.
        settings: length of a tile, and what is held out.
        along: how far tiles are apart, and what they are told apart by.
        regions: where they lie.
        counts: what was left out of all that was gone through → how often.
        lower_case: whether there are repeats in what was read; only known where they are matched.
    """

    def __init__(self, genome: Genome, settings: Settings, along: Along, regions: Regions) -> None:
        """Take contigs by their names in `genome`."""
        self.genome, self.names = genome, list(genome.lengths)
        self.settings, self.along, self.regions = settings, along, regions
        self.counts: Counter[str] = Counter()
        self.lower_case = False

    def tiles(self, contig: int) -> Iterator[Placed]:
        """Yield the tiles of a contig, counting those that are left out."""
        length, step = self.settings.length, self.along.step
        for low, high in zip(*map(np.ndarray.tolist, self.regions[contig]), strict=True):
            every = tile_starts(low, high, length=length, step=step)
            for first in range(0, len(every), TOGETHER):
                placed = self._known(self.names[contig], every[first : first + TOGETHER])
                if len(placed.starts):
                    yield placed

    def _known(self, name: str, starts: NDArray[np.int64]) -> Placed:
        """Return the tiles that have known bases, and lie in one part."""
        length = self.settings.length
        stretch = Interval(name, int(starts[0]), int(starts[-1]) + length)
        codes = self.genome.codes(stretch)
        known = length - _sums(codes == UNKNOWN, starts - stretch.start, length)
        kept = 2 * known >= length
        self.counts[UNKNOWN_BASES] += int((~kept).sum())
        parts = self._parts(name, starts)
        self.counts[ACROSS] += int((kept & (parts < 0)).sum())
        kept &= parts >= 0
        return Placed(stretch, codes, starts[kept], parts[kept], known[kept])

    def bins(self, placed: Placed) -> NDArray[np.int64]:
        """Return the bin of each tile (n,)."""
        length, codes, offsets = self.settings.length, placed.codes, placed.offsets
        gc = _sums((codes == 1) | (codes == 2), offsets, length) / np.maximum(placed.known, 1)
        repeats = np.zeros(len(offsets))
        if "repeats" in self.along.match:
            masked = self.genome.lower_case(placed.stretch)
            self.lower_case |= bool(masked.any())
            repeats = _sums(masked, offsets, length) / length
        return bins_of(gc, repeats, self.along.match)

    def _parts(self, name: str, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the part of each tile, -1 for one that crosses the end of a held-out region."""
        split = self.settings.split
        if isinstance(split, RegionSplit):
            return split.of_tiles(name, starts, self.settings.length)
        return np.full(len(starts), TRAIN, np.int64)


def _sums(which: NDArray[np.bool_], offsets: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return how many of the `length` places from each offset on (n,) are True."""
    up_to = np.append(0, np.cumsum(which))
    sums: NDArray[np.int64] = up_to[offsets + length] - up_to[offsets]
    return sums
