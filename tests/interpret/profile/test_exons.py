"""Positions around splice sites, on both strands, and which exons are dropped."""

import gzip

import numpy as np
import pytest

from regplug.errors import GenomeError, RegionError
from regplug.genome.codes import decode
from regplug.genome.variant import Interval
from regplug.interpret.profile.exons import Dropped, Exon, keep, read_exons

#          0123456789012345
LETTERS = "ACCCAGTTTTGTGGGC"  # plus: AG before the exon 6-10, GT behind it
PLUS = Exon(Interval("c", 6, 10), "+")
MINUS = Exon(Interval("c", 6, 10), "-")
SPANS = {"upstream": (-3, 2), "downstream": (-2, 4)}


@pytest.mark.parametrize(
    ("exon", "side", "start", "end", "letters"),
    [
        (PLUS, "upstream", -2, 0, "AG"),
        (PLUS, "upstream", -3, 2, "CAGTT"),
        (PLUS, "downstream", 0, 2, "GT"),
        (PLUS, "downstream", -1, 6, "TGTGGGC"),
        # the other strand of ACCCAG TTTT GTGGGC is GCCCAC AAAA CTGGGT
        (MINUS, "upstream", -6, 0, "GCCCAC"),
        (MINUS, "upstream", -1, 3, "CAAA"),
        (MINUS, "downstream", -4, 0, "AAAA"),
        (MINUS, "downstream", 0, 6, "CTGGGT"),
    ],
)
def test_bases_around_an_exon(genome_of, exon, side, start, end, letters):
    assert decode(exon.codes(genome_of(c=LETTERS), side, start, end)) == letters


def test_splice_signals(genome_of):
    assert PLUS.has_signals(genome_of(c=LETTERS))
    assert not MINUS.has_signals(genome_of(c=LETTERS))
    other = genome_of(c="GCCCACAAAACTGGGT")  # the other strand
    assert MINUS.has_signals(other)
    assert not PLUS.has_signals(other)


@pytest.mark.parametrize("name", ["a.bed", "a.bed.gz"])
def test_read_exons(tmp_path, name):
    text = b"track name=x\nc\t6\t10\tone\t0\t+\nc 6 10 . . - more\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert read_exons(str(tmp_path / name)) == [PLUS, MINUS]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c\t6\t10", "line 1 has no strand"),
        ("c\t6\t10\tx\t0\t.", "line 1 has no strand"),
        ("c\t6\t10\tx\t+", "line 1 has no strand"),
        ("c\t10\t6\tx\t0\t+", "is no region"),
        ("c\tsix\t10\tx\t0\t+", "line 1 is not BED"),
        ("", "holds no region"),
        ("c\t6\t10\tx\t0\t+\t6\t10\t0\t2\t1,1\t0,3", "line 1 is a transcript of 2 blocks"),
    ],
)
def test_what_is_no_exon(tmp_path, line, message):
    (tmp_path / "a.bed").write_text(line + "\n")
    with pytest.raises(RegionError, match=message):
        read_exons(str(tmp_path / "a.bed"))


def test_dropped(genome_of):
    genome = genome_of(c=LETTERS, chr7="ACGTACGTACGT", n="ACGTANNACGTAC")
    early, late = Exon(Interval("c", 2, 8), "+"), Exon(Interval("c", 2, 13), "-")
    on_7, on_8 = Exon(Interval("7", 4, 8), "+"), Exon(Interval("8", 4, 8), "+")
    mostly_n = Exon(Interval("n", 5, 7), "+")  # NN is read for each side: 4 of 11
    kept, dropped = keep([PLUS, MINUS, early, late, on_7, PLUS, on_8, mostly_n], genome, SPANS)
    assert kept == [PLUS, MINUS, on_7]
    reasons = ["off_contig", "off_contig", "duplicate", "unknown_contig", "mostly_n"]
    exons = [early, late, PLUS, on_8, mostly_n]
    assert dropped == [Dropped(*pair) for pair in zip(exons, reasons, strict=True)]


def test_the_last_base_that_is_read_may_be_the_contigs_last(genome_of):
    """A plus exon reads 3 bases before it and 4 behind it, a minus exon 4 and 3."""
    for strand, before, behind in (("+", 3, 4), ("-", 4, 3)):
        genome = genome_of(c="A" * (before + 4 + behind))
        for start, fits in ((before, True), (before - 1, False), (before + 1, False)):
            kept, _ = keep([Exon(Interval("c", start, start + 4), strand)], genome, SPANS)
            assert bool(kept) == fits


def test_another_build(genome_of):
    with pytest.raises(GenomeError, match=r"c:15-17 ends behind c, which has 16 bases .* --fasta"):
        keep([PLUS, Exon(Interval("c", 14, 17), "+")], genome_of(c=LETTERS), SPANS)


def test_bases_are_codes(genome_of):
    assert MINUS.codes(genome_of(c=LETTERS), "upstream", -1, 2).dtype == np.uint8
