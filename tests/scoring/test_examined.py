"""Many ALTs at once are what each is by itself."""

import numpy as np
import pytest

from regplug.genome.variant import Extent, Variant
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.examined import examine, examine_all
from tests.toy_genomes import random_letters

LETTERS = "NN" + random_letters(300, seed=9) + "N" * 30 + random_letters(60, seed=10).lower()
OTHER = random_letters(40, seed=11)
ALTS = (
    *("A", "C", "G", "T", "a", "N", "R", "U", ".", "*", "<CNV>", "<DEL>"),
    *("AC", "GATTACA", "G]c:90]", "ACGTTGCAAC"),
)


@pytest.fixture
def genome(genome_of):
    return genome_of(c=LETTERS, d=OTHER)


@pytest.fixture
def variants():
    """Return variants of all sorts, on two contigs and one that there is not, by turns."""
    rng = np.random.default_rng(1)
    contigs = {"c": LETTERS, "chrd": OTHER, "e": OTHER}
    found = []
    for number in range(1500):
        chrom = str(rng.choice(list(contigs), p=[0.8, 0.15, 0.05]))
        pos = int(rng.integers(0, len(contigs[chrom]) + 3))
        length = int(rng.choice([1, 1, 1, 1, 2, 6]))
        ref = contigs[chrom][max(0, pos - 1) : max(0, pos - 1) + length] or "A"
        ref = "ACGT"[number % 4] if number % 11 == 0 else ref
        alt = "ACGT"[number % 4] if number % 3 else str(rng.choice(ALTS))
        extent = Extent(end=pos + 30) if alt == "<DEL>" or number % 17 == 0 else None
        found.append(Variant(chrom, pos, ref, alt, extent))
    return found


def test_each_is_examined_as_by_itself(genome, variants):
    found = examine_all(variants, genome)
    assert found == [examine(variant, genome) for variant in variants]
    assert len({one.status for one in found}) > 6


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("window", [1, 2, 9, 40, 700])
def test_each_has_the_rows_that_it_has_by_itself(genome, variants, window, strand):
    examined = examine_all(variants, genome)
    found = encode_alleles(examined, genome, window=window, strand=strand)
    assert found.variants == [one.variant for one in examined]
    assert (np.diff(found.owner) >= 0).all()
    for at, one in enumerate(examined):
        alone = encode_alleles([one], genome, window=window, strand=strand)
        rows = found.owner == at
        assert np.array_equal(found.ref[rows], alone.ref)
        assert np.array_equal(found.alt[rows], alone.alt)
        assert [found.status[at]] == alone.status
        assert found.lengths[at] == alone.lengths[0]
    assert len({*found.status}) > 6


def test_nothing(genome):
    assert examine_all([], genome) == []
