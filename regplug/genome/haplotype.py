"""A genome with one ALT in it: Genome, Variant → Haplotype, read like a genome."""

import numpy as np

from regplug.genome.codes import Codes, decode, encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant


class Haplotype:
    """A genome with an ALT in place of its REF.

    Positions are 0-based in the haplotype: behind the ALT they differ from the genome's by
    len(ALT) - len(REF).
    """

    def __init__(self, genome: Genome, variant: Variant) -> None:
        """Put `variant`'s ALT into `genome`; that its REF stands there is not checked."""
        self._genome, self._variant, self._alt = genome, variant, encode(variant.alt)
        self._contig = genome.contig(variant.chrom)
        self._longer = len(variant.alt) - len(variant.ref)  # bases; below 0 for a deletion
        self.lengths = dict(genome.lengths)
        if self._contig:
            self.lengths[self._contig] += self._longer

    def contig(self, chrom: str) -> str | None:
        """Return the FASTA's name of `chrom`, or None."""
        return self._genome.contig(chrom)

    def codes(self, interval: Interval) -> Codes:
        """Return the codes of `interval`, shape (len(interval),); 4 outside the contig.

        Raises:
            GenomeError: no such contig, or the FASTA is truncated.
        """
        if self.contig(interval.chrom) != self._contig:
            return self._genome.codes(interval)
        chrom, start, end = interval.chrom, interval.start, interval.end
        first, last = self._variant.start, self._variant.start + len(self._alt)  # of the ALT
        before = Interval(chrom, min(start, first), min(end, first))
        behind = Interval(chrom, max(start, last) - self._longer, max(end, last) - self._longer)
        inside = self._alt[max(0, start - first) : max(0, end - first)]
        return np.concatenate([self._genome.codes(before), inside, self._genome.codes(behind)])

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N for anything but A, C, G, T."""
        return decode(self.codes(interval))
