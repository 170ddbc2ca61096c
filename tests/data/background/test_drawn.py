"""Background variants: they fit the genome, lie where they should, and have the spectrum told."""

from collections import Counter

import numpy as np
import pytest

from regplug.data.background.drawn import drawn, snv_weights
from regplug.data.background.ground import FLANK, drawn_blocks, known_stretches, within
from regplug.data.background.strata import Listed, Stratum, common_sets, counts, drawn_sets
from regplug.errors import GenomeError, VariantFileError
from regplug.genome.codes import encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.examined import examine
from regplug.scoring.kinds import KINDS, LONG, kind_by_lengths
from tests.toy_genomes import random_letters, vcf_text, write_fasta

HIDDEN = 2000  # unknown bases in the middle of c1


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    letters = random_letters(6000, seed=1)
    contigs = {
        "c1": letters[:2000] + "N" * HIDDEN + letters[2000:4000],
        "c2": letters[4000:].lower(),
        "empty": "N" * 900,
    }
    path = write_fasta(tmp_path_factory.mktemp("g") / "g.fa", contigs)
    with Genome(path) as made:
        yield made


def test_known_stretches_keep_away_from_unknown_bases(genome):
    assert known_stretches(genome) == [
        Interval("c1", 0, 2000 - FLANK),
        Interval("c1", 2000 + HIDDEN + FLANK, 6000),
        Interval("c2", 0, 2000),
    ]


def test_within_by_hand():
    stretches = [Interval("a", 0, 100), Interval("a", 200, 300), Interval("b", 0, 50)]
    regions = [Interval("a", 250, 400), Interval("a", 90, 210), Interval("c", 0, 9)]
    regions += [Interval("a", 95, 99), Interval("b", 10, 20)]
    assert within(stretches, regions) == [
        Interval("a", 90, 100),
        Interval("a", 200, 210),
        Interval("a", 250, 300),
        Interval("b", 10, 20),
    ]


def test_nothing_to_draw_from(genome):
    with pytest.raises(GenomeError, match="has no known bases there"):
        drawn_blocks(genome, [], np.random.default_rng(0))


def test_every_block_is_as_likely(genome, monkeypatch):
    monkeypatch.setattr("regplug.data.background.ground.MOST_BASES", 1000)
    monkeypatch.setattr("regplug.data.background.ground.BLOCK", 100)
    seen = Counter()
    for seed in range(300):
        stretches = [Interval("c2", 0, 2000)]
        blocks, codes = drawn_blocks(genome, stretches, np.random.default_rng(seed))
        assert [len(letters) for letters in codes] == [100] * len(blocks)
        assert 1000 <= sum(map(len, codes)) <= 1100
        seen.update(block.start for block in blocks)
    assert len(seen) == 20
    assert max(seen.values()) < 1.4 * min(seen.values())


@pytest.mark.parametrize("kind", KINDS)
def test_variants_fit_the_genome_and_are_of_their_kind(genome, kind):
    there = [Interval("c1", 0, 1500), Interval("c2", 0, 2000)]
    found = drawn(genome, there, kind, 200, np.random.default_rng(0))
    assert len(found) == 200
    for variant in found:
        examined = examine(variant, genome)
        assert examined.status is Status.OK
        lengths = len(examined.variant.ref), len(examined.variant.alt)
        assert kind_by_lengths(*lengths, junctions=kind in LONG) == kind
        assert any(
            variant.chrom == stretch.chrom and stretch.start <= variant.start < stretch.end
            for stretch in there
        )
    assert {variant.chrom for variant in found} == {"c1", "c2"}
    again = drawn(genome, there, kind, 200, np.random.default_rng(0))
    assert again == found
    assert drawn(genome, there, kind, 200, np.random.default_rng(1)) != found


def test_snv_weights_by_hand():
    """A transition weighs 1, a transversion of A 0.29 or 0.25; C>T of a lone CpG 12 times more."""
    letters = "A" * 300 + "CG" + "A" * 300
    weights = snv_weights(encode(letters))
    assert weights[0].tolist() == [0, 0.29, 1.0, 0.25]
    c, g = weights[300], weights[301]
    assert c.tolist() == pytest.approx([0.46, 0, 0.44, 1.3 * 12])
    assert g.tolist() == pytest.approx([1.3 * 12, 0.44, 0, 0.46])
    island = snv_weights(encode("CG" * 300))
    assert island[300].tolist() == pytest.approx([0.46, 0, 0.44, 1.3 * 1.5])
    assert snv_weights(encode("NNN")).tolist() == [[0] * 4] * 3


