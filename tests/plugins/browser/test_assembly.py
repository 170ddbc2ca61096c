"""The assembly is what the FASTA's lengths allow."""

import pytest

from regplug.genome.assembly import LENGTHS
from regplug.genome.fasta import Genome
from regplug.hooks.track_writer import TrackSet
from regplug_browser.assembly import assembly_of
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
        assert {name: LENGTHS["hg38"][name] for name in genome.lengths} == genome.lengths
