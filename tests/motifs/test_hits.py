"""Known motifs at a variant, against all sequences that a short motif can meet."""

from itertools import product

import numpy as np
import pytest

from regplug.genome.codes import encode
from regplug.genome.variant import Variant
from regplug.motifs.hits import Hit, best, find_hits, is_named
from regplug.motifs.motif import Motif
from tests.toy_genomes import random_letters


def word(letters, name="M1.2", also=""):
    return Motif(name, np.eye(4)[encode(letters)] * 0.96 + 0.01, also=also)


def hit(p, name, also=""):
    return Hit(word("A", name, also), 0.0, 1.0, p, p, p, "alt", 0, "+")


def test_names():
    motif = word("ACG", "MA0062.4", "Gabpa")
    for name in ("GABPA", "MA0062.4", "ma0062"):
        assert is_named(motif, ["x", name])
    assert not is_named(motif, ["MA006"])
    assert not is_named(motif, [])


def test_the_target_s_own_motif_comes_first():
    """0.04 alone is significant; among 20 with p = 0.5 it is not, and 0.0001 is."""
    rest = [hit(0.5, f"M{i}")._replace(q=0.5) for i in range(20)]
    own = hit(0.04, "MA0001.1", "REST")._replace(q=0.4)
    other = hit(0.0001, "MA0002.1", "SP1")._replace(q=0.0022)
    assert best([other, own, *rest], ["REST"])._replace(q=0) == own._replace(q=0)
    assert best([other, own, *rest], ["REST"]).q == 0.04
    assert best([other, own, *rest], ["CTCF"]) == other
    assert best([own, *rest], ["CTCF"]) is None
    assert best([], ["CTCF"]) is None


@pytest.mark.parametrize("strand", "+-")
def test_scores_and_p_values_are_those_of_all_sequences(genome_of, strand):
    """Five bases have 1,024 sequences; FIMO adds 1e-4 to each frequency, and bins scores by 0.1."""
    motif = word("GATTC" if strand == "+" else "GAATC", also="toy")
    letters = "ACACACAC" + "GATGC" + "ACACACAC"
    genome = genome_of(c=letters)
    (found,) = find_hits(genome, Variant("c", 12, "G", "T"), [motif])
    high, low = np.log2((np.array([0.97, 0.01]) + 1e-4) / 0.25)
    assert found.alt == pytest.approx(5 * high, abs=0.01)
    assert found.ref == pytest.approx(4 * high + low, abs=0.01)
    assert (found.allele, found.start, found.strand) == ("alt", -3, strand)
    scores = [sum(high if good else low for good in one) for one in product([1, 0, 0, 0], repeat=5)]
    share = np.mean(np.array(scores) >= found.alt - 0.05)
    assert share == 1 / 1024
    assert found.p_placement == pytest.approx(share)
    assert found.p == pytest.approx(share * 2 * 5 * 2)  # strands, placements, alleles
    assert found.q == found.p


def test_insertions_deletions_and_contig_ends(genome_of):
    genome = genome_of(c="TTT" + "GATAAGC" + random_letters(40, 3, "CT"))
    motif, silent = word("GATAAGC"), Motif("none", np.empty((0, 4)))
    deletion = Variant("c", 5, "AT", "A")
    (found,) = find_hits(genome, deletion, [motif, silent])
    assert (found.allele, found.start, found.strand) == ("ref", -1, "+")
    assert found.ref > found.alt + 5
    (found,) = find_hits(genome, Variant("c", 20, "C", "CGATAAGC"), [motif])
    assert (found.allele, found.start) == ("alt", 1)
    assert find_hits(genome, deletion, [silent]) == []


def test_unknown_bases_are_no_match(genome_of):
    """FIMO gives them 0 bits, which is much for a motif that most sequences are far from."""
    motif, genome = word("GCGCGC"), genome_of(c="ACAC" + "TA" * 10 + "N" * 9 + "TATATA")
    assert find_hits(genome, Variant("c", 2, "C", "CNNNNNNNN"), [motif]) == []
    assert [hit.start for hit in find_hits(genome, Variant("c", 2, "C", "CGC"), [motif])] == [-1]
    assert find_hits(genome, Variant("c", 25, "N", "A"), [motif]) == []


def test_random_variants_are_seldom_given_a_motif(genome_of):
    """40 random motifs at 60 random SNVs: q < 0.05 by chance in about one of 20 at most."""
    random = np.random.default_rng(0)
    motifs = [
        Motif(str(i), random.dirichlet([0.1] * 4, size=random.integers(6, 16))) for i in range(40)
    ]
    letters = random_letters(4000, seed=9)
    genome, found = genome_of(c=letters), 0
    for pos in range(50, 3950, 65):
        alt = "ACGT"[("ACGT".index(letters[pos - 1]) + 1) % 4]
        hits = find_hits(genome, Variant("c", pos, letters[pos - 1], alt), motifs)
        found += best(hits, []) is not None
    assert found <= 8  # 60 at 0.05 would exceed this once in 400 times
