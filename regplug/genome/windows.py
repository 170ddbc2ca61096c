"""Places ─windows_of→ codes: many windows of a contig, of few readings of the reference."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.genome.fasta import BEHIND, Reference
from regplug.genome.variant import Interval


def windows_of(genome: Reference, chrom: str, starts: NDArray[np.int64], width: int) -> Codes:
    """Return the codes of windows of a contig, shape (n, width); 4 outside the contig.

    Args:
        genome: that they are read from.
        chrom: the contig.
        starts: 0-based, in any order, shape (n,).
        width: in bases.

    Raises:
        GenomeError: as `genome` raises.
    """
    codes = np.empty((len(starts), width), np.uint8)
    order = np.argsort(starts, kind="stable")
    placed, first = starts[order], 0
    while first < len(placed):
        low = int(placed[first])
        behind = int(np.searchsorted(placed, low + max(1, BEHIND - width)))
        stretch = genome.codes(Interval(chrom, low, int(placed[behind - 1]) + width))
        cut = sliding_window_view(stretch, width)[placed[first:behind] - low]
        codes[order[first:behind]] = cut
        first = behind
    return codes
