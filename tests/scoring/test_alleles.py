from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regplug.genome.codes import decode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import Alleles, column, encode_alleles
from regplug.scoring.examined import examine
from tests.genome.test_variant import apply, genome_and_variant
from tests.toy_genomes import random_letters, write_fasta

IN_FOLDER = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def windows(genome: Genome, *variants: Variant, window: int, strand: str = "+") -> Alleles:
    return encode_alleles(
        [examine(v, genome) for v in variants], genome, window=window, strand=strand
    )


def rows(codes) -> list[str]:
    return [decode(row) for row in codes]


def status_of(genome: Genome, variant: Variant, window: int = 11) -> Status:
    alleles = windows(genome, variant, window=window)
    assert (len(alleles.owner) > 0) == alleles.status[0].has_score
    return alleles.status[0]


@pytest.fixture
def written(tmp_path):
    """Return a maker of a genome of one contig, c, each in a file of its own."""
    made = []

    def make(letters: str) -> Genome:
        made.append(Genome(write_fasta(tmp_path / f"{len(made)}.fa", {"c": letters})))
        return made[-1]

    yield make
    for genome in made:
        genome.close()


def test_column_by_hand():
    assert [column(window) for window in (1, 2, 3, 4, 101, 600)] == [0, 0, 1, 1, 50, 299]


#            1234567890123456
LETTERS = "AACCGGTTACGTCATG"


@pytest.mark.parametrize(
    ("window", "ref", "alt"),
    [(5, "CGGTT", "CGATT"), (6, "CGGTTA", "CGATTA"), (1, "G", "A"), (2, "GT", "AT")],
)
def test_an_snv_lies_in_the_column(genome_of, window, ref, alt):
    variant = Variant("c", 6, "G", "A")
    genome = genome_of(c=LETTERS)
    # a window of 1 or 2 holds no allele of one base: it is over window // 2
    if window // 2 < 1:
        assert status_of(genome, variant, window) is Status.TOO_LONG
        return
    alleles = windows(genome, variant, window=window)
    assert (rows(alleles.ref), rows(alleles.alt)) == ([ref], [alt])
    assert alleles.alt[0, column(window)] == 0


def test_an_mnv_begins_in_the_column(genome_of):
    alleles = windows(genome_of(c=LETTERS), Variant("c", 6, "GTT", "CAA"), window=7)
    assert (rows(alleles.ref), rows(alleles.alt)) == (["CCGGTTA"], ["CCGCAAA"])


def test_an_insertion_is_placed_twice(genome_of):
    alleles = windows(genome_of(c=LETTERS), Variant("c", 7, "T", "TGA"), window=7)
    # the anchor in column 3, then the last base in column 3
    assert rows(alleles.ref) == ["CGGTTAC", "CGGTTAC"]
    assert rows(alleles.alt) == ["CGGTGAT", "GTGATAC"]
    assert alleles.owner.tolist() == [0, 0]


def test_a_deletion_is_placed_twice(genome_of):
    alleles = windows(genome_of(c=LETTERS), Variant("c", 7, "TTA", "T"), window=7)
    assert rows(alleles.ref) == ["CGGTTAC", "GTTACGT"]
    assert rows(alleles.alt) == ["CGGTCGT", "CGGTCGT"]


def test_on_the_other_strand_the_variant_lies_in_the_same_column(genome_of):
    genome = genome_of(c=LETTERS)
    for window in (6, 7):
        alleles = windows(genome, Variant("c", 6, "G", "A"), window=window, strand="-")
        assert alleles.ref[0, column(window)] == 1  # C
        assert alleles.alt[0, column(window)] == 3  # T
        start = 5 - (window - 1 - column(window))
        forward = genome.codes(Interval("c", start, start + window))
        assert np.array_equal(alleles.ref[0], reverse_complement(forward))


def test_mean_over_two_rows():
    variants = [Variant("c", n, "A", "C") for n in (1, 2, 3)]
    none = np.empty((0, 1), np.uint8)
    alleles = Alleles(variants, [Status.OK] * 3, none, none, np.array([0, 2, 2]))
    mean = alleles.mean(np.array([[1, 10], [2, 20], [4, 40]], np.float32))
    np.testing.assert_array_equal(mean, np.array([[1, 10], [np.nan] * 2, [3, 30]], np.float32))
    assert mean.dtype == np.float32


@pytest.mark.parametrize(
    ("ref", "alt", "status"),
    [
        ("C", "CACGTA", Status.JUNCTIONS),  # 6 bases, and 11 // 2 is 5
        ("C", "CACGT", Status.OK),
        ("CCGGTT", "C", Status.JUNCTIONS),
        ("CCGGT", "C", Status.OK),
        ("CCGGTT", "AAAAAA", Status.JUNCTIONS),
    ],
)
def test_over_half_a_window(genome_of, ref, alt, status):
    assert status_of(genome_of(c=LETTERS), Variant("c", 3, ref, alt)) is status


