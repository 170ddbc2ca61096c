"""What of a record must overlap a region, for the record to lie in it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Literal

import pysam

from regplug.genome.regions import END_OF_CONTIG, merged
from regplug.genome.variant import Interval

Overlap = Literal["pos", "record", "variant"]


def reach(record: pysam.VariantRecord, overlap: Overlap) -> tuple[int, int]:
    """Return the bases of a record that must overlap a region, 0-based and half-open.

    `pos`: its POS; `record`: all of REF, or up to END; `variant`: the same without the bases that
    begin REF and all ALTs alike, such as the anchor of a deletion: none, where there is no ALT.
    Source: bcftools(1), --regions-overlap.
    """
    if overlap == "pos":
        return record.start, record.start + 1
    if overlap == "record":
        return record.start, record.stop
    if not record.alts:
        return record.stop, record.stop
    shared = min(_alike(record.ref or "", alt) for alt in record.alts)
    return min(record.start + shared, record.stop), record.stop


def around(region: Interval, bases: int) -> Interval:
    """Return a region that is so many bases longer on either side."""
    end = min(END_OF_CONTIG, region.end + bases)
    return Interval(region.chrom, max(0, region.start - bases), end)


def lies_in(regions: Iterable[Interval], overlap: Overlap) -> Callable[[pysam.VariantRecord], bool]:
    """Return a function that tells whether a record lies in one of `regions`."""
    ends: dict[str, tuple[list[int], list[int]]] = {}
    for region in merged(regions):
        starts, stops = ends.setdefault(region.chrom, ([], []))
        starts.append(region.start)
        stops.append(region.end)

    def lies(record: pysam.VariantRecord) -> bool:
        start, end = reach(record, overlap)
        starts, stops = ends.get(record.contig, ([], []))
        at = bisect_left(starts, end) - 1  # the last region that begins before its end
        return at >= 0 and stops[at] > start

    return lies


def _alike(ref: str, alt: str) -> int:
    """Return how many letters REF and ALT begin with alike."""
    pairs = enumerate(zip(ref, alt, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(ref), len(alt)))
