"""Regions ─cut_windows→ codes around their midpoints."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval

OUTSIDE = "outside the genome"
MOSTLY_UNKNOWN = "more than half of its bases unknown"


def cut_windows(
    regions: Sequence[Interval], fasta: Path, length: int
) -> tuple[Codes, NDArray[np.bool_]]:
    """Return the codes (n, length) around each region's midpoint, and which are in the genome (n,).

    A window is [mid - length // 2, mid - length // 2 + length), 0-based, mid = (start + end) // 2.
    One that leaves its contig, or is on a contig that the genome lacks, is all unknown bases.

    Raises:
        GenomeError: the FASTA cannot be read.
    """
    starts = [(region.start + region.end) // 2 - length // 2 for region in regions]
    windows = [
        Interval(r.chrom, start, start + length) for r, start in zip(regions, starts, strict=True)
    ]
    codes = np.full((len(windows), length), UNKNOWN, np.uint8)
    inside = np.zeros(len(windows), np.bool_)
    with Genome(fasta) as genome:
        for row in sorted(range(len(windows)), key=lambda row: (windows[row].chrom, starts[row])):
            contig = genome.contig(windows[row].chrom)
            if contig and windows[row].start >= 0 and windows[row].end <= genome.lengths[contig]:
                inside[row], codes[row] = True, genome.codes(windows[row])
    return codes, inside


def mostly_unknown(codes: Codes) -> NDArray[np.bool_]:
    """Return which rows of codes (n, length) have more unknown bases than known ones, (n,)."""
    mostly: NDArray[np.bool_] = (codes == UNKNOWN).mean(axis=1) > 0.5
    return mostly
