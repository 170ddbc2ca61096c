"""Variant ─examine→ Examined: the checks of an ALT that need no model (step 2, see `alleles`).

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, encode
from regplug.genome.edit import Edit
from regplug.genome.fasta import Reference
from regplug.genome.structural import BASES, edit_of, is_told
from regplug.genome.variant import Interval, Status, Variant
from regplug.genome.windows import windows_of

_BASES = frozenset("ACGT")


class Examined(msgspec.Struct, frozen=True, gc=False):
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


def examine_all(variants: Sequence[Variant], genome: Reference) -> list[Examined]:
    """Return each ALT as `examine` does; the REFs of SNVs are compared together.

    Raises:
        GenomeError: as `genome` raises.
    """
    found: list[Examined | None] = [None] * len(variants)
    snvs = [
        at
        for at, one in enumerate(variants)
        if one.ref in _BASES and one.alt in _BASES and one.extent is None
    ]
    for chrom, places, starts in by_contig(variants, snvs):
        if genome.contig(chrom) is not None:
            there = windows_of(genome, chrom, starts, 1)[:, 0]
            refs = encode("".join([variants[at].ref for at in places]))
            for at, same in zip(places, (there == refs).tolist(), strict=True):
                found[at] = Examined(variants[at], Status.OK if same else Status.REF_MISMATCH)
    return [one or examine(variants[at], genome) for at, one in enumerate(found)]


def by_contig(
    variants: Sequence[Variant], places: list[int]
) -> Iterator[tuple[str, list[int], NDArray[np.int64]]]:
    """Yield a contig, which of the `places` in a row are on it, and the 0-based starts of these."""
    behind = 0
    for chrom, group in groupby([variants[at].chrom for at in places]):
        first, behind = behind, behind + len(list(group))
        there = places[first:behind]
        yield chrom, there, np.array([variants[at].pos for at in there], np.int64) - 1


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
    there, ref = genome.codes(variant.interval), encode(variant.ref)
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
    return UNKNOWN in encode(put_in)
