"""`regplug marginalize`: its tables by hand, its pictures, and mistakes."""

import csv
import re

import numpy as np
import pytest

import regplug as front_door
from regplug.genome.codes import encode
from regplug.interpret.marginal.backgrounds import random_backgrounds
from regplug.interpret.marginal.report import FILES, figures_of
from regplug.motifs.meme import write_meme
from regplug.motifs.motif import Motif
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model
from tests.toy_pictures import smallest_letters

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
pytest.importorskip("scipy")
pytest.importorskip("pyjaspar")

pytestmark = pytest.mark.slow

COUNT = 8
LETTERS = "GGNCC"


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def motif(name, letters, also=""):
    return Motif(name, np.eye(4)[encode(letters)], 20, also)


@pytest.fixture
def run(toy_repo, regplug, tmp_path, meme):
    """Return a function that runs `regplug marginalize` with a toy model, by default gc."""

    def run(*words, model="gc", backgrounds=COUNT, repo=toy_repo, against=meme):
        return regplug(
            *("marginalize", *words, "--model", model, "--model-repo", repo),
            *("--backgrounds", backgrounds, "-o", tmp_path / "out"),
            *(("--against", against) if against else ()),
        )

    return run


@pytest.fixture
def numbers_only(monkeypatch):
    """Leave out what takes seconds: the pictures."""
    monkeypatch.setattr("regplug.interpret.marginal.report.figures_of", lambda _: [])


@pytest.fixture
def meme(tmp_path):
    """Return a file of eight motifs, of which one has a name that is HTML."""
    known = [motif(f"M{width}", "ACGT" * 2 + "G" * width, f"F{width}") for width in range(1, 8)]
    write_meme(tmp_path / "m.meme", [*known, motif("<i>$x_y$", "GGGG")])
    return tmp_path / "m.meme"


def shares(codes, start, end):
    """Return how many G and C the columns have, on the average."""
    return np.isin(codes[:, start:end], (1, 2)).sum(axis=1).mean()


def test_the_table_by_hand(run, tmp_path):
    """The models count G and C, and twice that; all orders of a motif have as many."""
    done = run(LETTERS)
    assert done.status == 0, done.err
    codes = random_backgrounds(COUNT, 21, 0.41, np.random.default_rng(0))
    gained = 4 - shares(codes, 8, 10) - shares(codes, 11, 13)  # at N the background stays
    once, twice = rows(tmp_path / "out" / "effects.tsv")
    assert (once["motif"], once["protein"], once["site"], once["target"]) == (
        LETTERS, ".", LETTERS, "T0",
    )  # fmt: skip
    assert float(once["effect"]) == pytest.approx(gained, abs=1e-5)
    assert float(twice["effect"]) == pytest.approx(2 * gained, abs=1e-5)
    assert float(once["effect_low"]) <= gained <= float(once["effect_high"])
    assert float(once["above_control"]) == pytest.approx(0, abs=1.5)
    positions = rows(tmp_path / "out" / "positions.tsv")
    assert [int(float(row["start"])) for row in positions] == list(range(17)) * 2
    for row in positions[:17]:
        at = int(float(row["start"]))
        here = 4 - shares(codes, at, at + 2) - shares(codes, at + 3, at + 5)
        assert float(row["effect"]) == pytest.approx(here, abs=1e-5)
    shown = {row["gc"] for row in rows(tmp_path / "out" / "gc.tsv")}
    assert shown == {"0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES - {
        "pair.tsv", "pair.png", "pair.svg", "pair.pdf",
    }  # fmt: skip
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:image/svg+xml") == 3
    assert "8 random sequences with 41% G and C" in page


def test_a_pair(run, tmp_path, numbers_only):
    """What a model counts adds up: nothing is beyond the sum."""
    done = run("GGNCC", "--with", "ACGT", "--gaps", "1-2", "--targets", "T1")
    assert done.status == 0, done.err
    found = rows(tmp_path / "out" / "pair.tsv")
    assert [(row["order"], row["gap"]) for row in found[:3]] == [
        ("A→ B→", "1"), ("A→ B→", "2"), ("A→ ←B", "1"),
    ]  # fmt: skip
    assert len(found) == 8
    assert {row["target"] for row in found} == {"T1"}
    assert max(abs(float(row["beyond"])) for row in found) < 1e-5
    assert min(float(row["joint"]) for row in found) > 2
    effects = rows(tmp_path / "out" / "effects.tsv")
    assert [row["motif"] for row in effects] == ["GGNCC", "ACGT"]


