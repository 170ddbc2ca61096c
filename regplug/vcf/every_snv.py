"""Regions ─EverySnv→ records: all SNVs of all their bases, in the order of the FASTA."""

from collections.abc import Iterator, Sequence

import pysam

from regplug.errors import RegionError
from regplug.genome.fasta import Genome
from regplug.genome.regions import check_regions, merged
from regplug.genome.variant import Interval

_BLOCK = 1 << 16  # bases in memory


class EverySnv:
    """Records of three SNVs for each base of regions, one ALT each, the ALTs in alphabetical order.

    An ALT has a record of its own, as other programs match those best by allele.

    Attributes:
        contigs: those of the regions: name in the FASTA → length.
        header_text: of a VCF of these records.
        bases: of the regions.
        unknown: how many of those that were read are not A, C, G or T, and have no record.
    """

    def __init__(self, regions: Sequence[Interval], genome: Genome) -> None:
        """Prepare for `regions`; those that overlap are joined, and ends of contigs end them.

        Args:
            regions: contigs may be called with or without `chr`.
            genome: that REF is read from; for these records alone, as no two threads may read it.

        Raises:
            RegionError: a region lies in no contig, or there is none.
        """
        names = [genome.contig(region.chrom) or region.chrom for region in regions]
        found = [Interval(n, r.start, r.end) for n, r in zip(names, regions, strict=True)]
        check_regions(found, genome.lengths)
        order = {name: place for place, name in enumerate(genome.lengths)}
        self._regions = [
            Interval(r.chrom, r.start, min(r.end, genome.lengths[r.chrom]))
            for r in merged(sorted(found, key=lambda region: order[region.chrom]))
        ]
        if not self._regions:
            raise RegionError("no region to precompute: give CHR:FROM-TO, or --regions-file")
        self._genome = genome
        self.contigs = {r.chrom: genome.lengths[r.chrom] for r in self._regions}
        self.bases, self.unknown = sum(map(len, self._regions)), 0
        self._header = pysam.VariantHeader()
        for name, length in self.contigs.items():
            self._header.contigs.add(name, length=length)
        self.header_text = str(self._header)

    def __iter__(self) -> Iterator[pysam.VariantRecord]:
        """Yield the records.

        Raises:
            GenomeError: as `genome` raises.
        """
        for region in self._regions:
            for start in range(region.start, region.end, _BLOCK):
                end = min(start + _BLOCK, region.end)
                letters = self._genome.letters(Interval(region.chrom, start, end))
                self.unknown += letters.count("N")
                for at, ref in enumerate(letters, start):
                    for alt in "ACGT" if ref != "N" else "":
                        if alt != ref:
                            yield self._header.new_record(region.chrom, at, alleles=(ref, alt))
