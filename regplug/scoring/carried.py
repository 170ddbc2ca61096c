"""The ALTs that a sample carries: on which haplotype each sits, and which sit beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from regplug.genome.variant import Interval, Variant

HAPLOTYPES = (0, 1)  # of a sample; a genotype of one allele is of the first


class Phase(StrEnum):
    """On which haplotype an ALT was scored, or why on none."""

    PHASED = "phased"
    PARTIAL = "partial"
    OUTSIDE = "outside"
    UNPHASED = "unphased"
    NO_SEQUENCE = "no_sequence"
    CONFLICT = "conflict"
    ABSENT = "absent"
    NO_CALL = "no_call"


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    """An ALT that the sample has.

    Attributes:
        written: as its record has it.
        change: the same `trimmed`.
        place: all that its record spans.
        outside: whether its record is not among those that are written.
    """

    written: Variant
    change: Variant
    place: Interval
    outside: bool


@dataclass(frozen=True, slots=True)
class PhasedAlt:
    """Where an ALT sits, and what sits beside it.

    Attributes:
        phase: `phased`, or why it sits nowhere.
        change: the ALT, `trimmed`.
        beside: haplotype (0 or 1) on which it sits → the other ALTs on that.
        left_out: ALTs of the sample that could not be put on a haplotype.
        clusters: (window, haplotype) → the ALTs of the cluster that begins with this one.
        outside: whether what `clusters` has depends on ALTs that are not among those written.
    """

    phase: Phase
    change: Variant
    beside: Mapping[int, tuple[Carried, ...]] = field(default_factory=dict)
    left_out: tuple[Carried, ...] = ()
    clusters: Mapping[tuple[int, int], tuple[Carried, ...]] = field(default_factory=dict)
    outside: bool = False
