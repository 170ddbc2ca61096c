"""The FASTA that igv.js is given: slices at their true coordinates."""

from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackSet
from regplug_browser import bases
from regplug_browser.bases import sparse_fasta, why_not


def test_slices(toy: TrackSet):
    letters = toy.genome.letters(Interval("chr1", 0, 3000))
    text = sparse_fasta(toy)  # 401 to 1600 and 1401 to 2600 are one slice
    assert text == f">chr1:401-2600 @len=3000\n{letters[400:2600]}\n"


def test_slices_stay_apart_and_in_their_contigs(toy: TrackSet):
    made = toy._replace(regions=(Interval("1", 0, 10), Interval("chr1", 2990, 3000)), variants=())
    headers = [line for line in sparse_fasta(made).splitlines() if line[0] == ">"]
    assert headers == [">chr1:1-510 @len=3000", ">chr1:2491-3000 @len=3000"]


def test_too_much(toy: TrackSet, monkeypatch):
    assert why_not(toy) == ""
    monkeypatch.setattr(bases, "LARGEST", 2199)
    assert why_not(toy) == "the tracks cover 2,200 bases, and a page shows 2,199 at most"


def test_a_colon_in_a_name(toy: TrackSet, genome_of):
    made = toy._replace(genome=genome_of(**{"HLA-A*01:01": "ACGT"}), variants=())
    made = made._replace(regions=(Interval("HLA-A*01:01", 0, 4),))
    assert "HLA-A*01:01" in why_not(made)
