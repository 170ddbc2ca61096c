import gzip

import pytest

from regplug.errors import GenomeError
from regplug.genome.transcripts import Transcripts, promoters
from regplug.genome.variant import Interval

GTF = """\
#!genome-build toy
chr1\tx\tgene\t101\t200\t.\t+\t.\tgene_id "a";
chr1\tx\texon\t501\t600\t.\t+\t.\tgene_id "a";
chr1\tx\tgene\t151\t300\t.\t+\t.\tgene_id "b";
chr1\tx\tgene\t181\t190\t.\t-\t.\tgene_id "c";
chr1\tx\ttranscript\t401\t450\t.\t+\t.\tgene_id "d";
2\tx\tgene\t1\t9\t.\t-\t.\tgene_id "e";
"""


@pytest.fixture
def genes(tmp_path):
    (tmp_path / "a.gtf").write_text(GTF)
    return Transcripts(str(tmp_path / "a.gtf"))


@pytest.mark.parametrize(
    ("chrom", "start", "end", "strand", "covered"),
    [
        ("chr1", 99, 100, "+", False),
        ("chr1", 100, 101, "+", True),
        ("chr1", 299, 300, "+", True),
        ("chr1", 300, 301, "+", False),
        ("chr1", 90, 500, "+", True),
        ("chr1", 100, 101, "-", False),
        ("chr1", 185, 186, "-", True),
        ("1", 185, 186, "-", True),
        ("chr2", 8, 9, "-", True),
        ("chr2", 8, 9, "+", False),
        ("chr3", 8, 9, "+", False),
        ("chr1", 420, 421, "+", False),  # transcripts count only where there are no genes
    ],
)
def test_covers(genes, chrom, start, end, strand, covered):
    assert genes.covers(Interval(chrom, start, end), strand) is covered


def test_transcripts_where_there_are_no_genes(tmp_path):
    path = tmp_path / "a.gtf.gz"
    path.write_bytes(gzip.compress(GTF.replace("\tgene\t", "\tCDS\t").encode()))
    assert Transcripts(str(path)).covers(Interval("chr1", 420, 421), "+")


@pytest.mark.parametrize(
    "content", [b"", b"chr1\t5\n", gzip.compress(GTF.encode(), mtime=0)[:40], b"\xff\xfe"]
)
@pytest.mark.parametrize("name", ["odd.gtf", "odd.gtf.gz"])
def test_what_is_no_gtf(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GenomeError, match=name):
        Transcripts(str(tmp_path / name))


def test_no_such_file(tmp_path):
    with pytest.raises(GenomeError, match=r"none\.gtf"):
        Transcripts(str(tmp_path / "none.gtf"))


def test_promoters_by_hand(tmp_path):
    rows = ((3000, 3999, "+"), (9000, 9999, "-"), (300, 900, "+"))
    text = "".join(f"c\tx\ttranscript\t{a}\t{b}\t.\t{strand}\t.\tid\n" for a, b, strand in rows)
    (tmp_path / "genes.gtf").write_text(text)
    found = promoters(str(tmp_path / "genes.gtf"))
    # 1,000 bases before the first transcribed base, and 200 from it on.
    assert found == [Interval("c", 1999, 3199), Interval("c", 9799, 10999), Interval("c", 0, 499)]
