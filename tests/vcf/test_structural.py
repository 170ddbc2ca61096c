"""What INFO tells of an ALT that is no sequence, as the versions of VCF write it."""

import pytest

from regplug.genome.variant import Extent
from regplug.vcf.structural import extents


def told(alt, text):
    info = {tag: value for tag, _, value in (pair.partition("=") for pair in text.split(";"))}
    (extent,) = extents([alt], info)
    return extent


@pytest.mark.parametrize(
    ("alt", "text", "extent"),
    [
        # examples of VCF 4.2, section 3: all are said there to be imprecise
        ("<DEL>", "END=321887;SVLEN=-205;CIPOS=-56,20;CIEND=-10,62", Extent(321887, 205, slack=76)),
        ("<DEL:ME:ALU>", "END=14477381;SVLEN=-297;CIPOS=-22,18", Extent(14477381, 297, slack=40)),
        ("<DUP:TANDEM>", "END=18665204;SVLEN=76;CIPOS=-10,10", Extent(18665204, 76, slack=20)),
        ("<DEL>", "IMPRECISE;SVLEN=-50", Extent(length=50, slack=None)),
        # and of VCF 4.5
        ("<INV>", "SVLEN=100000", Extent(length=100000)),
        ("<DUP>", "SVLEN=1021;SVCLAIM=D", None),
        ("<DUP>", "SVLEN=1021;SVCLAIM=DJ", Extent(length=1021)),
        ("T]13:123462]", "MATEID=bnd_U;CIPOS=0,6", Extent(slack=6)),
        ("T]13:123462]", "MATEID=bnd_U;CIPOS=0,6;HOMLEN=6;HOMSEQ=CTAGGA", None),
        ("<DEL>", "END=50;CIPOS=0,0;CIEND=0,0", Extent(50)),
        ("<INV>", "END=50;SVLEN=0", Extent(50)),  # before 4.4, as no base is more or less
        ("<DEL>", "END=x;SVLEN=.", None),
        ("<DEL>", "", None),
        ("<CNV>", "END=50", None),
        ("A", "END=50", None),
        # callers' letters
        ("<INS>", "SVLEN=3;SEQ=ACG", Extent(length=3, inserted="ACG")),
        ("<INS>", "INSSEQ=ACG;SVLEN=3", Extent(length=3, inserted="ACG")),
        ("<DEL>", "END=50;SVINSSEQ=ac", Extent(50, inserted="ac")),
        ("<INS>", "LEFT_SVINSSEQ=AC;RIGHT_SVINSSEQ=GT", Extent(first="AC", last="GT")),
        ("<INS>", "SEQ=<x>", None),
    ],
)
def test_what_is_told(alt, text, extent):
    assert told(alt, text) == extent


def test_several_alts():
    """Each has its own SVLEN; END is of the longest, so it tells of no other."""
    info = {"END": "90", "SVLEN": "-10,20,."}
    found = extents(["<DEL>", "<DUP>", "<INV>"], info)
    assert found == [Extent(length=10), Extent(length=20), Extent(90)]
    assert extents(["<DEL>", "C"], {"SVLEN": "-10"}) == [None, None]
