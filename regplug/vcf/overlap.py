"""What of a record must overlap a region, for the record to lie in it."""

from typing import Literal

import pysam

Overlap = Literal["pos", "record", "variant"]


def reach(record: pysam.VariantRecord, overlap: Overlap) -> tuple[int, int]:
    """Return the bases of a record that must overlap a region, 0-based and half-open.

    `pos`: its POS; `record`: all of REF, or up to END; `variant`: the same without the bases that
    begin REF and all ALTs alike, such as the anchor of a deletion.
    Source: bcftools(1), --regions-overlap.
    """
    if overlap == "pos":
        return record.start, record.start + 1
    if overlap == "record" or not record.alts:
        return record.start, record.stop
    shared = min(_alike(record.ref or "", alt) for alt in record.alts)
    return min(record.start + shared, record.stop), record.stop


def _alike(ref: str, alt: str) -> int:
    """Return how many letters REF and ALT begin with alike."""
    pairs = enumerate(zip(ref, alt, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(ref), len(alt)))
