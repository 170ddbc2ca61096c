"""Which factor is named: sites broken by hand, places that are closed, ranks of a toy model."""

import csv
import gzip
import sys

import numpy as np
import pytest

from benchmarks import chip_sets, factor_on_top
from benchmarks import factor_on_top_cases as cases
from benchmarks.factor_on_top_cases import KNOWN, Case, broken, closed_places, planted
from regplug.genome.codes import UNKNOWN, decode, encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.motifs.motif import Motif
from regplug.scoring.examined import examine
from tests.benchmarks.test_open_chromatin_tables import reverse, write_peaks
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import table_model

MOTIF = Motif("M", np.array([[0.7, 0.1, 0.1, 0.1], [0, 0.96, 0.03, 0.01], [0.1, 0.1, 0.1, 0.7]]))


@pytest.mark.parametrize(
    ("turned", "ref", "alt", "at"), [(False, "ACT", "AAT", 1), (True, "AGT", "ATT", 1)]
)
def test_the_most_informative_base_breaks(turned, ref, alt, at):
    whole, changed, place = broken(MOTIF, turned=turned)
    assert (decode(whole), decode(changed), place) == (ref, alt, at)


def test_places_without_a_peak(tmp_path, monkeypatch):
    """Ten places of 20 bases; a peak touches the third by a base, and N the fifth."""
    monkeypatch.setattr(cases, "WIDTH", 20)
    monkeypatch.setattr(cases, "PLACES", 7)
    letters = random_letters(201, seed=1)
    letters = letters[:85] + "N" + letters[86:]
    with gzip.open(tmp_path / "peaks.gz", "wt") as file:
        file.write("c\t59\t60\tx\nother\t0\t200\tx\n")
    with Genome(write_fasta(tmp_path / "g.fa", {"c": letters})) as genome:
        places = closed_places(genome, "c", [tmp_path / "peaks.gz"])
        found = {decode(place) for place in places}
        assert found <= {letters[i : i + 20] for i in range(0, 200, 20) if i not in (40, 80)}
        assert len(found) == 7
        monkeypatch.setattr(cases, "PLACES", 9)
        with pytest.raises(SystemExit, match="8 closed places, and 9 are needed"):
            closed_places(genome, "c", [tmp_path / "peaks.gz"])


