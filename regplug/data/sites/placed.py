"""Where tiles may lie, and which of a sample's peaks lie there: a BED ─regions_of→ Regions."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.samples import PAST_END, Peaks, Sample, Settings
from regplug.data.sites.tiles import Spans
from regplug.errors import DataError
from regplug.genome.codes import UNKNOWN
from regplug.genome.fasta import Genome
from regplug.genome.regions import merged, read_bed
from regplug.genome.variant import Interval

FEW, FEW_SHARE = 3, 0.01  # peaks that may lie outside a contig or on N, whichever is more

Regions = Mapping[int, Spans]  # contig → where its tiles lie


def regions_of(genome: Genome, bed: Path | None, settings: Settings) -> Regions:
    """Return where tiles lie on each contig that is not left out: in a BED, or everywhere.

    Raises:
        DataError: a region is not in the genome.
        RegionError: `bed` is no BED.
    """
    regions = [Interval(name, 0, length) for name, length in genome.lengths.items()]
    if bed is not None:
        regions = [_inside(genome, bed, region) for region in read_bed(str(bed))]
    places = {name: at for at, name in enumerate(genome.lengths)}
    found: dict[int, list[tuple[int, int]]] = {}
    for region in merged(regions):
        if region.chrom not in settings.excluded:
            found.setdefault(places[region.chrom], []).append((region.start, region.end))
    return {contig: Spans(*np.array(spans, np.int64).T) for contig, spans in found.items()}


def _inside(genome: Genome, bed: Path, region: Interval) -> Interval:
    """Return a region under the genome's name of its contig."""
    contig = genome.contig(region.chrom)
    if contig is None:
        raise DataError(f"{genome.path} has no contig {region.chrom}: leave it out of {bed}")
    length = genome.lengths[contig]
    if region.end > length:
        raise DataError(f"{bed}: {region} leaves {contig}, which has {length} bases")
    return Interval(contig, region.start, region.end)


def in_regions(peaks: Peaks, regions: Regions) -> NDArray[np.bool_]:
    """Return which peaks (n,) have their centre in a region."""
    used = np.zeros(len(peaks.contigs), np.bool_)
    for contig, spans in regions.items():
        here = np.flatnonzero(peaks.contigs == contig)
        at = np.searchsorted(spans.starts, peaks.centres[here], side="right")
        used[here] = (at > 0) & (peaks.centres[here] < spans.ends[at - 1])
    return used


def check_assembly(sample: Sample, peaks: Peaks, genome: Genome) -> None:
    """Check that a sample's peaks in the regions of tiles are of the genome's assembly.

    Raises:
        DataError: there are none, or more than a few lie past the end of a contig, or on N.
    """
    names, on_n = list(genome.lengths), 0
    order = np.lexsort((peaks.centres, peaks.contigs))
    for contig, centre in zip(
        peaks.contigs[order].tolist(), peaks.centres[order].tolist(), strict=True
    ):
        place = Interval(names[contig], centre, centre + 1)
        on_n += int(genome.codes(place)[0] == UNKNOWN)
    past = peaks.counts[PAST_END]
    total = len(peaks.contigs) + past
    if past + on_n > max(FEW, FEW_SHARE * total):
        raise DataError(
            f"{sample.path} is of another assembly than {genome.path}: of {total} peaks of "
            f"{sample.name}, {past} lie past the end of their contig and {on_n} on N; take the "
            "right FASTA, or if it has only some stretches, name them by --regions-file"
        )
    if not len(peaks.contigs):
        raise DataError(
            f"{sample.path} has no peak in the regions of the tiles: take {sample.name} out"
        )
