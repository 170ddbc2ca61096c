"""Variant ─examine, encode_alleles→ Alleles: step 2 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes, decode, reverse_complement
from regplug.genome.codes import encode as encode_letters
from regplug.genome.edit import Edit, Edited
from regplug.genome.fasta import Reference
from regplug.genome.structural import BASES, edit_of, is_told
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.effects import second_is_larger
from regplug.scoring.junctions import Cut, junction_windows

MOST_N = 0.1  # share of a window's bases inside the contig that may be unknown


@dataclass(frozen=True)
class Examined:
    """An ALT after the checks that need no model.

    Attributes:
        variant: normalised where `status` is ok and it is of bases, else as it was.
        status: ok, or why no model can score it.
        edit: what a symbolic ALT or a breakend that is ok makes of its contig, normalised.
        centred: whether windows are laid on its middle, not on its ends.
    """

    variant: Variant
    status: Status
    edit: Edit | None = None
    centred: bool = False

    @property
    def interval(self) -> Interval:
        """Return the bases that REF covers, of a symbolic ALT all those that it replaces."""
        edit = self.edit
        return edit.interval if edit and edit.left and edit.right else self.variant.interval

    @property
    def lengths(self) -> tuple[int, int]:
        """Return the bases of REF and of ALT; of a breakend that joins two strands, the same."""
        if not self.edit:
            return len(self.variant.ref), len(self.variant.alt)
        ref = len(self.interval)
        return ref, ref + (self.edit.longer if self.edit.left and self.edit.right else 0)

    def is_short(self, window: int) -> bool:
        """Tell whether it is of bases, at most half a window: what tracks and maps can show."""
        return self.edit is None and max(self.lengths) <= window // 2


@dataclass(frozen=True)
class Alleles:
    """A batch of ALTs as a model reads them.

    Attributes:
        variants: the n ALTs, normalised where they can be scored.
        status: one per ALT; only those that are ok, or seen by their junctions, have rows.
        ref: codes, shape (rows, window): one row for an ALT as long as REF, else two, next to each
            other.
        alt: codes, shape (rows, window).
        owner: shape (rows,): the index of each row's ALT.
        lengths: the bases of REF and of ALT, n entries; none where nobody asks.
    """

    variants: list[Variant]
    status: list[Status]
    ref: Codes
    alt: Codes
    owner: NDArray[np.intp]
    lengths: Sequence[tuple[int, int]] = ()

    def mean(self, predictions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return means per ALT: (rows, targets) → (n, targets), NaN for an ALT without a row."""
        sums = np.zeros((len(self.variants), predictions.shape[1]), np.float32)
        np.add.at(sums, self.owner, predictions)
        rows = np.bincount(self.owner, minlength=len(self.variants)).astype(np.float32)
        with np.errstate(invalid="ignore"):
            return sums / rows[:, None]

    def joined(
        self, refs: NDArray[np.float32], alts: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the predictions for REF and ALT per ALT: (rows, targets) → (n, targets), twice.

        They are means over an ALT's rows. Of one that is seen by its junctions they are those of
        the junction with the larger |ALT - REF|, per target, the first if both have.
        """
        ref, alt = self.mean(refs), self.mean(alts)
        seen = [i for i, status in enumerate(self.status) if status is Status.JUNCTIONS]
        if seen:
            first, last = (np.searchsorted(self.owner, seen, side) for side in ("left", "right"))
            sides = [(refs[rows], alts[rows]) for rows in (first, last - 1)]
            larger = second_is_larger(*sides)
            ref[seen], alt[seen] = (
                np.where(larger, *pair) for pair in zip(sides[1], sides[0], strict=True)
            )
        return ref, alt


def column(window: int) -> int:
    """Return the variant's 0-based column in a window: the middle, left of it if `window` is even.

    So has Basset.
    """
    return (window - 1) // 2


def examine(variant: Variant, genome: Reference) -> Examined:
    """Return `variant` normalised, or why no model can score it.

    Raises:
        GenomeError: as `genome` raises.
    """
    status = _input_status(variant, genome)
    if status is not Status.OK:
        return Examined(variant, status)
    if not BASES.fullmatch(variant.alt):
        found = edit_of(variant, genome)
        if isinstance(found, Status):
            return Examined(variant, found)
        return Examined(variant, Status.OK, found)
    normalized = variant.normalized(genome)
    if _ambiguous(normalized):
        return Examined(variant, Status.AMBIGUOUS)
    return Examined(normalized, Status.OK)


def encode_alleles(
    examined: Sequence[Examined], genome: Reference, *, window: int, strand: str = "+"
) -> Alleles:
    """Return the alleles in windows of `window` bases, REF and ALT each with the genome's flanks.

    Equal lengths: the first base lies in `column(window)`. Length changes: once with the first base
    there (left flanks agree), once with the last base there (right flanks agree). What is centred
    has the middle base of the longer allele there instead, counted from the first base and from the
    last. Alleles of more than half a window are cut at their junctions, as `junction_windows` has
    it. On strand `-` the windows are reverse-complemented, and the variant lies in the same column
    of them.

    Raises:
        GenomeError: as `genome` raises.
    """
    before = column(window) if strand == "+" else window - 1 - column(window)
    status, refs, alts, owner = [], [], [], []
    for index, allele in enumerate(examined):
        reason, pairs = _windows(allele, genome, before, window)
        status.append(reason)
        for ref, alt in pairs:
            refs.append(ref if strand == "+" else reverse_complement(ref))
            alts.append(alt if strand == "+" else reverse_complement(alt))
            owner.append(index)
    empty = np.empty((0, window), np.uint8)
    return Alleles(
        [allele.variant for allele in examined],
        status,
        np.stack(refs) if refs else empty,
        np.stack(alts) if alts else empty,
        np.array(owner, np.intp),
        [allele.lengths for allele in examined],
    )


def enough_known(codes: Codes, start: int, length: int, window: int) -> NDArray[np.bool_]:
    """Return which windows in `codes` have enough known bases, shape (bases - window + 1,).

    That is, at most MOST_N of a window's bases are unknown; bases outside the contig do not count.

    Args:
        codes: shape (bases,).
        start: 0-based position of their first base.
        length: of the contig, in bases.
        window: in bases.
    """
    positions = np.arange(start, start + len(codes))
    inside = (positions >= 0) & (positions < length)
    if not ((codes == UNKNOWN) & inside).any():
        return np.ones(len(codes) - window + 1, np.bool_)
    unknown, within = (
        np.cumsum(np.r_[0, mask], dtype=np.int64) for mask in ((codes == UNKNOWN) & inside, inside)
    )
    enough: NDArray[np.bool_] = (unknown[window:] - unknown[:-window]) <= MOST_N * (
        within[window:] - within[:-window]
    )
    return enough


def _input_status(variant: Variant, genome: Reference) -> Status:
    alt = variant.alt
    if alt in (".", ""):
        return Status.MISSING
    if alt == "*":
        return Status.STAR
    of_bases = BASES.fullmatch(alt)
    if not of_bases and not is_told(variant):
        return Status.SYMBOLIC
    contig = genome.contig(variant.chrom)
    if contig is None:
        return Status.UNKNOWN_CONTIG
    if variant.start < 0 and not of_bases:  # a telomere
        return Status.BAD_SPAN
    if variant.start < 0 or variant.interval.end > genome.lengths[contig]:
        return Status.REF_MISMATCH
    there, ref = genome.codes(variant.interval), encode_letters(variant.ref)
    if not of_bases:  # callers write N beside <DEL>
        told = ref != UNKNOWN
        there, ref = there[told], ref[told]
    return Status.OK if there.tobytes() == ref.tobytes() else Status.REF_MISMATCH


def _ambiguous(variant: Variant) -> bool:
    """Tell whether a normalised ALT puts an unknown base there; its anchor may be one."""
    ref, alt = variant.ref, variant.alt
    if ref.startswith(alt) or ref.endswith(alt):  # nothing but bases are taken away
        return False
    put_in = alt.removeprefix(ref) if alt.startswith(ref) else alt.removesuffix(ref)
    return UNKNOWN in encode_letters(put_in)


def _windows(
    allele: Examined, genome: Reference, before: int, window: int
) -> tuple[Status, list[tuple[Codes, Codes]]]:
    """Return the status of one ALT for this window, and its (REF, ALT) rows."""
    if allele.status is not Status.OK:
        return allele.status, []
    most, edit = window // 2, allele.edit
    if most < 1:  # a window of one base shows no junction
        return Status.TOO_LONG, []
    variant = _written(edit, genome, most) if edit else allele.variant
    if variant is None or max(len(variant.ref), len(variant.alt)) > most:
        edit = edit or Edit.of(allele.variant).normalized(genome)
        return _at_junctions(edit, genome, before, window)
    ref, alt = encode_letters(variant.ref), encode_letters(variant.alt)
    middle = (max(len(ref), len(alt)) - 1) // 2 if allele.centred else 0
    first, last = before - middle, before + middle  # the columns of these bases
    starts = [variant.start - first, variant.interval.end - 1 - last]
    if len(ref) == len(alt):
        del starts[1]
    there = [genome.codes(Interval(variant.chrom, at, at + window)) for at in starts]
    if any(_mostly_n(of, variant.chrom, at, genome) for of, at in zip(there, starts, strict=True)):
        return Status.MOSTLY_N, []
    if len(ref) == len(alt):
        pair = there[0].copy(), there[0].copy()
        for codes, bases in zip(pair, (ref, alt), strict=True):
            codes[first : first + len(bases)] = bases
        return Status.OK, [pair]
    return Status.OK, [
        _with_first_base_in_column(variant, (ref, alt), genome, first, window),
        _with_last_base_in_column(variant, (ref, alt), genome, last, window),
    ]


def _written(edit: Edit, genome: Reference, most: int) -> Variant | None:
    """Return an edit as REF and ALT, normalised; None if it is not whole, or over `most` bases."""
    if not edit.is_whole or max(edit.end - edit.start, edit.end - edit.start + edit.longer) > most:
        return None
    alt, start, end = Edited(edit, genome), edit.interval.start, edit.interval.end
    ref, put = alt.ref(start, end), alt.codes(start, end + edit.longer)
    return Variant(edit.chrom, start + 1, decode(ref), decode(put)).normalized(genome)


def _at_junctions(
    edit: Edit, genome: Reference, before: int, window: int
) -> tuple[Status, list[tuple[Codes, Codes]]]:
    """Return the status of an edit, and its (REF, ALT) rows."""
    pairs = junction_windows(edit, genome, before, window)

    def is_known(cut: Cut) -> bool:
        return bool(enough_known(cut.codes, cut.start, cut.length, window)[0])

    if not all(is_known(cut) for pair in pairs for cut in pair):
        return Status.MOSTLY_N, []
    return Status.JUNCTIONS, [(ref.codes, alt.codes) for ref, alt in pairs]


def _with_first_base_in_column(
    variant: Variant, alleles: tuple[Codes, Codes], genome: Reference, before: int, window: int
) -> tuple[Codes, Codes]:
    """Return REF and ALT windows with the alleles' first base in column `before`."""
    longest = max(len(allele) for allele in alleles)
    start, end = variant.start, variant.interval.end
    left = genome.codes(Interval(variant.chrom, start - before, start))
    right = genome.codes(Interval(variant.chrom, end, end + window - before + longest))
    ref, alt = (np.concatenate([left, allele, right])[:window] for allele in alleles)
    return ref, alt


def _with_last_base_in_column(
    variant: Variant, alleles: tuple[Codes, Codes], genome: Reference, before: int, window: int
) -> tuple[Codes, Codes]:
    """Return REF and ALT windows with the alleles' last base in column `before`."""
    start, end = variant.start, variant.interval.end
    left = genome.codes(Interval(variant.chrom, start - before - 1, start))
    right = genome.codes(Interval(variant.chrom, end, end + window - before - 1))
    ref, alt = (np.concatenate([left, allele, right])[-window:] for allele in alleles)
    return ref, alt


def _mostly_n(codes: Codes, chrom: str, start: int, genome: Reference) -> bool:
    """Tell whether over a tenth of a window from `start` on is unknown, inside the contig."""
    inside = codes[max(0, -start) : genome.lengths[genome.contig(chrom) or ""] - start]
    return bool(np.count_nonzero(inside == UNKNOWN) > MOST_N * len(inside))
