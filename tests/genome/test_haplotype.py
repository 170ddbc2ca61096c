"""A haplotype reads as the genome's letters with ALT put in by hand."""

import random

import pytest

from regplug.genome.haplotype import Haplotype
from regplug.genome.variant import Interval, Variant
from tests.toy_genomes import random_letters


@pytest.mark.parametrize("seed", range(20))
def test_letters_are_those_of_the_edited_sequence(genome_of, seed):
    dice, letters = random.Random(seed), random_letters(40, seed)
    genome = genome_of(chr1=letters, chr2="ACGT")
    start = dice.randrange(40)
    ref = letters[start : start + dice.randrange(1, 6)]
    alt = random_letters(dice.randrange(1, 6), seed + 100)
    haplotype = Haplotype(genome, Variant("1", start + 1, ref, alt))
    edited = letters[:start] + alt + letters[start + len(ref) :]
    assert haplotype.lengths == {"chr1": len(edited), "chr2": 4}
    padded = "N" * 10 + edited + "N" * 10
    for low in range(-10, len(edited) + 10):
        for high in range(low, len(edited) + 10):
            assert haplotype.letters(Interval("chr1", low, high)) == padded[low + 10 : high + 10]
    assert haplotype.letters(Interval("2", -1, 5)) == "NACGTN"