def test_the_length_is_judged_after_trimming(genome_of):
    padded = Variant("c", 3, "CCGGTTACG", "CCGATTACG")
    assert status_of(genome_of(c=LETTERS), padded) is Status.OK


def test_mostly_n(genome_of):
    """20 bases: 2 unknown ones are a tenth, 3 are over it; outside the contig does not count."""
    inside = "ACGTACGTACGTACGTACGT"
    two, three = "NN" + inside[2:], "NNN" + inside[3:]
    genome = genome_of(two=two, three=three, edge=inside[:12], tiny="A" + "N" * 2 + inside)
    assert status_of(genome, Variant("two", 10, "C", "A"), 20) is Status.OK
    assert status_of(genome, Variant("three", 10, "C", "A"), 20) is Status.MOSTLY_N
    assert status_of(genome, Variant("edge", 1, "A", "C"), 20) is Status.OK
    assert status_of(genome, Variant("tiny", 1, "A", "C"), 20) is Status.MOSTLY_N  # 2 of 11


def test_mostly_n_looks_at_both_placements(genome_of):
    genome = genome_of(c="ACGTTGCAAC" + "ACGTA" + "NN" + "C" * 10)
    deletion = Variant("c", 6, "GCAA", "G")
    assert status_of(genome, Variant("c", 6, "G", "A"), 11) is Status.OK
    assert status_of(genome, Variant("c", 8, "AACA", "A"), 11) is Status.OK
    assert status_of(genome, Variant("c", 9, "ACACG", "A"), 11) is Status.MOSTLY_N
    assert status_of(genome, deletion, 11) is Status.OK


@pytest.mark.parametrize(
    ("chrom", "pos", "ref", "alt", "status"),
    [
        ("c", 5, "G", "<DEL>", Status.SYMBOLIC),
        ("c", 5, "G", "<*>", Status.SYMBOLIC),
        ("c", 5, "G", "G]c:9]", Status.OK),
        ("c", 5, "G", "G]d:9]", Status.SYMBOLIC),
        ("c", 5, "G", ".GA", Status.SYMBOLIC),
        ("c", 5, "G", "*", Status.STAR),
        ("c", 5, "G", ".", Status.MISSING),
        ("c", 5, "G", "", Status.MISSING),
        ("c", 5, "A", "C", Status.REF_MISMATCH),
        ("c", 5, "GA", "C", Status.REF_MISMATCH),
        ("c", 0, "N", "C", Status.REF_MISMATCH),
        ("c", 16, "GA", "G", Status.REF_MISMATCH),  # behind the end
        ("c", 99, "G", "C", Status.REF_MISMATCH),
        ("d", 5, "G", "C", Status.UNKNOWN_CONTIG),
        ("d", 5, "G", "<DEL>", Status.SYMBOLIC),
        ("c", 5, "g", "c", Status.OK),
        ("chrc", 5, "G", "C", Status.OK),
        ("c", 5, "G", "R", Status.AMBIGUOUS),
        ("c", 5, "G", "n", Status.AMBIGUOUS),
        ("c", 5, "G", "GANC", Status.AMBIGUOUS),
        ("c", 5, "A", "N", Status.REF_MISMATCH),
        ("d", 5, "G", "N", Status.UNKNOWN_CONTIG),
        ("c", 5, "G", "U", Status.OK),
    ],
)
def test_the_input_status(genome_of, chrom, pos, ref, alt, status):
    one = examine(Variant(chrom, pos, ref, alt), genome_of(c=LETTERS))
    assert one.status is status
    assert one.variant.pos == pos


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "status"),
    [
        (3, "NAC", "NAG", Status.OK),  # the N stands in the genome too: an SNV, padded
        (3, "NA", "N", Status.OK),  # a deletion, and its anchor
        (3, "N", "NG", Status.OK),
        (3, "N", "NN", Status.AMBIGUOUS),
        (3, "N", "NGR", Status.AMBIGUOUS),
        (3, "NAC", "NAN", Status.AMBIGUOUS),
        (3, "N", "A", Status.OK),
        (1, "A", "NA", Status.AMBIGUOUS),
        (1, "AC", "C", Status.OK),
    ],
)
def test_an_n_that_the_genome_has_is_not_ambiguous(genome_of, pos, ref, alt, status):
    assert examine(Variant("c", pos, ref, alt), genome_of(c="ACNACGTACG")).status is status


