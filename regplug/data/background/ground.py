"""A genome and regions ─pieces→ stretches of known bases ─drawn_blocks→ their codes, bounded."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from regplug.errors import GenomeError
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.regions import merged
from regplug.genome.variant import Interval

FLANK = 500  # bases beside a run of unknown bases from which nothing is drawn
MOST_BASES = 1 << 22  # of a stratum in memory; of a larger one, blocks are drawn
BLOCK = 1 << 12
_READ = 1 << 24
_KNOWN = re.compile("[ACGTacgt]+")


def known_stretches(genome: Genome, contigs: Sequence[str] = ()) -> list[Interval]:
    """Return where a genome's bases are known, FLANK bases and more from those that are not.

    A contig's own ends need no distance: outside it no base counts as unknown.

    Args:
        genome: the bases.
        contigs: names of the FASTA's to look at; by default all.
    """
    found: list[Interval] = []
    for contig in contigs or genome.lengths:
        length = genome.lengths[contig]
        for run in merged(_runs(genome, contig, length)):
            start = run.start + FLANK if run.start else 0
            end = run.end - FLANK if run.end < length else length
            if start < end:
                found.append(Interval(contig, start, end))
    return found


def _runs(genome: Genome, contig: str, length: int) -> Iterator[Interval]:
    """Yield the runs of known bases; one that crosses the end of a read comes in two parts."""
    for start in range(0, length, _READ):
        letters = genome.text(contig, start, min(length, start + _READ))
        if letters.count("N") == len(letters):  # faster than looking for what is not there
            continue
        for run in _KNOWN.finditer(letters):
            yield Interval(contig, start + run.start(), start + run.end())


def within(stretches: Sequence[Interval], regions: Sequence[Interval]) -> list[Interval]:
    """Return the parts of `stretches` (which do not overlap) that lie in `regions`."""
    found: list[Interval] = []
    by_contig: dict[str, list[Interval]] = {}
    for region in merged(regions):
        by_contig.setdefault(region.chrom, []).append(region)
    for stretch in stretches:
        there = by_contig.get(stretch.chrom, [])
        ends = np.array([region.end for region in there], np.int64)
        for region in there[int(np.searchsorted(ends, stretch.start, side="right")) :]:
            if region.start >= stretch.end:
                break
            start, end = max(region.start, stretch.start), min(region.end, stretch.end)
            found.append(Interval(stretch.chrom, start, end))
    return found


def drawn_blocks(
    genome: Genome, stretches: Sequence[Interval], rng: np.random.Generator
) -> tuple[list[Interval], list[Codes]]:
    """Return blocks of `stretches` with their codes, of at most MOST_BASES together.

    Where there is more, each block is as likely to be among them as any other.

    Raises:
        GenomeError: there is nothing to draw from.
    """
    blocks = [
        Interval(stretch.chrom, start, min(start + BLOCK, stretch.end))
        for stretch in stretches
        for start in range(stretch.start, stretch.end, BLOCK)
    ]
    if not blocks:
        raise GenomeError(
            f"{genome.path} has no known bases there: are the regions of this genome, and is the "
            "FASTA not all N?"
        )
    order = rng.permutation(len(blocks))
    lengths = np.array([len(blocks[index]) for index in order])
    enough = int(np.searchsorted(np.cumsum(lengths), MOST_BASES)) + 1
    taken = [blocks[index] for index in sorted(order[:enough])]
    return taken, [genome.codes(block) for block in taken]
