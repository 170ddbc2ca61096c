import gzip

import pytest

from regplug.errors import RegionError
from regplug.genome.regions import (
    END_OF_CONTIG,
    check_regions,
    merged,
    parse_regions,
    parse_variant,
    read_bed,
)
from regplug.genome.variant import Interval, Variant

CONTIGS = ["chr1", "chr2", "1", "2", "HLA-A*01:01", "HLA-A*01:01:5-9", "123"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr1", [("chr1", 0, END_OF_CONTIG)]),
        ("chr1:100-200", [("chr1", 99, 200)]),
        ("chr1:100", [("chr1", 99, 100)]),
        ("chr1:100-", [("chr1", 99, END_OF_CONTIG)]),
        ("chr1:1,000-2,000", [("chr1", 999, 2000)]),
        ("chr1:1,000,000-", [("chr1", 999_999, END_OF_CONTIG)]),
        ("chr1:1-5,chr2:7-9", [("chr1", 0, 5), ("chr2", 6, 9)]),
        ("1:100-200,2:300-400", [("1", 99, 200), ("2", 299, 400)]),
        ("1:5-9,2", [("1", 4, 9), ("2", 0, END_OF_CONTIG)]),
        ("1:5-9,123", [("1", 4, 9), ("123", 0, END_OF_CONTIG)]),  # a contig, not a thousand
        ("2:1,000-2,000,1:3", [("2", 999, 2000), ("1", 2, 3)]),
        ("HLA-A*01:01", [("HLA-A*01:01", 0, END_OF_CONTIG)]),
        ("HLA-A*01:01:6-9", [("HLA-A*01:01", 5, 9)]),
        ("HLA-A*01:01:5-9", [("HLA-A*01:01:5-9", 0, END_OF_CONTIG)]),
        ("", []),
    ],
)
def test_parse_regions(text, expected):
    assert parse_regions(text, CONTIGS) == [Interval(*region) for region in expected]


@pytest.mark.parametrize("text", ["chr1:a-b", "chr1:", "chr1:5-3", "chr1:0-5", "chr1:-5", "chr1:٣"])
def test_what_is_no_region(text):
    with pytest.raises(RegionError, match="region"):
        parse_regions(text, CONTIGS)


def test_bed_is_zero_based(tmp_path):
    path = tmp_path / "r.bed"
    path.write_text("# comment\ntrack name=x\nchr1\t0\t5\tname\n\nchr 2\t7\t9\nchr2 1 2\r\n")
    assert read_bed(str(path)) == [
        Interval("chr1", 0, 5), Interval("chr 2", 7, 9), Interval("chr2", 1, 2)
    ]  # fmt: skip


def test_bed_may_be_gzipped(tmp_path):
    path = tmp_path / "r.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t0\t5\n"))
    assert read_bed(str(path)) == [Interval("chr1", 0, 5)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"chr1\t0\n", "line 1 is not BED"),
        (b"chr1\t0\t5\nchr1\tx\t5\n", "line 2 is not BED"),
        (b"chr1\t5\t5\n", "end behind its start"),
        (b"", "holds no region"),
        (b"\x1f\x8b\x08\x00\xff", "cannot read"),
    ],
)
def test_what_is_no_bed(tmp_path, content, message):
    path = tmp_path / "odd.bed"
    path.write_bytes(content)
    with pytest.raises(RegionError, match=message):
        read_bed(str(path))


def test_no_such_bed(tmp_path):
    with pytest.raises(RegionError, match=r"none\.bed"):
        read_bed(str(tmp_path / "none.bed"))


def test_merged_joins_what_overlaps_or_touches():
    regions = [("b", 5, 9), ("a", 8, 12), ("a", 1, 5), ("a", 5, 6), ("a", 10, 11), ("b", 0, 2)]
    expected = [("b", 0, 2), ("b", 5, 9), ("a", 1, 6), ("a", 8, 12)]
    assert merged(Interval(*r) for r in regions) == [Interval(*r) for r in expected]


def test_check_regions():
    check_regions(
        [Interval("a", 0, END_OF_CONTIG), Interval("b", 10**8, 10**9)], {"a": 5, "b": None}
    )
    with pytest.raises(RegionError, match="no contig c in the input; it has a"):
        check_regions([Interval("c", 0, 5)], {"a": 5})
    with pytest.raises(RegionError, match="behind the end of a"):
        check_regions([Interval("a", 5, 6)], {"a": 5})


@pytest.mark.parametrize(
    "text",
    ["chr5:1295113:G:AT", "chr5-1295113-G-AT", "chr5:1295113G>AT", "chr5:1,295,113 g>at"],
)
def test_variants_as_users_write_them(text):
    assert parse_variant(text) == Variant("chr5", 1295113, "G", "AT")


def test_contigs_may_have_signs():
    assert parse_variant("HLA-A*01:01-7-G-A") == Variant("HLA-A*01:01", 7, "G", "A")


@pytest.mark.parametrize(
    "text", ["chr5", "chr5:5-9", "chr5:5", "chr5:5:G", "chr5:5:G:<DEL>", "chr5:5:G:A,T", "rs12", ""]
)
def test_other_things_are_no_variants(text):
    assert parse_variant(text) is None
