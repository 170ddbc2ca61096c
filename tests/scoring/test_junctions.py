"""Long alleles, symbolic ones and breakends: the windows at their junctions."""

import subprocess
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from regplug.genome.codes import decode, encode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.variant import Extent, Status, Variant
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import Alleles, encode_alleles
from regplug.scoring.examined import examine
from tests.toy_genomes import random_letters, vcf_text, write_fasta

#          1234567890123456
LETTERS = "AACCGGTTACGTCATG"
IN_FOLDER = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def windows(genome, *variants, window=6, strand="+") -> Alleles:
    examined = [examine(variant, genome) for variant in variants]
    return encode_alleles(examined, genome, window=window, strand=strand)


def turned(letters: str) -> str:
    return decode(reverse_complement(encode(letters)))


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


@pytest.mark.parametrize(
    ("variant", "ref", "alt"),
    [
        # Windows of 6: the last base before a junction is the third.
        # TTAC is taken out behind position 6; REF there, and where it goes on.
        (Variant("c", 6, "G", "<DEL>", Extent(10)), ["CGGTTA", "TACGTC"], ["CGGGTC", "CGGGTC"]),
        # The copy of GTTA, positions 6 to 9: behind it, and before it.
        (Variant("c", 5, "G", "<DUP>", Extent(9)), ["TTACGT", "CCGGTT"], ["TTAGTT", "TTAGTT"]),
        # TTAC GTCA turned round is TGACGTAA: T stays in front, A at the end.
        (Variant("c", 6, "G", "<INV>", Extent(14)), ["GGTTAC", "GTCATG"], ["GGTGAC", "GTAATG"]),
        # AAAAAAAA is put in between G and T.
        (
            Variant("c", 6, "G", "<INS>", Extent(inserted="A" * 8)),
            ["CGGTTA", "CGGTTA"],
            ["CGGAAA", "AAATTA"],
        ),
        # Of a breakend that turns round one side is told.
        (Variant("c", 6, "G", "G]c:12]"), ["CGGTTA"], ["CGGACG"]),
        (Variant("c", 6, "G", "[c:12[G"), ["CCGGTT"], ["TGAGTT"]),
        # Sequences, both over 3 bases.
        (Variant("c", 6, "GTTACG", "GCCCCC"), ["CGGTTA", "ACGTCA"], ["CGGCCC", "CCCTCA"]),
    ],
)
def test_windows_by_hand(genome_of, variant, ref, alt):
    alleles = windows(genome_of(c=LETTERS), variant)
    assert alleles.status == [Status.JUNCTIONS]
    assert list(map(decode, alleles.ref)) == ref
    assert list(map(decode, alleles.alt)) == alt


def spans(random, length):
    """Return a first base, 0-based and not the contig's first, and the base behind the last."""
    start = random.draw(st.integers(1, length - 2))
    return start, random.draw(st.integers(start + 1, length - 1))


@IN_FOLDER
@given(st.data(), st.integers(8, 30), st.sampled_from("+-"))
def test_however_it_is_written(written, data, window, strand):
    """A symbol, a breakend and the bases themselves give one pair of windows, and one status."""
    few = data.draw(st.sampled_from(["ACGT", "AC", "ACGTN"]))
    letters = data.draw(st.text(few, min_size=6, max_size=70))
    start, end = spans(data, len(letters))
    put = data.draw(st.text("ACGT", max_size=12))
    before, inside, first = letters[start - 1], letters[start:end], letters[end - 1]
    extent = Extent(end, end - start, put)
    whole = {
        "<DEL>": (before + inside, before + put),
        "<DUP>": (first, first + put + inside),
        "<INV>": (inside, turned(inside)),
        "<INS>": (before, before + inside),
    }
    at = {"<DUP>": end, "<INV>": start + 1}
    breakends = {
        "<DEL>": [
            Variant("c", start, before, f"{before}{put}[c:{end + 1}["),
            Variant("c", end + 1, letters[end], f"]c:{start}]{put}{letters[end]}"),
        ],
        "<DUP>": [
            Variant("c", end, first, f"{first}{put}[c:{start + 1}["),
            Variant("c", start + 1, letters[start], f"]c:{end}]{put}{letters[start]}"),
        ],
    }
    genome = written(letters)
    symbol = data.draw(st.sampled_from(list(whole)))
    if symbol == "<INV>":
        extent = replace(extent, inserted="")
    if symbol == "<INS>":
        extent = Extent(inserted=inside)
    ref, alt = whole[symbol]
    assume(ref != alt)  # turned round they may read the same: nothing changes, at any place
    others = [Variant("c", start, before, symbol, extent), *breakends.get(symbol, [])]
    bases = Variant("c", at.get(symbol, start), ref, alt)
    wanted = windows(genome, bases, window=window, strand=strand)
    for other in others:
        if wanted.status[0] is Status.AMBIGUOUS:  # only bases that are written can be N
            continue
        found = windows(genome, other, window=window, strand=strand)
        assert found.status == wanted.status
        assert np.array_equal(found.ref, wanted.ref)
        assert np.array_equal(found.alt, wanted.alt)
        assert examine(other, genome).interval == examine(bases, genome).interval