def test_snvs_have_the_spectrum_of_their_weights(genome):
    found = drawn(genome, [Interval("c2", 0, 2000)], "snv", 20_000, np.random.default_rng(0))
    weights = snv_weights(genome.codes(Interval("c2", 0, 2000)))
    wanted = weights.ravel() / weights.sum()
    at = [4 * v.start + "ACGT".index(v.alt) for v in found]
    share = np.bincount(at, minlength=len(wanted)) / len(found)
    assert np.corrcoef(share, wanted)[0, 1] > 0.9
    transitions = sum(v.ref + v.alt in ("AG", "GA", "CT", "TC") for v in found)
    assert transitions > 1.5 * (len(found) - transitions)


def test_half_of_the_deletions_are_of_repeats(genome):
    found = drawn(genome, [Interval("c2", 0, 2000)], "del_1", 2000, np.random.default_rng(0))
    same = [genome.letters(Interval("c2", v.pos, v.pos + 2)) for v in found]
    repeated = np.mean([pair[0] == pair[1] for pair in same])
    # Half at a base that is repeated; of the others, a quarter are by chance.
    assert repeated == pytest.approx(0.5 + 0.5 * 0.25, abs=0.05)


def test_sets_are_the_same_for_all_models(genome):
    strata = [Stratum("random"), Stratum("elements", [Interval("c2", 100, 200)])]
    lists = list(drawn_sets(genome, strata, 100))
    assert [(of.stratum, of.kind) for of in lists] == [
        (stratum, kind) for stratum in ("random", "elements") for kind in KINDS
    ]
    assert [len(of.variants) for of in lists] == [*counts(100).values()] * 2
    for of in lists[len(KINDS) :]:
        assert all(v.chrom == "c2" and 100 <= v.start < 200 for v in of.variants)
    digests = [of.digest for of in lists]
    assert len(set(digests)) == len(digests)
    assert [of.digest for of in drawn_sets(genome, strata, 100)] == digests
    assert [of.digest for of in drawn_sets(genome, strata[1:], 100)] == digests[len(KINDS) :]
    assert [of.digest for of in drawn_sets(genome, strata, 100, seed=1)] != digests


def test_counts():
    assert counts(5000) == {kind: 5000 if kind == "snv" else 1000 for kind in KINDS}
    assert counts(20_000)["del_6"] == 4000
    assert counts(300)["del_6"] == 300


def test_a_digest_by_hand():
    of = Listed("random", "snv", [Variant("c", 5, "A", "C"), Variant("c", 6, "A", "G")])
    import hashlib

    assert of.digest == hashlib.sha256(b"c:5:A:C\nc:6:A:G\n").hexdigest()[:16]


def test_common_variants(genome, tmp_path):
    letters = genome.letters(Interval("c2", 0, 2000))
    rows = []
    for pos in range(100, 400):
        ref = letters[pos - 1]
        rows.append(f"c2 {pos} . {ref} {'ACGT'['TGCA'.index(ref)]} . . .")
    rows.append(f"c2 500 . {letters[499:502]} {letters[499]} . . .")
    rows.append("c2 600 . N <DEL> . . .")
    (tmp_path / "v.vcf").write_text(vcf_text(rows, {"c2": letters}))
    found = {of.kind: of for of in common_sets(str(tmp_path / "v.vcf"), genome, 200)}
    assert {of.stratum for of in found.values()} == {"common"}
    assert len(found["snv"].variants) == 200
    assert len(found["del_2_5"].variants) == 1
    assert not found["ins_1"].variants
    (tmp_path / "none.vcf").write_text(vcf_text(rows[-1:], {"c2": letters}))
    with pytest.raises(VariantFileError, match="has no SNV that fits"):
        list(common_sets(str(tmp_path / "none.vcf"), genome, 200))
