"""What a sample has at a record: GT and PS, ALT by ALT."""

from collections.abc import Hashable
from typing import NamedTuple

import pysam

from regplug.errors import VariantFileError
from regplug.scoring.carried import HAPLOTYPES, Phase


class Seat(NamedTuple):
    """Where a sample has an ALT.

    Attributes:
        phase: `phased`, or why its haplotype is not known.
        haplotypes: on which it sits, 0 or 1; none if it is not phased.
        phase_set: within which these numbers hold; None is one too.
        everywhere: whether all of the sample's haplotypes have it, so that any set will do.
    """

    phase: Phase
    haplotypes: tuple[int, ...] = ()
    phase_set: Hashable = None
    everywhere: bool = False


def seats(record: pysam.VariantRecord, sample: str) -> list[Seat]:
    """Return a Seat for each ALT of a record.

    Two equal alleles need no phase. Phased genotypes without a PS are of one set (VCF 4.3, section
    1.6.2).

    Raises:
        VariantFileError: the genotype has more than two alleles.
    """
    call = record.samples[sample]
    alleles: tuple[int | None, ...] = call.allele_indices or ()
    if len(alleles) > len(HAPLOTYPES):
        raise VariantFileError(
            f"{record.contig}:{record.pos}: {sample} has {len(alleles)} alleles, and haplotypes "
            "are of samples with one or two: leave --phased out"
        )
    phase_set = call.get("PS")
    phase_set = None if phase_set in (".", (None,)) else phase_set
    return [
        _seat(alleles, number, phase_set, is_phased=call.phased)
        for number in range(1, len(record.alts or (".",)) + 1)
    ]


def _seat(
    alleles: tuple[int | None, ...], number: int, phase_set: Hashable, *, is_phased: bool
) -> Seat:
    if number not in alleles:
        return Seat(Phase.NO_CALL if None in alleles or not alleles else Phase.ABSENT)
    haplotypes = tuple(at for at, allele in enumerate(alleles) if allele == number)
    everywhere = len(haplotypes) == len(alleles)
    if not (everywhere or is_phased):
        return Seat(Phase.UNPHASED)
    return Seat(Phase.PHASED, haplotypes, phase_set, everywhere)


def sample_of(header: pysam.VariantHeader, path: str, asked: str) -> str:
    """Return the sample whose haplotypes are meant: the one that is asked for, or the only one.

    Raises:
        VariantFileError: there is no such sample, none at all, several, or there are no genotypes.
    """
    names = list(header.samples)
    some = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    if not names:
        raise VariantFileError(f"{path} has no samples, and so no haplotypes (--phased)")
    if asked and asked not in names:
        raise VariantFileError(f"{path} has no sample {asked}: it has {some}")
    if not asked and len(names) > 1:
        raise VariantFileError(
            f"{path} has {len(names)} samples ({some}): say whose haplotypes (--sample NAME)"
        )
    if "GT" not in header.formats:
        raise VariantFileError(f"{path} has no genotypes (FORMAT/GT), and so no haplotypes")
    return asked or names[0]
