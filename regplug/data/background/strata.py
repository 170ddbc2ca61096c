"""A genome, regions, genes, a VCF ─drawn_sets→ numbered lists of variants, per stratum and kind.

The lists follow from the genome's bases, the regions and the seed alone, so that all models are
measured on the same variants.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from regplug.data.background.drawn import LONG_LENGTHS, drawn
from regplug.data.background.ground import known_stretches, within
from regplug.errors import VariantFileError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.examined import examine
from regplug.scoring.kinds import KINDS, SNV, kind_by_lengths
from regplug.vcf.records import VariantReader, variants_of

RANDOM, COMMON, ELEMENTS, PROMOTERS = "random", "common", "elements", "promoters"
SHARE = 5  # times as many SNVs as variants of any other kind
LEAST = 1000  # variants of a kind, so that a Q of 0.001 can be reached
MOST_READ = 2_000_000  # variants of a VCF that are held in memory


class Stratum(NamedTuple):
    """Where variants lie: `regions` of a genome, or anywhere where there are none."""

    name: str
    regions: Sequence[Interval] = ()


class Listed(NamedTuple):
    """A numbered list of variants of one stratum and kind."""

    stratum: str
    kind: str
    variants: list[Variant]

    @property
    def digest(self) -> str:
        """Return the first 16 digits of the sha256 of its lines CHROM:POS:REF:ALT."""
        lines = "".join(f"{v.chrom}:{v.pos}:{v.ref}:{v.alt}\n" for v in self.variants)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]


def counts(snvs: int) -> dict[str, int]:
    """Return how many variants of each kind are drawn, for so many SNVs."""
    others = max(snvs // SHARE, min(snvs, LEAST))
    return {kind: snvs if kind == SNV else others for kind in KINDS}


def drawn_sets(
    genome: Genome, strata: Sequence[Stratum], snvs: int, *, seed: int = 0
) -> Iterator[Listed]:
    """Yield the lists of each stratum, SNVs first.

    Args:
        genome: that variants are drawn from.
        strata: where.
        snvs: how many SNVs in each; of the other kinds there are fewer (`counts`).
        seed: of the draws.

    Raises:
        GenomeError: a stratum holds no known bases.
    """
    stretches = known_stretches(genome) if strata else []
    for stratum in strata:
        there = within(stretches, stratum.regions) if stratum.regions else stretches
        for number, (kind, count) in enumerate(counts(snvs).items()):
            name = int.from_bytes(stratum.name.encode(), "big") % 2**32
            rng = np.random.default_rng([seed, name, number])
            yield Listed(stratum.name, kind, drawn(genome, there, kind, count, rng))


def common_sets(vcf: str, genome: Genome, snvs: int, *, seed: int = 0) -> Iterator[Listed]:
    """Yield lists of a VCF's variants, as many of each kind as `counts` says, or all there are.

    Variants that do not fit the genome are left out.

    Raises:
        VariantFileError: the VCF cannot be read, or is of no such variants.
    """
    by_kind: dict[str, list[Variant]] = defaultdict(list)
    read = 0
    with closing(VariantReader(vcf)) as reader:
        for record in reader:
            for variant in variants_of(record):
                examined = examine(variant, genome)
                of_bases = examined.status is Status.OK and examined.edit is None
                if of_bases and read < MOST_READ:
                    lengths = examined.lengths
                    kind = kind_by_lengths(*lengths, junctions=max(lengths) > LONG_LENGTHS[0])
                    by_kind[kind].append(examined.variant)
                    read += 1
    if not by_kind[SNV]:
        raise VariantFileError(f"{vcf} has no SNV that fits {genome.path}: give common variants")
    for number, (kind, count) in enumerate(counts(snvs).items()):
        found, rng = by_kind[kind], np.random.default_rng([seed, number])
        taken = np.sort(rng.permutation(len(found))[:count])
        yield Listed(COMMON, kind, [found[index] for index in taken])
