"""The loop from regions to tracks, for models that tell of many bases at once, as a profile.

interval ─tiles→ codes ─Adapter.track→ values of many bases each ─stitched→ one a base ─bigwig→ .bw

A contig is tiled from its first base on, so that tracks of other regions have the same values: the
bases of a tile, P of them in the middle of a window, begin every P // 2 bases. A base's value is
the mean of the tiles over it, each of the weight 1 at its outer bases, 2 at the next ... P / 2 in
its middle: where a tile ends it no longer counts, and no seam is seen, though the counts of two
windows differ. (ChromBPNet, which predicts around peaks, takes the nearer of two that overlap:
bigwig_helper.py.) Tiles whose window is mostly unknown bases are left out, as ALTs are there; a
base that no other tile covers has no value. With a step, values are means over each step's bases,
counted from the contig's first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import RegionError
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.scoring.alleles import enough_known
from regplug.scoring.card import read_width
from regplug.scoring.effects import Array
from regplug.tracks.bigwig import TrackFiles
from regplug.tracks.regions import Tracked, runs

TILES = 256  # that are predicted together, unless they hold more than
ROOM = 1 << 24  # numbers
LONGEST_STEP = 1 << 16  # bases


class Tiling(NamedTuple):
    """Where tiles lie; all sizes are in bases.

    Attributes:
        window: that is read for a tile.
        bases: that a tile has values of, in the middle of its window.
    """

    window: int
    bases: int

    @property
    def hop(self) -> int:
        """Return how far the next tile begins behind a tile."""
        return max(1, self.bases // 2)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Return how much each base of a tile counts, shape (bases,)."""
        from_left = np.arange(1.0, self.bases + 1)
        return np.minimum(from_left, from_left[::-1])


class _Piece(NamedTuple):
    """A run of steps.

    Attributes:
        place: whole steps, as far as the contig goes.
        inside: what of it lies in the region.
        starts: shape (tiles,): the first base of each tile that can be predicted, 0-based.
        stretches: codes of the tiles' windows, together: a stretch for each run of tiles.
    """

    place: Interval
    inside: Interval
    starts: NDArray[np.int64]
    stretches: list[Codes]


def track_profiles(
    regions: Iterable[Interval],
    tracked: Tracked,
    genome: Genome,
    files: TrackFiles,
    *,
    progress: Callable[[int], None] = lambda bases: None,
) -> None:
    """Write a model's values over regions to `files`.

    Args:
        regions: as `regions.covered` gives them.
        tracked: the model, its targets, and their step.
        genome: that the model reads.
        files: that are written, one for each target.
        progress: called with the number of bases done, some tiles at a time.

    Raises:
        RegionError: the step is longer than LONGEST_STEP.
        RegplugError: as the genome and the backend raise.
        OSError: as `files` raises.
    """
    adapter, backend, targets, step = tracked
    if step > LONGEST_STEP:
        raise RegionError(
            f"--step {step} is too long for {backend.card.name}, whose values are means over a "
            f"step: give {LONGEST_STEP} or fewer"
        )
    tiling = Tiling(read_width(backend.card), adapter.covers(backend.card))
    tiles = tiles_at_once(tracked)
    pieces = (
        piece
        for region in regions
        for piece in _pieces(region, tiling, genome, step=step, tiles=tiles)
    )
    for batch in _batches(pieces, tiles):
        stretches = [codes for piece in batch for codes in piece.stretches]
        if stretches:
            found = iter(adapter.track(stretches, backend, width=tiling.window, step=tiling.hop))
        for piece in batch:
            values = [next(found)[:, :, targets] for _ in piece.stretches]
            if values:
                means = stitched(piece.place, piece.starts, values, tiling)
                write_means(files, piece.place, means, inside=piece.inside, step=step)
            progress(len(piece.inside))


