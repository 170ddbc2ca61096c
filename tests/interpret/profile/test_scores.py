"""A value per base, worked out by hand and by `predict_sequences`."""

from contextlib import closing

import numpy as np
import pytest

from regplug.errors import ModelError, RegionError
from regplug.genome.codes import decode, encode, reverse_complement
from regplug.genome.variant import Interval
from regplug.interpret.profile.exons import SIDES, Exon
from regplug.interpret.profile.scores import ExonGroup, Layout, exon_group, score_group
from regplug.models.embedded import Embedded
from regplug.scoring.card import read_width
from regplug.scoring.sequences import predict_sequences
from tests.toy_genomes import random_letters
from tests.toy_models import centre_model, gc_model, position_model

LETTERS = random_letters(120, seed=5)
LAYOUT = Layout(flank=20, exon=6, window=10, step=10)
OF_BASE = {"A": 1, "C": 2, "G": 4, "T": 8}  # centre_model's answers


def scored(folder, genome, *exons, layout=LAYOUT, target=0):
    with closing(Embedded(folder, threads=1)) as backend:
        return score_group(
            ExonGroup("g", exons, (), 0), genome, backend, target=target, layout=layout
        )


@pytest.mark.parametrize("window", [20, 21])
def test_each_base_has_its_own_value(tmp_path, genome_of, window):
    """The model tells the base in column (w - 1) // 2, so the profile spells the transcript."""
    centre_model(tmp_path, window=window)
    genome = genome_of(c=LETTERS)
    plus, minus = Exon(Interval("c", 50, 60), "+"), Exon(Interval("c", 50, 60), "-")
    values = scored(tmp_path / "centre", genome, plus, minus)
    other = decode(reverse_complement(encode(LETTERS)))  # 50-60 of 120 is 60-70 there
    for row, (letters, start, end) in enumerate([(LETTERS, 50, 60), (other, 60, 70)]):
        for side, stretch in (
            ("upstream", letters[start - 20 : start + 6]),
            ("downstream", letters[end - 6 : end + 20]),
        ):
            assert values[side][row].tolist() == [OF_BASE[letter] for letter in stretch]


def test_values_are_those_of_predict(tmp_path, genome_of):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS)
    exon = Exon(Interval("c", 50, 60), "-")
    with closing(Embedded(tmp_path / "place", threads=1)) as backend:
        for side in SIDES:
            windows = [
                decode(exon.codes(genome, side, position - 10, position + 11))
                for position in LAYOUT.positions(side)
            ]
            expected = predict_sequences(windows, backend)
            for target in (0, 1):
                values = scored(tmp_path / "place", genome, exon, target=target)
                np.testing.assert_allclose(values[side][0], expected[:, target], rtol=1e-5)


def test_the_other_strand_of_the_genome(tmp_path, genome_of):
    """The same transcripts, with all else turned round, have the same values."""
    position_model(tmp_path)
    spans = [(40, 60, "+"), (50, 53, "-"), (45, 70, "-")]
    turned = [(120 - end, 120 - start, "+-"["-+".index(strand)]) for start, end, strand in spans]
    here, there = (
        scored(tmp_path / "place", genome, *(Exon(Interval("c", s, e), x) for s, e, x in each))
        for genome, each in (
            (genome_of(c=LETTERS), spans),
            (genome_of(c=decode(reverse_complement(encode(LETTERS)))), turned),
        )
    )
    for side in SIDES:
        np.testing.assert_array_equal(here[side], there[side])


def test_what_lies_behind_a_short_exon_is_not_exon(tmp_path, genome_of):
    centre_model(tmp_path)
    values = scored(tmp_path / "centre", genome_of(c=LETTERS), Exon(Interval("c", 50, 52), "+"))
    assert np.isnan(values["upstream"][0]).tolist() == [False] * 22 + [True] * 4
    assert np.isnan(values["downstream"][0]).tolist() == [True] * 4 + [False] * 22


def test_many_windows_are_cut_into_calls(tmp_path, genome_of, monkeypatch):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS)
    exons = [Exon(Interval("c", start, start + 10), "+") for start in range(40, 70)]
    whole = scored(tmp_path / "place", genome, *exons)
    monkeypatch.setattr("regplug.interpret.profile.scores._ROWS", 7)
    monkeypatch.setattr("regplug.interpret.profile.scores._HELD", 200)
    cut = scored(tmp_path / "place", genome, *exons)
    for side in SIDES:
        np.testing.assert_allclose(cut[side], whole[side], rtol=1e-6)


def test_layout():
    layout = Layout(flank=100, exon=10, window=40, step=40)
    assert layout.windows("upstream") == [(-80, -40), (-40, 0)]  # from the splice site outwards
    assert layout.windows("downstream") == [(0, 40), (40, 80)]
    assert Layout(100, 10, 40, 30).windows("downstream") == [(0, 40), (30, 70), (60, 100)]
    assert layout.positions("upstream") == range(-100, 10)
    assert layout.positions("downstream") == range(-10, 100)
    assert layout.span("upstream", 1) == (-100, 10)
    assert layout.span("downstream", 24) == (-21, 112)  # 11 bases before a base, 12 behind it
    with pytest.raises(RegionError, match="no window of 50 bases fits into a flank of 20"):
        Layout(flank=20)


def test_which_windows_a_model_has(tmp_path):
    assert read_width(gc_model(tmp_path, window=21)) == 21
    assert read_width(gc_model(tmp_path, "scan", window=None, scan=24)) == 24
    assert read_width(gc_model(tmp_path, "both", window=21, scan=8)) == 21
    with pytest.raises(ModelError, match="any reads a sequence as a whole"):
        read_width(gc_model(tmp_path, "any", window=None))


def test_a_group_without_a_usable_exon(genome_of):
    exons = [Exon(Interval("c", 5, 9), "+"), Exon(Interval("d", 50, 60), "+")]
    with pytest.raises(RegionError, match=r"no exon of up can be scored \(off_contig, unknown_c"):
        exon_group("up", exons, genome_of(c=LETTERS), LAYOUT, 21)
