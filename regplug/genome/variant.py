"""A variant (1-based, as in a VCF), an interval (0-based), and what can be wrong with an ALT."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec


class Status(StrEnum):
    """Why an ALT has a score, or has none."""

    OK = "ok"
    JUNCTIONS = "junctions"
    SYMBOLIC = "symbolic"
    IMPRECISE = "imprecise"
    BAD_SPAN = "bad_span"
    STAR = "star"
    MISSING = "missing"
    REF_MISMATCH = "ref_mismatch"
    UNKNOWN_CONTIG = "unknown_contig"
    AMBIGUOUS = "ambiguous"
    TOO_LONG = "too_long"
    MOSTLY_N = "mostly_n"
    NO_TRANSCRIPT = "no_transcript"

    @property
    def has_score(self) -> bool:
        """Tell whether an ALT of this status has a score."""
        return self in (Status.OK, Status.JUNCTIONS)


class Interval(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a contig; `start` is 0-based, `end` exclusive."""

    chrom: str
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1}-{self.end}"


class Bases(Protocol):
    """What the letters of an interval are read from: a genome."""

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N outside the contig."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What INFO tells of an ALT that is no sequence: a symbolic allele or a breakend.

    Attributes:
        end: of the last base that is deleted, duplicated or inverted, 1-based.
        length: bases that are deleted, duplicated, inverted or put in.
        inserted: letters that are put in.
        first: those that are put in first, where not all are known.
        last: those that are put in last.
        slack: by how many bases the place is said to be unsure; None: unsure without a number.
    """

    end: int | None = None
    length: int | None = None
    inserted: str = ""
    first: str = ""
    last: str = ""
    slack: int | None = 0


class Variant(msgspec.Struct, frozen=True, gc=False):
    """One REF and one ALT; `pos` is 1-based as in a VCF.

    `extent` is for an ALT that is no sequence, and tells how far it goes.
    """

    chrom: str
    pos: int
    ref: str
    alt: str
    extent: Extent | None = None

    @property
    def start(self) -> int:
        """Return the 0-based position of REF's first base."""
        return self.pos - 1

    @property
    def interval(self) -> Interval:
        """Return the interval that REF covers."""
        return Interval(self.chrom, self.start, self.start + len(self.ref))

    def __str__(self) -> str:
        return f"{self.chrom}:{self.pos} {self.ref}>{self.alt}"

    def normalized(self, genome: Bases) -> "Variant":
        """Return the same allele trimmed and left-aligned, in upper case.

        Insertions and deletions keep one anchor base, as in a VCF; at the first base of a contig
        the anchor is the base behind (VCF 4.3, section 1.6.1). Letters that stand for several
        bases become N, and N equals N, so that all writings of an allele give one.

        Source: Tan, Abecasis and Kang 2015, "Unified representation of genetic variants".

        Raises:
            GenomeError: as `genome` raises.
        """
        start, ref, alt = self.start, _plain(self.ref), _plain(self.alt)
        if ref == alt or len(ref) == len(alt) == 1:
            return Variant(self.chrom, self.pos, ref[:1], alt[:1])
        same = min(_alike(ref[::-1], alt[::-1]), len(ref) - 1, len(alt) - 1)
        ref, alt = ref[: len(ref) - same], alt[: len(alt) - same]
        left = _Left(genome, self.chrom)
        while ref[-1:] == alt[-1:] and (min(len(ref), len(alt)) > 1 or start > 0):
            if min(len(ref), len(alt)) == 1:
                if set(ref + alt) == {"N"}:  # millions of bases may be unknown: one step
                    start -= left.unknown(start)
                    if start == 0:
                        break
                base = left.base(start - 1)
                start, ref, alt = start - 1, base + ref, base + alt
            ref, alt = ref[:-1], alt[:-1]
        same = min(_alike(ref, alt), len(ref) - 1, len(alt) - 1)
        return Variant(self.chrom, start + same + 1, ref[same:], alt[same:])


def _alike(one: str, other: str) -> int:
    """Return with how many letters both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


_PLAIN = str.maketrans("URYSWKMBDHV", "TNNNNNNNNNN")


def _plain(letters: str) -> str:
    """Return the letters in upper case, U as T, and N for one that stands for several bases."""
    return letters.upper().translate(_PLAIN)


class _Left:
    """Reads bases from right to left; BLOCK of them are fetched together, for speed."""

    BLOCK, LONG = 128, 1 << 16

    def __init__(self, genome: Bases, chrom: str) -> None:
        self.genome, self.chrom = genome, chrom
        self.first, self.letters = 0, ""

    def base(self, at: int) -> str:
        """Return the base at 0-based `at`."""
        if not self.first <= at < self.first + len(self.letters):
            self.first = max(0, at + 1 - self.BLOCK)
            self.letters = self.genome.letters(Interval(self.chrom, self.first, at + 1))
        return self.letters[at - self.first]

    def unknown(self, end: int) -> int:
        """Return how many unknown bases, all in one run, lie before 0-based `end`."""
        first = end
        while first > 0:
            block = self.genome.letters(Interval(self.chrom, max(0, first - self.LONG), first))
            known = len(block.rstrip("N"))
            first -= len(block) - known
            if known:
                break
        return end - first
