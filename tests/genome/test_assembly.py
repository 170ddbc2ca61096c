"""Whose genome a FASTA is, and whether models suit it."""

import pytest

from regplug.errors import GenomeError
from regplug.genome.assembly import LENGTHS, check_organism, organism_of, organisms_named
from regplug.genome.fasta import Genome

CHR20 = {"hg19": 63025520, "hg38": 64444167}


class Lengths:
    """A genome of which only path and lengths are asked."""

    path = "genome.fa"

    def __init__(self, lengths):
        self.lengths = lengths


def test_genome_sizes():
    # The sums of the 24 chromosomes, from NCBI's pages of GRCh37 and GRCh38.
    assert sum(LENGTHS["hg19"].values()) == 3_095_677_412
    assert sum(LENGTHS["hg38"].values()) == 3_088_269_832


def test_the_size_of_yeast():
    # 12,157,105 bases of sacCer3 (UCSC), less the mitochondrion's 85,779.
    assert sum(LENGTHS["sacCer3"].values()) == 12_157_105 - 85_779


@pytest.mark.data
def test_the_genome_of_yeast(data):
    with Genome(data / "yeast" / "sacCer3.fa.gz") as genome:
        assert genome.lengths == LENGTHS["sacCer3"]
        assert organism_of(genome.lengths).organism == "yeast"


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ({"chr20": CHR20["hg38"]}, "human"),
        ({"20": CHR20["hg19"]}, "human"),
        ({"chr1": 248387328}, "human"),  # T2T-CHM13
        ({"1": 195471971}, "mouse"),  # GRCm38
        ({"2L": 23513712, "mitochondrion_genome": 19524}, "fruit fly"),  # BDGP6
        ({"X": 17718942}, "worm"),
        ({"chrX": 745751, "other": 1}, "yeast"),
        ({"chr20": CHR20["hg38"], "sc_chrI": 230218}, "human"),
        ({"chr20": CHR20["hg38"], "chrI": 230218}, None),  # human with a spike-in of yeast
        ({"chr20": 1000, "chrI": 230208}, None),
        ({}, None),
    ],
)
def test_whose_genome(lengths, expected):
    found = organism_of(lengths)
    assert (found.organism if found else None) == expected


def test_named_assemblies():
    assert organisms_named("hg19, GRCh38") == {"human"}
    assert organisms_named("R64-1-1") == {"yeast"}
    assert organisms_named("hg38,mm10") == {"human", "mouse"}
    assert organisms_named("") == organisms_named("potato7") == set()


@pytest.mark.parametrize("assembly", ["hg19", "hg38", "GRCh37", "hg19, mm10", "", "potato7"])
def test_builds_of_one_organism_and_unknown_ones_pass(assembly):
    check_organism(Lengths({"chr20": CHR20["hg38"]}), {"m": assembly})


def test_another_organism_is_refused():
    yeast = Lengths({"chrI": 230218})
    text = (
        r"^b was trained on human \(hg19\), and genome.fa is of yeast: its chrI is as long as that "
        r"of sacCer3\. Name a model of yeast with --model \(regplug models list\), or --force"
    )
    with pytest.raises(GenomeError, match=text):
        check_organism(yeast, {"a": "sacCer3", "b": "hg19"})
    with pytest.raises(GenomeError, match="a was trained on yeast"):
        check_organism(Lengths({"chr1": 248956422}), {"a": "sacCer3"})
