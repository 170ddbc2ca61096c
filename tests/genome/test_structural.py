"""What symbolic alleles and breakends make of a contig, worked out by hand."""

import pytest

from regplug.genome.codes import decode
from regplug.genome.edit import Edited
from regplug.genome.structural import edit_of, is_told
from regplug.genome.variant import Extent, Interval, Status, Variant

#          1234567890123456
LETTERS = "AACCGGTTACGTCATG"


def made(genome, pos, alt, **extent):
    """Return what the contig reads with an ALT, or the status that it has instead."""
    ref = LETTERS[pos - 1]
    variant = Variant("c", pos, ref, alt, Extent(**extent) if extent else None)
    assert is_told(variant)
    edit = edit_of(variant, genome)
    if isinstance(edit, Status):
        return edit
    contig = Edited(edit, genome)
    return decode(contig.codes(0, contig.length))


@pytest.mark.parametrize(
    ("alt", "extent", "contig"),
    [
        ("<DEL>", {"end": 12}, "AACCGGTTACCATG"),
        ("<DEL:ME:ALU>", {"length": 2}, "AACCGGTTACCATG"),
        ("<DEL>", {"end": 12, "inserted": "GG"}, "AACCGGTTACGGCATG"),
        ("<DUP>", {"end": 13}, "AACCGGTTACGTCGTCATG"),
        ("<DUP:TANDEM>", {"length": 3}, "AACCGGTTACGTCGTCATG"),
        ("<DUP>", {"end": 13, "inserted": "AA"}, "AACCGGTTACGTCAAGTCATG"),
        ("<INV>", {"end": 14, "length": 4}, "AACCGGTTACTGACTG"),
        ("<INS>", {"inserted": "tag"}, "AACCGGTTACTAGGTCATG"),
        ("<INS:ME:L1>", {"inserted": "TAG", "length": 3}, "AACCGGTTACTAGGTCATG"),
        ("<INS>", {"first": "TA", "last": "G", "length": 5}, "AACCGGTTACTANNGGTCATG"),
        # the four brackets, POS 10 and a mate at 13, then at 5
        ("C[c:13[", {}, "AACCGGTTACCATG"),
        ("CTT[c:13[", {}, "AACCGGTTACTTCATG"),
        ("]c:13]C", {}, "AACCGGTTACGTCCGTCATG"),
        ("C]c:13]", {}, "AACCGGTTACGACGTAACCGGTT"),
        ("[c:13[C", {}, "CATGCGTCATG"),
        ("C[c:5[", {}, "AACCGGTTACGGTTACGTCATG"),
        ("]c:5]C", {}, "AACCGCGTCATG"),
        ("C]c:5]", {}, "AACCGGTTACCGGTT"),
        ("[c:5[C", {}, "CATGACGTAACCCGTCATG"),
        ("G[c:13[", {}, "AACCGGTTAGCATG"),  # another base at POS
    ],
)
def test_by_hand(genome_of, alt, extent, contig):
    assert made(genome_of(c=LETTERS), 10, alt, **extent) == contig


@pytest.mark.parametrize(
    ("alt", "extent", "status"),
    [
        ("<DEL>", {"end": 9}, Status.BAD_SPAN),
        ("<DEL>", {"end": 10}, Status.BAD_SPAN),
        ("<DEL>", {"end": 17}, Status.BAD_SPAN),
        ("<DEL>", {"length": 7}, Status.BAD_SPAN),
        ("<DEL>", {"end": 12, "length": 3}, Status.BAD_SPAN),
        ("<INS>", {"inserted": "TAG", "length": 4}, Status.BAD_SPAN),
        ("<INS>", {"first": "TA", "last": "GG", "length": 3}, Status.BAD_SPAN),
        ("C[c:0[", {}, Status.BAD_SPAN),
        ("C]c:17]", {}, Status.BAD_SPAN),
        ("<INS>", {"length": 300}, Status.SYMBOLIC),
        ("<INS>", {"first": "ACGT"}, Status.SYMBOLIC),
        ("<INV>", {"end": 14, "inserted": "A"}, Status.SYMBOLIC),
        ("C[d:5[", {}, Status.SYMBOLIC),
        ("<INS>", {"inserted": "TNG"}, Status.AMBIGUOUS),
        ("CR[c:13[", {}, Status.AMBIGUOUS),
        ("<DEL>", {"end": 12, "slack": None}, Status.IMPRECISE),
        ("C[c:13[", {"slack": None}, Status.IMPRECISE),
        ("<DEL>", {"end": 12, "slack": 1}, Status.IMPRECISE),
    ],
)
def test_what_cannot_be_told(genome_of, alt, extent, status):
    assert made(genome_of(c=LETTERS, d=LETTERS), 10, alt, **extent) is status


@pytest.mark.parametrize(
    "alt", ["<CNV>", "<DUP:INT>", "<CN0>", "<*>", "<NON_REF>", ".C", "C.", "<INV:X>", "C[<a>:3["]
)
def test_what_is_not_read(alt):
    assert not is_told(Variant("c", 10, "C", alt, Extent(end=12)))


def test_where_it_can_be_moved_a_place_is_not_unsure(genome_of):
    """CAT of ACATCATCATG can be taken out at seven places: the contig reads the same."""
    genome = genome_of(c="GACATCATCATGA")
    for pos in range(2, 9):
        ref = "GACATCATCATGA"[pos - 1]
        edit = edit_of(Variant("c", pos, ref, "<DEL>", Extent(length=3, slack=6)), genome)
        assert (edit.start, edit.end, edit.reach, edit.slack) == (2, 5, 8, 6)
        assert edit.interval == Interval("c", 1, 5)
    unsure = Variant("c", 2, "A", "<DEL>", Extent(length=3, slack=7))
    assert edit_of(unsure, genome) is Status.IMPRECISE


def test_what_stays_is_left_off(genome_of):
    """TGACA turned round is TGTCA: only the base in the middle changes."""
    edit = edit_of(Variant("c", 2, "C", "<INV>", Extent(end=7)), genome_of(c="ACTGACAGG"))
    assert edit.interval == Interval("c", 4, 5)


def test_a_run_of_unknown_bases_is_not_walked_through(genome_of):
    """A deletion inside 300,000 N could be moved over all of them."""
    genome = genome_of(c="ACGT" + "N" * 300_000 + "ACGT")
    edit = edit_of(Variant("c", 1000, "N", "<DEL>", Extent(length=500)), genome)
    assert 65_000 < edit.reach - edit.start < 300_000
