"""The assembly is what the FASTA's lengths allow."""

import pytest

from regplug.genome.fasta import Genome
from regplug.hooks.track_writer import TrackSet
from regplug_browser.assembly import CHROMOSOMES, LENGTHS, assembly_of
from tests.plugins.browser.example_tracks import FASTA


class Lengths:
    """A genome of which only the lengths are asked."""

    def __init__(self, lengths):
        self.lengths = lengths

    def contig(self, chrom):
        """Return the name with or without chr."""
        return next((n for n in (chrom, chrom.removeprefix("chr")) if n in self.lengths), None)


def made_of(lengths, assembly):
    return TrackSet(None, (), assembly, Lengths(lengths), (), (), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lengths", "said", "expected"),
    [
        ({"chr20": 64444167}, None, "hg38"),
        ({"20": 63025520}, None, "hg19"),
        ({"20": 63025520}, "b37", "hg19"),
        ({"20": 63025520}, "hg38", "hg19"),  # the lengths know better
        ({"chr20": 1000}, "hg38", None),
        ({"chr20": 1000}, None, None),
        ({"chr20": 1000}, "GRCm39", "mm39"),
        ({"chr20": 64444167, "chr1": 5}, None, None),
        ({"chr1_KI270706v1_random": 175055}, "hg38", "hg38"),  # nothing to contradict it
        ({"scaffold_1": 5000}, "GCA_000001.1", "GCA_000001.1"),
        ({"chrI": 230218, "chrX": 745751}, None, "sacCer3"),
        ({"I": 230218}, "R64-1-1", "sacCer3"),
        ({"chrI": 230208}, "sacCer3", None),  # an older release
        ({"chrX": 745751}, "hg38", "sacCer3"),
        ({"chrX": 23542271}, "BDGP6", "dm6"),
        ({"I": 15072434, "X": 17718942}, "WBcel235", "ce11"),
        ({"chr20": 1000}, "grcz11", "danRer11"),
    ],
)
def test_assembly(lengths, said, expected):
    assert assembly_of(made_of(lengths, said)) == expected


def test_the_example_is_hg38():
    with Genome(FASTA) as genome:
        table = dict(zip(CHROMOSOMES["hg38"], LENGTHS["hg38"], strict=True))
        assert {name: table[name] for name in genome.lengths} == genome.lengths


def test_genome_sizes():
    # The sums of the 24 chromosomes, from NCBI's pages of GRCh37 and GRCh38.
    assert sum(LENGTHS["hg19"]) == 3_095_677_412
    assert sum(LENGTHS["hg38"]) == 3_088_269_832


def test_the_size_of_yeast():
    # 12,157,105 bases of sacCer3 (UCSC), less the mitochondrion's 85,779.
    assert sum(LENGTHS["sacCer3"]) == 12_157_105 - 85_779


@pytest.mark.data
def test_the_genome_of_yeast(data):
    with Genome(data / "yeast" / "sacCer3.fa.gz") as genome:
        assert genome.lengths == dict(zip(CHROMOSOMES["sacCer3"], LENGTHS["sacCer3"], strict=True))