def test_planted_sites_are_where_the_variants_say(tmp_path):
    pytest.importorskip("pyjaspar")
    places = [encode(random_letters(cases.WIDTH, seed=seed)) for seed in (1, 2)]
    made, letters = planted(places)
    (tmp_path / "planted.fa").write_text(letters)
    with Genome(tmp_path / "planted.fa") as genome:
        for case in made:
            assert examine(case.variant, genome).status is Status.OK
            assert abs(case.variant.pos - cases.WIDTH // 2) < 20
        for contig, site in (("FOXA1_0", "GTAAACAT"), ("FOXA1_1", "ATGTTTAC")):
            middle = genome.letters(Interval(contig, 490, 511))
            assert site in middle
    assert len(made) == 2 * len(cases.MOTIFS)


@pytest.fixture
def world(tmp_path):
    """Return a model of SP1, USF1 and MYC that counts bases, and its genome."""
    table = np.array([[0, 1, 4], [3, 1, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0]])
    card = table_model(tmp_path, "toy", table, window=9)
    folder = tmp_path / "toy" / "card.json"
    text = folder.read_text()
    for label, name in zip(card.labels, ("SP1", "USF1", "MYC_x"), strict=True):
        text = text.replace(f'"{label}"', f'"{name}"')
    folder.write_text(text)
    fasta = write_fasta(tmp_path / "g.fa", {"c": "G" * 20 + "NNNNNNNNN"})
    return tmp_path, fasta


def test_ranks_by_hand(world, capsys):
    """Spreads are 1; G > C changes SP1 by 3 and USF1 by 1, G > A changes MYC by 4, USF1 by 1."""
    repo, fasta = world
    model = factor_on_top.opened("toy", str(repo))
    asked = [
        Case("a", "SP1", Variant("c", 10, "G", "C"), ""),
        Case("b", "USF1", Variant("c", 10, "G", "C"), ""),  # of its family USF1 is the better
        Case("c", "USF1", Variant("c", 10, "G", "A"), ""),  # MYC is of its family
        Case("d", "YY1", Variant("c", 10, "G", "A"), ""),  # not a target
        Case("e", "SP1", Variant("c", 20, "G", "A"), ""),  # N in its window
        Case("f", "SP1", Variant("c", 10, "G", "T"), ""),
    ]
    with Genome(fasta) as genome:
        found = factor_on_top.judged(model, asked, genome)
    assert [(one.case.name, one.top, one.rank) for one in found] == [
        ("a", "SP1", 1),
        ("b", "SP1", 2),
        ("c", "MYC_x", 1),
        ("f", "USF1", 2),
    ]
    assert "toy has no score for e: mostly_n" in capsys.readouterr().err
    assert factor_on_top.summary(found) == "2 of 4 | 1 | 1.5"
    assert [factor_on_top.in_family(one) for one in found] == [True, False, True, False]


@pytest.mark.data
def test_known_changes_have_the_genomes_bases(data):
    with Genome(data / "genome" / "hg38.partial.fa.gz") as genome:
        assert {examine(case.variant, genome).status for case in KNOWN} == {Status.OK}
    assert len({case.variant for case in KNOWN}) == len(KNOWN)


def test_sets_without_a_region_and_with_peaks_held_out(tmp_path, monkeypatch, capsys):
    """Of A, whose tests are there, one peak lies in the region; of B every other is tested on."""
    region = random_letters(60, seed=1)
    fasta = write_fasta(tmp_path / "g.fa", {"c": region + random_letters(200, seed=2)})
    first, second = tmp_path / "first", tmp_path / "second"
    peaks = [random_letters(40, seed=10 + seed) for seed in range(6)]
    for folder in (first, second):
        folder.mkdir()
    write_peaks(first / "A_x_AC.seq.gz", [peaks[0], reverse(region[10:50]), peaks[1]])
    write_peaks(first / "A_x_B.seq.gz", [peaks[5]])
    write_peaks(second / "A_y_AC.seq.gz", [peaks[4]])
    write_peaks(second / "B_y_AC.seq.gz", peaks[:4])
    out = tmp_path / "out"
    command = ["--data", first, second, "--fasta", fasta, "--without", "c:1-60", "-o", out]
    monkeypatch.setattr(sys, "argv", ["x", *map(str, command)])
    monkeypatch.setattr(chip_sets, "STRONGEST", 3)
    chip_sets.main()
    assert capsys.readouterr().err.splitlines() == [
        "A: 3 peaks, 1 left out, 0 held out",
        "B: 4 peaks, 0 left out, 1 held out",
    ]

    def rows(name):
        with gzip.open(out / name, "rt") as file:
            return [(row["seq"], row["Bound"]) for row in csv.DictReader(file, delimiter="\t")]

    assert sorted(path.name for path in out.iterdir()) == [
        *("A_x_AC.seq.gz", "A_x_B.seq.gz", "B_y_AC.seq.gz", "B_y_B.seq.gz")
    ]
    assert rows("A_x_AC.seq.gz") == [(peaks[0], "1"), (peaks[1], "1")]
    assert rows("A_x_B.seq.gz") == [(peaks[5], "1")]
    assert rows("B_y_AC.seq.gz") == [(peaks[i], "1") for i in (0, 2, 3)]
    (bound, shuffle) = rows("B_y_B.seq.gz")
    assert bound == (peaks[1], "1")
    assert shuffle[1] == "0"
    assert shuffle[0] != peaks[1]
    assert sorted(zip(shuffle[0], shuffle[0][1:], strict=False)) == sorted(
        zip(peaks[1], peaks[1][1:], strict=False)
    )
    assert not (encode(shuffle[0]) == UNKNOWN).any()
