"""The loop from regions to tracks.

interval ─stretches→ codes ─Adapter.track→ values ─bigwig→ .bw

A contig is cut into steps from its first base on, so that tracks of other regions have the same
values. The value of a step is that of the window whose variant column (`alleles.column`) lies on
the step's middle base, start + (step - 1) // 2: at step 1 a base has the window in which `regplug
annotate` would read a variant of it. With DeepBind's scan, windows are its sub-windows: [s, s + w)
belongs to base s + (w - 1) // 2. A step has no value where the window is mostly unknown bases, as
an ALT has none there, or where its middle lies behind the contig's end; steps are clipped to the
regions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import RegionError
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.regions import check_regions, merged
from regplug.genome.variant import Interval
from regplug.scoring.adapter import Adapter
from regplug.scoring.alleles import column, enough_known
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, read_width
from regplug.tracks.bigwig import TrackFiles

BATCH = 2048  # windows that are scored together
PIECE = 1 << 20  # bases that are read together
LONGEST_STEP = 50  # bases; longer steps must be asked for


class Stretch(NamedTuple):
    """Steps side by side on a contig; all positions are 0-based.

    Attributes:
        contig: by its name in the FASTA.
        edges: shape (n + 1,): step k covers [edges[k], edges[k + 1]).
        centres: shape (n,): each step's middle base, before it was clipped to its region.
    """

    contig: str
    edges: NDArray[np.int64]
    centres: NDArray[np.int64]

    def start(self, width: int) -> int:
        """Return the first base that windows of `width` around the centres read."""
        return int(self.centres[0]) - column(width)

    def codes(self, genome: Genome, width: int) -> Codes:
        """Return the codes that windows of `width` around the centres read."""
        end = int(self.centres[-1]) - column(width) + width
        return genome.codes(Interval(self.contig, self.start(width), end))


class Tracked(NamedTuple):
    """What is tracked.

    Attributes:
        adapter: of the model's family.
        backend: runs the model.
        targets: indices of the model's outputs.
        step: bases from a value to the next.
    """

    adapter: Adapter
    backend: Backend
    targets: Sequence[int]
    step: int


def track_regions(
    regions: Iterable[Interval],
    tracked: Tracked,
    genome: Genome,
    files: TrackFiles,
    *,
    progress: Callable[[int], None] = lambda bases: None,
) -> None:
    """Write a model's values over regions to `files`.

    Args:
        regions: as `covered` gives them.
        tracked: the model, its outputs, and their step.
        genome: that the model reads.
        files: that are written, one for each output.
        progress: called with the number of bases done, a piece at a time.

    Raises:
        RegplugError: as the genome and the backend raise.
        OSError: as `files` raises.
    """
    adapter, backend, targets, step = tracked
    widths = _widths(backend.card, targets)
    found = (
        stretch
        for region in regions
        for stretch in stretches(region, genome, width=max(widths), step=step, progress=progress)
    )
    for batch in _batches(found):
        values = [np.empty((len(stretch.centres), len(targets)), np.float32) for stretch in batch]
        for width, places in widths.items():
            codes = [stretch.codes(genome, width) for stretch in batch]
            scores = adapter.track(codes, backend, width=width, step=step)
            for filled, predicted in zip(values, scores, strict=True):
                filled[:, places] = predicted[:, [targets[place] for place in places]]
        for stretch, filled in zip(batch, values, strict=True):
            files.write(stretch.contig, stretch.edges, filled)


def default_step(card: ModelCard) -> int:
    """Return the step in bases where none is asked for: 1 for a scan, else by the window.

    Windows of 4 * LONGEST_STEP or more have LONGEST_STEP, shorter ones a tenth of their length.
    """
    if card.window is None:
        return 1
    return LONGEST_STEP if card.window >= 4 * LONGEST_STEP else max(1, card.window // 10)


def covered(regions: Iterable[Interval], genome: Genome, width: int) -> list[Interval]:
    """Return the regions in the FASTA's order and with its names, clipped to contigs and joined.

    Raises:
        RegionError: no such contig, behind its end, or a contig shorter than a window of `width`.
    """
    named = [
        Interval(genome.contig(region.chrom) or region.chrom, region.start, region.end)
        for region in regions
    ]
    check_regions(named, genome.lengths)
    for region in named:
        if genome.lengths[region.chrom] < width:
            raise RegionError(
                f"{region.chrom} has {genome.lengths[region.chrom]} bases, fewer than the window "
                f"of {width}: leave it out"
            )
    order = {contig: place for place, contig in enumerate(genome.lengths)}
    named.sort(key=lambda region: order[region.chrom])
    return merged(
        Interval(region.chrom, region.start, min(region.end, genome.lengths[region.chrom]))
        for region in named
    )


def stretches(
    region: Interval,
    genome: Genome,
    *,
    width: int,
    step: int,
    progress: Callable[[int], None] = lambda bases: None,
) -> Iterator[Stretch]:
    """Yield the steps over `region` whose windows of `width` can be scored, some at a time.

    `progress` is called with the number of bases done, those that cannot be scored among them.
    """
    contig, length = region.chrom, genome.lengths[region.chrom]
    piece = max(1, min(BATCH, PIECE // step)) * step
    for first in range(region.start // step * step, region.end, piece):
        last = min(first + piece, region.end)
        starts = np.arange(first, last, step)
        centres = starts + (step - 1) // 2
        edges = np.clip(np.append(starts, starts[-1] + step), region.start, region.end)
        whole = Stretch(contig, edges, centres)
        known = enough_known(whole.codes(genome, width), whole.start(width), length, width)[::step]
        for i, j in runs(known & (centres < length)):
            yield Stretch(contig, edges[i : j + 1], centres[i:j])
        progress(last - max(first, region.start))


def runs(kept: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [start, end) of each run of True in `kept`, shape (n,)."""
    ends = np.flatnonzero(np.diff(np.r_[False, kept, False]))
    return [(int(i), int(j)) for i, j in ends.reshape(-1, 2)]


def _widths(card: ModelCard, targets: Sequence[int]) -> dict[int, list[int]]:
    """Return the width of windows → the places in `targets` of the targets that read this width."""
    widths: defaultdict[int, list[int]] = defaultdict(list)
    for place, target in enumerate(targets):
        own = None if card.window else card.targets[target].scan
        widths[own or read_width(card)].append(place)
    return dict(widths)


def _batches(stretches: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """Yield stretches together until they have BATCH windows or more."""
    batch: list[Stretch] = []
    windows = 0
    for stretch in stretches:
        batch.append(stretch)
        windows += len(stretch.centres)
        if windows >= BATCH:
            yield batch
            batch, windows = [], 0
    if batch:
        yield batch
