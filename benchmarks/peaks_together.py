r"""In how many of several cells is each base open? As a bigWig, for `prepare basset --along`.

    python -m benchmarks.peaks_together a.narrowPeak.gz b.narrowPeak.gz \
        --regions-file stretches.bed --fasta hg19.fa.gz -o together.bw

A cell that was not measured is most likely open where all others are, and closed where none is.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyBigWig
from numpy.typing import NDArray

from regplug.genome.fasta import Genome
from regplug.genome.regions import read_bed
from regplug.genome.variant import Interval


def main() -> None:
    """Write the bigWig."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peaks", type=Path, nargs="+")
    parser.add_argument(
        "--regions-file", type=Path, required=True, help="where cells were measured"
    )
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    options = parser.parse_args()
    with Genome(options.fasta) as genome:
        lengths = genome.lengths
    order = {name: at for at, name in enumerate(lengths)}
    regions = sorted(
        read_bed(str(options.regions_file)), key=lambda at: (order[at.chrom], at.start)
    )
    peaks = [read_bed(str(path)) for path in options.peaks]
    with pyBigWig.open(str(options.output), "w") as file:
        file.addHeader(list(lengths.items()))
        for region in regions:
            counts = coverage(region, peaks)
            starts = np.append(0, np.flatnonzero(np.diff(counts)) + 1)
            ends = np.append(starts[1:], len(counts))
            file.addEntries(
                [region.chrom] * len(starts),
                (starts + region.start).tolist(),
                ends=(ends + region.start).tolist(),
                values=counts[starts].astype(float).tolist(),
            )


def coverage(region: Interval, peaks: Sequence[Sequence[Interval]]) -> NDArray[np.int64]:
    """Return by the peaks of how many files each base of a region is covered, (bases,)."""
    counts = np.zeros(region.end - region.start, np.int64)
    for of_cell in peaks:
        covered = np.zeros(len(counts), np.bool_)
        for peak in of_cell:
            if peak.chrom == region.chrom and peak.end > region.start:
                covered[max(peak.start - region.start, 0) : max(peak.end - region.start, 0)] = True
        counts += covered
    return counts


if __name__ == "__main__":
    main()
