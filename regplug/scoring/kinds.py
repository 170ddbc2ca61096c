"""What kind of change an ALT is, and of what length: each kind has a background of its own."""

from functools import lru_cache

from regplug.genome.variant import Variant

SNV, MNV = "snv", "mnv"
INSERTIONS = ("ins_1", "ins_2_5", "ins_6")
DELETIONS = ("del_1", "del_2_5", "del_6")
LONG = ("ins_long", "del_long", "inv_long")  # more bases, fewer, as many
KINDS = (SNV, MNV, *INSERTIONS, *DELETIONS, *LONG)
_UP_TO = (1, 5)  # bases of the first classes of length; the last has no end


def kind_of(variant: Variant) -> str:
    """Return the kind of a normalised variant of bases, as `kind_by_lengths`."""
    return kind_by_lengths(len(variant.ref), len(variant.alt))


@lru_cache(1 << 10)
def kind_by_lengths(ref: int, alt: int, *, junctions: bool = False) -> str:
    """Return the kind of an ALT, of KINDS.

    SNV; MNV: 2 bases and more, as many as REF has; insertions and deletions by the bases that ALT
    has more, or less: 1, 2 to 5, 6 and more. What a model sees by its junctions is long.

    Args:
        ref: bases of REF, normalised.
        alt: bases of ALT.
        junctions: whether it is seen by its junctions.
    """
    longer = alt - ref
    if junctions:
        return LONG[0] if longer > 0 else LONG[1] if longer < 0 else LONG[2]
    if longer == 0:
        return SNV if ref == 1 else MNV
    classes = INSERTIONS if longer > 0 else DELETIONS
    return classes[sum(abs(longer) > most for most in _UP_TO)]