def tiles_at_once(tracked: Tracked) -> int:
    """Return how many tiles to predict together: TILES, or as many as have ROOM."""
    card = tracked.backend.card
    numbers = tracked.adapter.covers(card) * len(card.targets)
    return max(1, min(TILES, ROOM // numbers))


def stitched(
    place: Interval, starts: NDArray[np.int64], values: Sequence[Array], tiling: Tiling
) -> NDArray[np.float64]:
    """Return the weighted mean of the tiles over each base, shape (bases, targets); NaN without.

    Args:
        place: the bases.
        starts: of the tiles, shape (tiles,), 0-based.
        values: of the tiles, in parts of shape (some, tiling.bases, targets).
        tiling: how long they are.
    """
    total = np.zeros((len(place), values[0].shape[2]))
    weight = np.zeros((len(place), 1))
    weights = tiling.weights[:, None]
    tiles = (tile for part in values for tile in part)
    for start, tile in zip(starts.tolist(), tiles, strict=True):
        first, last = max(start, place.start), min(start + tiling.bases, place.end)
        weighed = weights[first - start : last - start]
        there = slice(first - place.start, last - place.start)
        total[there] += weighed * tile[first - start : last - start]
        weight[there] += weighed
    with np.errstate(invalid="ignore"):
        return total / weight


def write_means(
    files: TrackFiles,
    place: Interval,
    values: NDArray[np.float32] | NDArray[np.float64],
    *,
    inside: Interval,
    step: int,
    origin: int = 0,
) -> None:
    """Write the means of values over steps; a step without values is left out.

    Args:
        files: that are written.
        place: the bases that have values.
        values: shape (bases, tracks); NaN, in all tracks, where a base has none.
        inside: bases to which steps are clipped.
        step: in bases.
        origin: the base from which steps are counted, either way.
    """
    first = place.start - (place.start - origin) % step
    edges = np.clip(np.arange(first, place.end + step, step), place.start, place.end)
    known = ~np.isnan(values[:, :1])
    counts = np.add.reduceat(known, edges[:-1] - place.start, dtype=np.int64)
    sums = np.add.reduceat(np.where(known, values, 0), edges[:-1] - place.start, dtype=np.float64)
    edges = np.clip(edges, inside.start, inside.end)
    for i, j in runs((counts[:, 0] > 0) & (np.diff(edges) > 0)):
        means = (sums[i:j] / counts[i:j]).astype(np.float32)
        files.write(place.chrom, edges[i : j + 1], means)


def _pieces(
    region: Interval, tiling: Tiling, genome: Genome, *, step: int, tiles: int
) -> Iterator[_Piece]:
    """Yield a region in pieces of about so many tiles, and of whole steps."""
    length = genome.lengths[region.chrom]
    size = max(1, tiles * tiling.hop // step) * step
    for first in range(region.start // step * step, region.end, size):
        last = min(first + size, -(-region.end // step) * step, length)
        inside = Interval(region.chrom, max(first, region.start), min(last, region.end))
        starts, stretches = _tiles(Interval(region.chrom, first, last), tiling, genome)
        yield _Piece(Interval(region.chrom, first, last), inside, starts, stretches)


def _tiles(
    place: Interval, tiling: Tiling, genome: Genome
) -> tuple[NDArray[np.int64], list[Codes]]:
    """Return the starts of the tiles over `place` that can be predicted, and their codes."""
    window, bases = tiling
    hop, before = tiling.hop, (window - bases) // 2
    starts = np.arange(-(-(place.start - bases + 1) // hop), (place.end - 1) // hop + 1) * hop
    low, high = int(starts[0]) - before, int(starts[-1]) - before + window
    codes = genome.codes(Interval(place.chrom, low, high))
    known = enough_known(codes, low, genome.lengths[place.chrom], window)[::hop]
    stretches = [codes[i * hop : (j - 1) * hop + window] for i, j in runs(known)]
    return starts[known], stretches


def _batches(pieces: Iterable[_Piece], tiles: int) -> Iterator[list[_Piece]]:
    """Yield pieces together until they have so many tiles or more."""
    batch: list[_Piece] = []
    held = 0
    for piece in pieces:
        batch.append(piece)
        held += len(piece.starts)
        if held >= tiles or not held:  # long runs of N are not gathered
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
