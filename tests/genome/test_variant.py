import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regplug.genome.variant import Interval, Variant
from tests.toy_genomes import vcf_text, write_fasta


class Letters:
    """A genome of one contig, without a file."""

    def __init__(self, letters: str) -> None:
        self.all = letters

    def letters(self, interval: Interval) -> str:
        return self.all[interval.start : interval.end]


def apply(variant: Variant, letters: str) -> str:
    """Return `letters` with REF replaced by ALT."""
    end = variant.start + len(variant.ref)
    assert letters[variant.start : end] == variant.ref
    return letters[: variant.start] + variant.alt + letters[end:]


@st.composite
def genome_and_variant(draw, alphabet="AC", size=40):
    """Draw a genome of few letters, so that alleles can shift far, and a variant in it."""
    letters = draw(st.text(alphabet, min_size=5, max_size=size))
    start = draw(st.integers(0, len(letters) - 1))
    end = draw(st.integers(start + 1, min(len(letters), start + 6)))
    alt = draw(st.text(alphabet, min_size=1, max_size=6).filter(lambda a: a != letters[start:end]))
    return letters, Variant("c", start + 1, letters[start:end], alt)


@pytest.mark.parametrize(
    ("letters", "before", "after"),
    [
        ("GATTACA", (4, "T", "C"), (4, "T", "C")),
        ("GATTACA", (3, "TTA", "TCA"), (4, "T", "C")),  # padded on both sides
        ("GATTACA", (3, "TTA", "CTG"), (3, "TTA", "CTG")),  # MNV
        ("GCACACT", (6, "CT", "T"), (5, "AC", "A")),  # the anchor is the base before
        ("GCACACT", (5, "ACT", "T"), (1, "GCA", "G")),  # a repeat unit less, shifted to the left
        ("GCACACT", (6, "C", "CAC"), (1, "G", "GCA")),  # a repeat unit more
        ("AAAAT", (2, "A", "AA"), (1, "A", "AA")),  # no base before: the anchor is the base behind
        ("AAAAT", (3, "AA", "A"), (1, "AA", "A")),
        ("GATTACA", (1, "gat", "ga"), (2, "AT", "A")),  # lower case
        ("NNAAAT", (5, "A", "AA"), (2, "N", "NA")),  # the anchor may be unknown
        ("NNTTTA", (2, "NT", "N"), (2, "NT", "N")),  # a deletion beside N, in two writings
        ("NNTTTA", (4, "TT", "T"), (2, "NT", "N")),
        ("ANNNNC", (4, "NN", "N"), (1, "AN", "A")),  # of unknown bases: to where they begin
        ("NNNNAC", (3, "NN", "N"), (1, "NN", "N")),
        ("ANRTC", (3, "RT", "RTT"), (3, "N", "NT")),  # a letter for several bases is N
        ("GATTACA", (3, "TT", "TU"), (3, "T", "T")),  # U is T
        ("GATTACA", (2, "A", "A"), (2, "A", "A")),  # no change
    ],
)
def test_normalized_by_hand(letters, before, after):
    assert Variant("c", *before).normalized(Letters(letters)) == Variant("c", *after)


def test_a_long_run_of_unknown_bases_is_crossed_in_steps():
    class Counted(Letters):
        asked = 0

        def letters(self, interval):
            self.asked += 1
            return super().letters(interval)

    genome = Counted("A" + "N" * 1_000_000 + "C")
    assert Variant("c", 900_000, "NN", "N").normalized(genome) == Variant("c", 1, "AN", "A")
    assert genome.asked < 50


@given(genome_and_variant())
def test_normalized_makes_the_same_sequence(drawn):
    letters, variant = drawn
    assert apply(variant.normalized(Letters(letters)), letters) == apply(variant, letters)


@given(genome_and_variant())
def test_normalized_twice_is_normalized_once(drawn):
    letters, variant = drawn
    once = variant.normalized(Letters(letters))
    assert once.normalized(Letters(letters)) == once


@given(genome_and_variant(), st.integers(0, 5), st.integers(0, 5))
def test_padding_makes_no_difference(drawn, left, right):
    letters, variant = drawn
    end = variant.start + len(variant.ref)
    start = max(0, variant.start - left)
    before, behind = letters[start : variant.start], letters[end : end + right]
    padded = Variant("c", start + 1, before + variant.ref + behind, before + variant.alt + behind)
    genome = Letters(letters)
    assert padded.normalized(genome) == variant.normalized(genome)


@pytest.mark.fault("alleles", "one allele in all its writings, N beside it too")
@given(genome_and_variant("ACN"))
def test_the_same_sequence_is_the_same_allele(drawn):
    """An indel may be written at any place of a repeat: all writings normalise alike."""
    letters, variant = drawn
    if len(variant.ref) == len(variant.alt) or min(len(variant.ref), len(variant.alt)) > 1:
        return  # of other variants, one sequence may have many minimal descriptions
    wanted = apply(variant, letters)
    size = len(variant.alt) - len(variant.ref)
    for start in range(len(letters)):
        ref = letters[start : start + 1 + max(0, -size)]
        alt = wanted[start : start + 1 + max(0, size)]
        other = Variant("c", start + 1, ref, alt)
        if alt and apply(other, letters) == wanted:
            assert other.normalized(Letters(letters)) == variant.normalized(Letters(letters))


@pytest.mark.fault("alleles", "left alignment, also over N, beside that of bcftools norm")
@settings(max_examples=12, deadline=None)
@given(st.text("ACN", min_size=30, max_size=200), st.randoms(use_true_random=False))
def test_left_alignment_is_that_of_bcftools(tmp_path_factory, letters, random):
    folder: Path = tmp_path_factory.mktemp("norm")
    variants = []
    for start in range(1, len(letters) - 6):  # bcftools leaves the first base alone
        ref = letters[start : start + random.randint(1, 6)]
        alt = "".join(random.choices("ACN", k=random.randint(1, 6)))
        if alt != ref:
            variants.append(Variant("c", start + 1, ref, alt))
    write_fasta(folder / "genome.fa", {"c": letters})
    records = [f"c {v.pos} {n} {v.ref} {v.alt} . . ." for n, v in enumerate(variants)]
    (folder / "in.vcf").write_text(vcf_text(records, {"c": letters}))
    command = ["bcftools", "norm", "-f", "genome.fa", "in.vcf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    theirs = {}
    for line in done.stdout.splitlines():
        if not line.startswith("#"):
            chrom, pos, number, ref, alt = line.split("\t")[:5]
            theirs[int(number)] = Variant(chrom, int(pos), ref, alt)
    ours = {n: variant.normalized(Letters(letters)) for n, variant in enumerate(variants)}
    assert ours == theirs


def test_interval_prints_as_a_region():
    interval = Interval("chr1", 99, 200)
    assert (str(interval), len(interval)) == ("chr1:100-200", 101)


def test_variant_positions():
    variant = Variant("chr1", 10, "AC", "A")
    assert (variant.start, variant.interval) == (9, Interval("chr1", 9, 11))
    assert str(variant) == "chr1:10 AC>A"