@IN_FOLDER
@given(st.data(), st.integers(8, 20))
def test_an_inversions_breakends_are_its_junctions(written, data, window):
    """Each of the two that face its ends has one of the inversion's pairs of windows."""
    letters = data.draw(st.text("ACGT", min_size=3 * window, max_size=90))
    start, end = spans(data, len(letters))
    whole = Variant("c", start, letters[start - 1], "<INV>", Extent(end))
    left = Variant("c", start, letters[start - 1], f"{letters[start - 1]}]c:{end}]")
    right = Variant("c", end + 1, letters[end], f"[c:{start + 1}[{letters[end]}")
    genome = written(letters)
    wanted = windows(genome, whole, window=window)
    found = windows(genome, left, right, window=window)
    if wanted.status == [Status.JUNCTIONS]:
        assert np.array_equal(found.ref, wanted.ref)
        width = min(window, (end - start) // 2)  # behind that, the right flank or the contig's end
        assert np.array_equal(found.alt[0][:width], wanted.alt[0][:width])
        assert np.array_equal(found.alt[1][-width:], wanted.alt[1][-width:])


def test_alt_windows_are_those_of_bcftools_consensus(tmp_path, genome_of):
    """bcftools puts <DEL> and bases into a FASTA; ALT's windows are cut out of that."""
    letters = random_letters(400, seed=11)
    genome = genome_of(c=letters)
    inside, base = letters[100:180], letters[99]
    cases = {
        f"c 100 . {base} <DEL> . . END=180": (99, 99),
        f"c 100 . {base}{inside} {base}ACG . . .": (99, 102),
        f"c 100 . {base} {base}{turned(inside)} . . .": (99, 179),
        f"c 180 . {letters[179]} {letters[179]}{inside} . . .": (179, 179),
        f"c 101 . {inside} {turned(inside)} . . .": (99, 179),
    }
    header = [
        "##contig=<ID=c,length=400>",
        '##INFO=<ID=END,Number=1,Type=Integer,Description="x">',
    ]
    vcf = tmp_path / "one.vcf.gz"
    for record, columns in cases.items():
        (tmp_path / "one.vcf").write_text(vcf_text([record], header=header))
        subprocess.run(["bcftools", "view", "-o", vcf, tmp_path / "one.vcf"], check=True)
        subprocess.run(["bcftools", "index", "-f", vcf], check=True)
        command = ["bcftools", "consensus", "-f", genome.path, vcf]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        changed = "".join(done.stdout.split("\n")[1:])
        chrom, pos, _, ref, alt, *_ = record.split(" ")
        extent = Extent(180) if alt == "<DEL>" else None
        one = windows(genome, Variant(chrom, int(pos), ref, alt, extent), window=21)
        assert one.status == [Status.JUNCTIONS]
        for row, at in zip(one.alt, columns, strict=True):
            near = [changed[at - 10 + shift : at + 11 + shift] for shift in range(-3, 4)]
            assert decode(row) in near  # where bases are alike, the junction is moved over them


def test_the_larger_change_counts_per_target():
    variants = [Variant("c", n, "A", "C") for n in (1, 2, 3)]
    none = np.empty((0, 1), np.uint8)
    status = [Status.OK, Status.JUNCTIONS, Status.JUNCTIONS]
    alleles = Alleles(variants, status, none, none, np.array([0, 0, 1, 1, 2]))
    refs = np.array([[1, 1], [3, 3], [5, 5], [6, 6], [7, 7]], np.float32)
    alts = np.array([[2, 2], [4, 6], [4, 9], [8, 3], [9, 9]], np.float32)
    ref, alt = alleles.joined(refs, alts)
    assert ref.tolist() == [[2, 2], [6, 5], [7, 7]]
    assert alt.tolist() == [[3, 4], [8, 9], [9, 9]]


@pytest.mark.parametrize(("unknown", "status"), [(2, Status.JUNCTIONS), (3, Status.MOSTLY_N)])
def test_unknown_bases_in_a_junctions_window(genome_of, unknown, status):
    """Of 20 bases 2 may be unknown, in ALT's windows as in REF's."""
    letters = random_letters(200, seed=3)
    genome = genome_of(c=letters[:105] + "N" * unknown + letters[105 + unknown :])
    deletion = Variant("c", 20, letters[19], "<DEL>", Extent(100))
    assert windows(genome, deletion, window=20).status == [status]


def test_short_ones_are_averaged(written, toy_repo):
    """A <DEL> of at most half a window is its bases: the mean of two placings, not the larger."""
    letters = random_letters(80, seed=4)
    genome = written(letters)
    symbol = Variant("c", 40, letters[39], "<DEL>", Extent(44))
    bases = Variant("c", 40, letters[39:44], letters[39])
    alleles = windows(genome, symbol, bases, window=21)
    assert alleles.status == [Status.OK, Status.OK]
    with closing(Embedded(toy_repo / "place", threads=1)) as backend:
        scores = VariantEffect().score(alleles, backend)
    assert np.array_equal(scores.ref[0], scores.ref[1])
    assert np.array_equal(scores.alt[0], scores.alt[1])


def test_bases_that_are_not_told_are_seen_at_their_ends(genome_of):
    """However few: no writing in bases is the same. Over a tenth of a window are too many."""
    genome = genome_of(c=random_letters(60, seed=4))
    insertion = Variant("c", 30, "N", "<INS>", Extent(first="TAC", last="GG", length=7))
    alleles = windows(genome, insertion, window=22)
    assert alleles.status == [Status.JUNCTIONS]
    assert "TACNNGG" in decode(alleles.alt[0])
    assert windows(genome, insertion, window=14).status == [Status.MOSTLY_N]


def test_a_window_of_one_base_shows_no_junction(genome_of):
    deletion = Variant("c", 6, "G", "<DEL>", Extent(11))
    assert windows(genome_of(c=LETTERS), deletion, window=1).status == [Status.TOO_LONG]