def test_many_motifs_make_a_clustered_table(run, meme, tmp_path):
    done = run(meme)
    assert done.status == 0, done.err
    assert not (tmp_path / "out" / "positions.tsv").exists()
    found = rows(tmp_path / "out" / "effects.tsv")
    assert len(found) == 16
    by_motif = {row["motif"]: float(row["effect"]) for row in found if row["target"] == "T0"}
    assert by_motif["M7"] > by_motif["M4"] > by_motif["M1"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;i&gt;$x_y$" in page
    assert "<i>" not in page


def test_names_are_looked_for_in_a_file_of_ones_own(run, meme, tmp_path, numbers_only):
    done = run("f2")
    assert done.status == 0, done.err
    assert rows(tmp_path / "out" / "effects.tsv")[0]["motif"] == "M2"
    done = run("G1")
    assert done.status == 1
    assert f"no motif G1 in {meme}: give a name" in done.err


def test_shuffled_sequences_have_their_own_share(run, tmp_path, numbers_only):
    """The backgrounds' first and last bases are the sequences', which shuffles keep."""
    known = {name: random_letters(31, seed=seed) for seed, name in enumerate("abc", start=1)}
    write_fasta(tmp_path / "s.fa", known)
    done = run("GGG", "--sequences", tmp_path / "s.fa", backgrounds=3)
    assert done.status == 0, done.err
    rich = sum(letter in "GC" for letters in known.values() for letter in letters[5:26]) / 3
    page = (tmp_path / "out" / "report.html").read_text()
    assert "3 dinucleotide shuffles of 3 sequences" in page
    first = rows(tmp_path / "out" / "positions.tsv")[:19]
    gained = sum(float(row["effect"]) for row in first[::3])
    assert gained == pytest.approx(21 - rich, abs=1e-4)  # seven places side by side are all bases


def test_a_bed_is_that_of_the_sequences_there(run, tmp_path, numbers_only):
    letters = random_letters(200, seed=4)
    write_fasta(tmp_path / "g.fa", {"chr1": letters})
    (tmp_path / "r.bed").write_text("chr1\t40\t80\n")
    write_fasta(tmp_path / "s.fa", {"r": letters[50:71]})
    assert run("GGG", "--sequences", tmp_path / "s.fa").status == 0
    of_fasta = (tmp_path / "out" / "effects.tsv").read_text()
    done = run("GGG", "--sequences", tmp_path / "r.bed", "--fasta", tmp_path / "g.fa")
    assert done.status == 0, done.err
    assert (tmp_path / "out" / "effects.tsv").read_text() == of_fasta


def test_a_model_of_any_width(run, tmp_path, numbers_only):
    gc_model(tmp_path / "repo", "any", window=None)
    done = run("GGG", "--width", "30", model="any", repo=tmp_path / "repo")
    assert done.status == 0, done.err
    starts = [float(row["start"]) for row in rows(tmp_path / "out" / "positions.tsv")]
    assert max(starts) == 27


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["MM1"], "is it M1?"),
        (["G" * 22], "has 22 positions, and gc reads 21 bases"),
        (["GG", "--with", "C" * 12], "do not fit into the 21 bases that gc reads"),
        (["GG", "--with", "CC", "--gaps", "0-9"], "give gaps of 7 at most"),
        (["GG", "--with", "CC", "--gaps", "-3-2"], "CC would overlap GG at a gap of -3"),
        (["GG", "CC", "--with", "TT"], "a second motif goes beside one motif"),
        (["GG", "--targets", "T7"], "gc has no target T7"),
        (["GG", "--score", "logit"], "has no logit"),
        (["no/such.meme"], "no/such.meme"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(run, tmp_path, words, told):
    done = run(*words)
    assert done.status == 1, done.err
    assert told in done.err
    assert not (tmp_path / "out").exists()


def test_jaspar_offers_names_that_are_near(run):
    done = run("GATA1:TAL1", against=None)
    assert done.status == 1
    assert "no motif GATA1:TAL1 in JASPAR" in done.err
    assert "is it GATA1::TAL1" in done.err


def test_short_sequences_are_named(run, tmp_path):
    write_fasta(tmp_path / "s.fa", {"long": "ACGT" * 9, "short": "ACGT"})
    done = run("GG", "--sequences", tmp_path / "s.fa")
    assert done.status == 1
    assert "sequence short has 4 bases, and gc reads 21: leave it out" in done.err


def test_targets_without_signal_are_named(run, tmp_path):
    """The model of one column does not see a site that keeps its base."""
    gc_model(tmp_path / "repo", "still")
    done = run("NWN", "--gc", "0", repo=tmp_path / "repo", model="still")
    assert done.status == 1
    assert "no motif changes T0, T1 in any background: give other" in done.err
    assert not (tmp_path / "out").exists()


def test_wrong_uses(run):
    assert run("GG", "--gaps", "5").status == 2
    assert run("GG", "--fasta", "x.fa").status == 2


def test_pictures_can_be_read_in_print(run, toy_repo, meme, tmp_path):
    """All letters have 7 points or more at a journal's width, and the same bytes come again."""
    found = {
        "few": front_door.marginalize(
            ["GGCC", "ACGTT"], model="gc", repo=str(toy_repo), backgrounds=3
        ),
        "pair": front_door.marginalize(
            "GGCC", second="ACGT", gaps=range(3), model="gc", repo=str(toy_repo), backgrounds=3
        ),
        "many": front_door.marginalize(
            str(meme), model="gc", repo=str(toy_repo), backgrounds=3, output=tmp_path / "many"
        ),
    }
    seen = set()
    for name, shown in found.items():
        for stem, figure in figures_of(shown):
            assert smallest_letters(figure) >= 6.99, (name, stem)
            assert figure.get_figwidth() <= 7.1
            seen.add(stem)
    assert seen == {"effects", "positions", "gc", "pair"}
    first = {path.name: path.read_bytes() for path in (tmp_path / "many").iterdir()}
    front_door.marginalize(
        str(meme), model="gc", repo=str(toy_repo), backgrounds=3, output=tmp_path / "many"
    )
    again = {path.name: path.read_bytes() for path in (tmp_path / "many").iterdir()}
    assert [name for name in first if first[name] != again[name]] == []
    assert re.match(rb"%PDF", first["effects.pdf"])


def test_a_shipped_model_knows_whose_motif_it_is():
    """Each motif raises its own protein most among four, and more than its control."""
    proteins = ["REST", "SRF", "YY1", "GABPA"]
    shown = front_door.marginalize(
        proteins, model="deepbind_encode", targets=proteins, backgrounds=10
    )
    for at, effect in enumerate(shown.effects):
        assert effect.effect.mean.argmax() == at
        assert effect.above.low[at] > 0.5
