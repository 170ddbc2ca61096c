"""A contig with a stretch replaced, of any length: Edit, read like a genome where it differs.

What stands in the genome is not held: a deletion of a million bases is two numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from regplug.genome.codes import UNKNOWN, Codes, encode, reverse_complement
from regplug.genome.fasta import Reference
from regplug.genome.variant import Interval, Variant

_FIRST_BLOCK, _LAST_BLOCK = 1 << 8, 1 << 16  # bases that are compared together


@dataclass(frozen=True, slots=True)
class Letters:
    """Bases that are put in."""

    text: str

    def __len__(self) -> int:
        return len(self.text)

    def part(self, start: int, end: int) -> "Letters":
        """Return the bases from `start` to `end` of it, 0-based."""
        return Letters(self.text[start:end])

    def codes(self, genome: Reference, chrom: str) -> Codes:
        """Return the codes, shape (len(self),)."""
        return encode(self.text)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bases of the contig, 0-based and half-open; unknown outside it. `reverse`: other strand."""

    start: int
    end: int
    reverse: bool = False

    def __len__(self) -> int:
        return self.end - self.start

    def part(self, start: int, end: int) -> "Stretch":
        """Return the bases from `start` to `end` as they read here, 0-based."""
        if self.reverse:
            return Stretch(self.end - end, self.end - start, reverse=True)
        return Stretch(self.start + start, self.start + end)

    def codes(self, genome: Reference, chrom: str) -> Codes:
        """Return the codes, shape (len(self),)."""
        codes = genome.codes(Interval(chrom, self.start, self.end))
        return reverse_complement(codes) if self.reverse else codes


Piece = Letters | Stretch


@dataclass(frozen=True, slots=True)
class Edit:
    """What an ALT makes of its contig: `put` stands in place of [start, end), 0-based.

    Attributes:
        chrom: the contig.
        start: first base that is replaced.
        end: the base behind the last one.
        put: what stands there, from left to right.
        left: whether the contig goes on as before on the left; of a lone breakend it is not known.
        right: the same on the right.
        reach: first base of the contig that differs, read from the left; `start` or more.
        slack: over how many bases it can be moved, and is the same.
    """

    chrom: str
    start: int
    end: int
    put: tuple[Piece, ...]
    left: bool = True
    right: bool = True
    reach: int = -1
    slack: int = 0

    @classmethod
    def of(cls, variant: Variant) -> "Edit":
        """Return the edit that an ALT of bases makes."""
        return cls(variant.chrom, variant.start, variant.interval.end, (Letters(variant.alt),))

    @property
    def longer(self) -> int:
        """Return by how many bases it makes the contig longer; below 0 for a deletion."""
        return sum(map(len, self.put)) - (self.end - self.start)

    @property
    def is_whole(self) -> bool:
        """Tell whether all that it makes of the contig is told: both sides, and what is put in."""
        told = all(isinstance(piece, Letters) or piece.start >= 0 for piece in self.put)
        return self.left and self.right and told

    @property
    def interval(self) -> Interval:
        """Return the bases that REF has in a VCF: those replaced, and an anchor where it needs one.

        That is the base before them, and at the first base of the contig the one behind.
        """
        if min(self.end - self.start, self.end - self.start + self.longer) > 0:
            return Interval(self.chrom, self.start, self.end)
        start = max(0, self.start - 1)
        return Interval(self.chrom, start, self.end + (self.start == 0))

    def normalized(self, genome: Reference) -> "Edit":
        """Return the same edit without bases that stay, and moved to the left as far as it goes.

        Its reach and slack are then known. Unknown bases are equal, as to `Variant.normalized`.

        Raises:
            GenomeError: as `genome` raises.
        """
        alt, longer = Edited(self, genome), self.longer
        shorter, tail, reach = min(alt.ref_length, alt.length), 0, self.start
        inside = self.end - self.start
        if self.left:
            most = inside if longer == 0 else shorter - self.start
            reach += _alike(alt.ref, alt.codes, self.start, self.start, most, step=1)
        if self.right:
            most = inside if longer == 0 else min(self.end, self.end + longer)
            tail = _alike(alt.ref, alt.codes, self.end, self.end + longer, most, step=-1)
        end = self.end - tail
        start = min(reach, end, end + longer) if self.left else self.start
        put = tuple(_cut(alt.pieces, start, end + longer))
        slack = reach - self.start + tail
        return replace(self, start=start, end=end, put=put, reach=reach, slack=slack)


class Edited:
    """The contig of an edit, with it and without.

    Attributes:
        pieces: the whole contig with the edit.
        length: of it, in bases.
        ref_length: of the contig in the genome.
    """

    def __init__(self, edit: Edit, genome: Reference) -> None:
        """Read `genome`, which has the contig."""
        self._chrom, self._genome = edit.chrom, genome
        self.ref_length = genome.lengths[genome.contig(edit.chrom) or ""]
        self.pieces = (Stretch(0, edit.start), *edit.put, Stretch(edit.end, self.ref_length))
        self.length = sum(map(len, self.pieces))

    def ref(self, start: int, end: int) -> Codes:
        """Return the genome's codes, shape (end - start,); 4 outside the contig."""
        return self._genome.codes(Interval(self._chrom, start, end))

    def codes(self, start: int, end: int) -> Codes:
        """Return those of the contig with the edit, at its own 0-based positions."""
        low, high = max(0, start), min(end, self.length)
        if low >= high:
            return np.full(end - start, UNKNOWN, np.uint8)
        parts = [piece.codes(self._genome, self._chrom) for piece in _cut(self.pieces, low, high)]
        return np.pad(np.concatenate(parts), (low - start, end - high), constant_values=UNKNOWN)


def _cut(pieces: tuple[Piece, ...], start: int, end: int) -> Iterator[Piece]:
    """Yield the pieces of the bases from `start` to `end`, counted along all pieces."""
    at = 0
    for piece in pieces:
        low, high = max(start - at, 0), min(end - at, len(piece))
        if low < high:
            yield piece.part(low, high)
        at += len(piece)


def _alike(
    ref: Callable[[int, int], Codes],
    alt: Callable[[int, int], Codes],
    ref_at: int,
    alt_at: int,
    most: int,
    *,
    step: int,
) -> int:
    """Return how many bases are alike from there on, read to the right, or with `step` -1 left.

    It ends in a long run of unknown bases: whatever window lies there holds too many of them.
    """
    done, size = 0, _FIRST_BLOCK
    while done < most:
        size = min(size, most - done)
        ends = (done, done + size) if step > 0 else (-done - size, -done)
        ours, theirs = (
            read(at + ends[0], at + ends[1])[::step] for read, at in ((ref, ref_at), (alt, alt_at))
        )
        apart = np.flatnonzero(ours != theirs)
        if len(apart):
            return done + int(apart[0])
        done += size
        if size == _LAST_BLOCK and (ours == UNKNOWN).all():
            break
        size = min(4 * size, _LAST_BLOCK)
    return done
