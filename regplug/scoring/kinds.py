"""What kind of change an ALT is, and of what length: each kind has a background of its own."""

from regplug.genome.variant import Variant

SNV, MNV = "snv", "mnv"
INSERTIONS = ("ins_1", "ins_2_5", "ins_6")
DELETIONS = ("del_1", "del_2_5", "del_6")
KINDS = (SNV, MNV, *INSERTIONS, *DELETIONS)
_UP_TO = (1, 5)  # bases of the first classes of length; the last has no end


def kind_of(variant: Variant) -> str:
    """Return the kind of a normalised variant, of KINDS.

    SNV; MNV: 2 bases and more, as many as REF has; insertions and deletions by the bases that ALT
    has more, or less: 1, 2 to 5, 6 and more.
    """
    longer = len(variant.alt) - len(variant.ref)
    if longer == 0:
        return SNV if len(variant.ref) == 1 else MNV
    classes = INSERTIONS if longer > 0 else DELETIONS
    return classes[sum(abs(longer) > most for most in _UP_TO)]
