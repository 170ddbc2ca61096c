"""Examined ─encode_alleles→ Alleles: step 2 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes, decode, reverse_complement
from regplug.genome.codes import encode as encode_letters
from regplug.genome.edit import Edit, Edited
from regplug.genome.fasta import Reference
from regplug.genome.variant import Interval, Status, Variant
from regplug.genome.windows import windows_of
from regplug.scoring.effects import second_is_larger
from regplug.scoring.examined import Examined, by_contig
from regplug.scoring.junctions import Cut, junction_windows

MOST_N = 0.1  # share of a window's bases inside the contig that may be unknown


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
    status = [allele.status for allele in examined]
    variants = [allele.variant for allele in examined]
    lengths = [allele.lengths for allele in examined]
    is_snv = [
        window > 1 and each == (1, 1) and allele.status is Status.OK and allele.edit is None
        for each, allele in zip(lengths, examined, strict=True)
    ]
    rows = [_Rows([], *np.empty((2, 0, window), np.uint8))]
    for chrom, places, starts in by_contig(variants, [at for at, snv in enumerate(is_snv) if snv]):
        there = windows_of(genome, chrom, starts - before, window)
        unknown = _mostly_n(there, starts - before, genome.lengths[genome.contig(chrom) or ""])
        for at in compress(places, unknown):
            status[at] = Status.MOSTLY_N
        known = list(compress(places, ~unknown))
        rows.append(_snv_rows(variants, known, there[~unknown] if unknown.any() else there, before))
    for at in [at for at, snv in enumerate(is_snv) if not snv]:
        status[at], pairs = _windows(examined[at], genome, before, window)
        rows += [_Rows([at], ref[None], alt[None]) for ref, alt in pairs]
    owner = np.array([at for part in rows for at in part.owner], np.intp)
    order = np.argsort(owner, kind="stable")
    ref = _in_order([part.ref for part in rows], order)
    alt = _in_order([part.alt for part in rows], order)
    if strand == "-":
        ref, alt = reverse_complement(ref), reverse_complement(alt)
    return Alleles(variants, status, ref, alt, owner[order], lengths)


class _Rows(NamedTuple):
    """Some rows of `Alleles`."""

    owner: list[int]
    ref: Codes
    alt: Codes


def _in_order(parts: Sequence[Codes], order: NDArray[np.intp]) -> Codes:
    """Return the rows of all parts in an order."""
    if sum(map(bool, map(len, parts))) == 1:  # it is in order
        return max(parts, key=len)
    return np.concatenate(parts)[order]


def _snv_rows(variants: Sequence[Variant], places: list[int], ref: Codes, before: int) -> _Rows:
    """Return the rows of the SNVs `places` among `variants`, of their windows in the genome."""
    ref[:, before] = encode_letters("".join([variants[at].ref for at in places]))
    alt = ref.copy()
    alt[:, before] = encode_letters("".join([variants[at].alt for at in places]))
    return _Rows(places, ref, alt)


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
    length = genome.lengths[genome.contig(variant.chrom) or ""]
    if _mostly_n(np.stack(there), np.array(starts), length).any():
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


def _mostly_n(codes: Codes, starts: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """Tell of which windows over a tenth of the bases inside the contig are unknown.

    Args:
        codes: of n windows, shape (n, window).
        starts: 0-based positions of their first bases, shape (n,).
        length: of the contig, in bases.
    """
    window = codes.shape[1]
    outside = np.maximum(0, -starts) + np.maximum(0, starts + window - length)
    unknown = (codes == UNKNOWN).sum(axis=1) if UNKNOWN in codes else outside
    mostly: NDArray[np.bool_] = unknown - outside > MOST_N * (window - outside)
    return mostly