def test_only_scored_alts_have_rows(genome_of):
    variants = [Variant("c", 5, "G", alt) for alt in ("A", "<DEL>", "GA", "*", "T")]
    alleles = windows(genome_of(c=LETTERS), *variants, window=9)
    assert alleles.owner.tolist() == [0, 2, 2, 4]
    assert alleles.status == [Status.OK, Status.SYMBOLIC, Status.OK, Status.STAR, Status.OK]
    assert len(alleles.variants) == 5


def test_no_alt_at_all(genome_of):
    alleles = windows(genome_of(c=LETTERS), window=9)
    assert alleles.ref.shape == alleles.alt.shape == (0, 9)


@IN_FOLDER
@given(st.data())
def test_ref_windows_are_the_genome(written, data):
    """At contig edges and among N too."""
    letters = data.draw(st.text("ACGTN", min_size=3, max_size=50))
    window = data.draw(st.integers(8, 30))
    genome = written(letters)
    start = data.draw(st.integers(0, len(letters) - 1))
    ref = letters[start : start + data.draw(st.integers(1, 4))]
    alt = data.draw(st.text("ACGT", min_size=1, max_size=4))
    one = examine(Variant("c", start + 1, ref, alt), genome)
    alleles = encode_alleles([one], genome, window=window)
    outside = "N" * window
    for row, codes in enumerate(alleles.ref):
        at = one.variant.start if row == 0 else one.variant.interval.end - 1
        first = at - column(window) + window
        assert decode(codes) == (outside + letters + outside)[first : first + window]


@IN_FOLDER
@given(genome_and_variant(alphabet="ACGT"), st.integers(14, 40))
def test_alt_windows_are_the_changed_genome(written, drawn, window):
    letters, variant = drawn
    genome = written(letters)
    one = examine(variant, genome)
    changed = apply(one.variant, letters)
    alleles = encode_alleles([one], genome, window=window)
    outside = "N" * window
    for row, codes in enumerate(alleles.alt):
        at = one.variant.start + (0 if row == 0 else len(one.variant.alt) - 1)
        first = at - column(window) + window
        assert decode(codes) == (outside + changed + outside)[first : first + window]


@IN_FOLDER
@given(genome_and_variant(), st.integers(12, 30), st.sampled_from("+-"))
def test_other_writing_gives_the_same_codes(written, drawn, window, strand):
    letters, variant = drawn
    genome = written(letters)
    end = variant.start + len(variant.ref)
    left, right = letters[max(0, variant.start - 3) : variant.start], letters[end : end + 4]
    padded = Variant(
        "c",
        variant.pos - len(left),
        left + variant.ref + right,
        left + variant.alt.lower() + right,
    )
    a, b = (windows(genome, one, window=window, strand=strand) for one in (variant, padded))
    assert np.array_equal(a.ref, b.ref)
    assert np.array_equal(a.alt, b.alt)
    assert a.status == b.status


@IN_FOLDER
@given(genome_and_variant(alphabet="ACGT", size=60), st.integers(14, 40))
def test_swapping_ref_and_alt_swaps_the_windows(written, drawn, window):
    """In the VCF and in the FASTA; for SNVs, insertions, deletions and all else."""
    letters, variant = drawn
    back = Variant("c", variant.pos, variant.alt, variant.ref)
    there = windows(written(letters), variant, window=window)
    again = windows(written(apply(variant, letters)), back, window=window)
    assert np.array_equal(there.ref, again.alt)
    assert np.array_equal(there.alt, again.ref)


@pytest.mark.parametrize(
    ("ref_size", "alt"), [(1, "C"), (1, "GATC"), (4, "T"), (3, "GG"), (2, "AC")]
)
def test_swapping_changes_the_sign_of_the_score(written, toy_repo, ref_size, alt):
    letters = random_letters(80, seed=4)
    variant = Variant("c", 40, letters[39 : 39 + ref_size], alt)
    back = Variant("c", 40, alt, variant.ref)
    with closing(Embedded(toy_repo / "place", threads=1)) as backend:
        forth = VariantEffect().score(windows(written(letters), variant, window=21), backend)
        other = windows(written(apply(variant, letters)), back, window=21)
        again = VariantEffect().score(other, backend)
    np.testing.assert_allclose(forth.alt - forth.ref, again.ref - again.alt, atol=1e-5)
    assert (forth.alt != forth.ref).all()


def test_windows_at_the_edges_of_a_contig(genome_of):
    genome = genome_of(c="ACGT")
    first = windows(genome, Variant("c", 1, "A", "G"), window=7)
    assert (rows(first.ref), rows(first.alt)) == (["NNNACGT"], ["NNNGCGT"])
    last = windows(genome, Variant("c", 4, "T", "TT"), window=7)  # normalised: 3 G>GT
    assert rows(last.ref) == ["NACGTNN", "NACGTNN"]
    assert rows(last.alt) == ["NACGTTN", "ACGTTNN"]
