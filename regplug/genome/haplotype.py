"""A genome with ALTs in it: Genome, Variants → Haplotype, read like a genome."""

from collections.abc import Sequence

import numpy as np

from regplug.genome.codes import Codes, decode, encode
from regplug.genome.fasta import Reference
from regplug.genome.variant import Interval, Variant


class Haplotype:
    """A genome with ALTs in place of their REFs.

    Positions are 0-based in the haplotype: behind an ALT they differ from the genome's by
    len(ALT) - len(REF), added up over the ALTs before.
    """

    def __init__(self, genome: Reference, *variants: Variant) -> None:
        """Put the ALTs into `genome`; that their REFs stand there is not checked.

        Args:
            genome: that the other bases are of.
            variants: of one contig, no two of them in `conflict`; REF or ALT may be empty.
        """
        self._genome = genome
        self._variants = sorted(variants, key=lambda one: (one.start, one.interval.end))
        self._alts = [encode(variant.alt) for variant in self._variants]
        self._contig = genome.contig(variants[0].chrom) if variants else None
        self.lengths = dict(genome.lengths)
        if self._contig:
            self.lengths[self._contig] += sum(longer(variant) for variant in variants)

    def contig(self, chrom: str) -> str | None:
        """Return the FASTA's name of `chrom`, or None."""
        return self._genome.contig(chrom)

    def place(self, at: int) -> int:
        """Return where 0-based `at` of the ALTs' contig lies; behind what is inserted before it."""
        return at + sum(longer(v) for v in self._variants if v.interval.end <= at)

    def differs(self, start: int, end: int) -> bool:
        """Tell whether [start, end) of the ALTs' contig holds or borders one of them."""
        shift = 0
        for variant in self._variants:
            first = variant.start + shift
            if first <= end and first + len(variant.alt) >= start:
                return True
            shift += longer(variant)
        return False

    def codes(self, interval: Interval) -> Codes:
        """Return the codes of `interval`, shape (len(interval),); 4 outside the contig.

        Raises:
            GenomeError: no such contig, or the FASTA is truncated.
        """
        if self.contig(interval.chrom) != self._contig:
            return self._genome.codes(interval)
        chrom, at, end, shift = interval.chrom, interval.start, interval.end, 0
        parts = []
        for variant, alt in zip(self._variants, self._alts, strict=True):
            first = variant.start + shift  # of ALT, in the haplotype
            last = first + len(alt)
            if first >= end:
                break
            if at < first:
                parts.append(self._genome.codes(Interval(chrom, at - shift, first - shift)))
                at = first
            parts.append(alt[at - first : end - first])
            at = min(end, max(at, last))
            shift += longer(variant)
        parts.append(self._genome.codes(Interval(chrom, at - shift, end - shift)))
        return np.concatenate(parts)

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N for anything but A, C, G, T."""
        return decode(self.codes(interval))


class HaplotypeContigs:
    """Contigs of haplotypes as those of one reference, each called by its number, from 0."""

    def __init__(self, views: Sequence[Haplotype], chroms: Sequence[str]) -> None:
        """Take contig `chroms[i]` of haplotype `views[i]` as contig `str(i)`."""
        self._views, self._chroms = views, chroms
        self.lengths = {
            str(number): view.lengths[view.contig(chrom) or ""]
            for number, (view, chrom) in enumerate(zip(views, chroms, strict=True))
        }

    def contig(self, chrom: str) -> str | None:
        """Return the name of a contig that is there, or None."""
        return chrom if chrom in self.lengths else None

    def codes(self, interval: Interval) -> Codes:
        """Return the codes of `interval`, shape (len(interval),); 4 outside the contig."""
        number = int(interval.chrom)
        return self._views[number].codes(
            Interval(self._chroms[number], interval.start, interval.end)
        )

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N for anything but A, C, G, T."""
        return decode(self.codes(interval))


def longer(variant: Variant) -> int:
    """Return by how many bases ALT is longer than REF; below 0 for a deletion."""
    return len(variant.alt) - len(variant.ref)


def trimmed(variant: Variant) -> Variant:
    """Return what an ALT changes, without the letters that REF and ALT end and begin with alike.

    REF is empty for an insertion, ALT for a deletion; nothing is moved.
    """
    start, ref, alt = variant.start, variant.ref.upper(), variant.alt.upper()
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    return Variant(variant.chrom, start + 1, ref, alt)


def anchored(variant: Variant, reference: Reference) -> Variant:
    """Return a trimmed variant as a VCF has it: with a base of `reference` if REF or ALT is empty.

    It is the base before; at the first base of a contig the base behind.

    Raises:
        GenomeError: as `reference` raises.
    """
    chrom, start, ref, alt = variant.chrom, variant.start, variant.ref, variant.alt
    if ref and alt:
        return variant
    if start > 0:
        base = reference.letters(Interval(chrom, start - 1, start))
        return Variant(chrom, start, base + ref, base + alt)
    base = reference.letters(Interval(chrom, len(ref), len(ref) + 1))
    return Variant(chrom, 1, ref + base, alt + base)


def conflict(one: Variant, other: Variant) -> bool:
    """Tell whether two trimmed variants of a contig cannot lie on one haplotype.

    They change the same base, or both insert at the same place, or one inserts inside the other.
    """
    (start, end), (first, last) = ((v.start, v.interval.end) for v in (one, other))
    if start == end == first == last:
        return True
    return (
        max(start, first) < min(end, last)
        or first < start == end < last
        or (start < first == last < end)
    )
