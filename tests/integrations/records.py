"""What an annotated VCF holds, as pysam reads it: the truth that others are compared with."""

from pathlib import Path

import pysam


def values(path: Path, tag: str) -> dict[tuple[str, int, str, str], object]:
    """Return (CHROM, POS, REF, ALT) → the tag's value, or None, of each ALT."""
    found = {}
    with pysam.VariantFile(str(path)) as records:
        for record in records:
            alts = record.alts or ()
            of = record.info.get(tag, (None,) * len(alts))
            for alt, value in zip(alts, of, strict=True):
                found[record.contig, record.pos, record.ref, alt] = value
    assert any(value is not None for value in found.values()), tag
    return found


def rare(path: Path, cut: float = 0.05) -> list[str]:
    """Return the IDs of the records of which an ALT has RP_Q below `cut`, in order."""
    with pysam.VariantFile(str(path)) as records:
        found = [(record.id, record.info.get("RP_Q", ())) for record in records]
    names = [name for name, qs in found if any(q is not None and q < cut for q in qs)]
    assert 0 < len(names) < len(found)
    return names
