"""`regplug test --along` measures a model on tiles of a genome, beside GC and words."""

import json
import random
import shutil

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.metrics import average_precision_score, roc_auc_score

from regplug.data.measure.along import shared_targets
from regplug.data.sites.sites import Sites
from regplug.errors import ModelError
from regplug.files.figures import names_of
from regplug.models.repository import check_model
from regplug.scoring.card import Target
from tests.data.sites.toy_samples import write_samples
from tests.data.sites.toy_sites import write_sites
from tests.toy_models import gc_model, table_model

pytestmark = pytest.mark.slow

LENGTH, STEP = 60, 40
WORD = "TGACTCAG"
FILES = {"metrics.tsv", "metrics.json", *names_of("pr"), *names_of("stretch")}
HEADER = ["target", "score", "tiles", "open"]
HEADER += [f"{name}{end}" for name in ("auroc", "auprc") for end in ("", "_low", "_high")]


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Return a folder with a genome whose peaks of T0 have words, and those of T1 G and C."""
    rng = random.Random(1)
    folder = tmp_path_factory.mktemp("tiles")
    contigs, peaks = {}, {"T0": "", "T1": ""}
    for name, size in (("chr1", 60_000), ("chr2", 20_000)):
        letters = rng.choices("ACGT", k=size)
        for start in range(200, size - 200, 400):
            which = rng.choice(["T0", "T1"])
            if which == "T0":
                for at in (start, start + 12, start + 24):
                    letters[at : at + len(WORD)] = WORD
            else:
                letters[start : start + 40] = rng.choices("GGGCCCAT", k=40)
            peaks[which] += f"{name}\t{start}\t{start + 40}\n"
        contigs[name] = "".join(letters)
    write_samples(folder, peaks, contigs=contigs)
    strong = np.array([[0, 0], [1, 1], [1, 1], [0, 0], [0, 0]])
    table_model(folder, "share", strong, window=LENGTH)
    return folder


@pytest.fixture
def tiles(toys, tmp_path, regplug, monkeypatch):
    """Return a function that makes the set with more options."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())

    def make(*options, held=("--test-chroms", "chr2")):
        out = tmp_path / "tiles.h5"
        done = regplug(
            "prepare", "basset", toys / "samples.tsv", "--along", "--fasta", toys / "genome.fa",
            "-o", out, "--length", LENGTH, "--step", STEP, "--centre", 40, "--label", "overlap",
            *held, *options,
        )  # fmt: skip
        assert done.status == 0, done.err
        return out

    return make


@pytest.fixture
def run(toys, regplug):
    """Return a function that tests the model `share`, and gives what was done."""

    def test(*arguments, model="share", repo=toys):
        return regplug("test", "--along", "--model", model, "--model-repo", repo, *arguments)

    return test


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def test_a_model_beside_the_baselines(tiles, run, tmp_path):
    path, out = tiles(), tmp_path / "out"
    done = run(path, "-o", out, "--block", 2000, "--bootstrap", 100)
    assert done.status == 0, done.err
    header, *table = rows(done.out)
    assert header == HEADER
    assert [row[:2] for row in table] == [
        [target, score] for target in ("T0", "T1") for score in ("share", "GC", "6-mers")
    ]
    with Sites(path) as sites:
        batch = sites.read(0, len(sites))
        test = sites.parts == 2
    share = ((batch.codes == 1) | (batch.codes == 2)).mean(axis=1)[test]
    for row in table:
        opened = batch.targets[test, int(row[0][1])]
        assert row[2:4] == [str(test.sum()), str(opened.sum())]
        if row[1] != "6-mers":  # the model is the share of G and C
            assert float(row[4]) == pytest.approx(roc_auc_score(opened, share), abs=6e-5)
            assert float(row[7]) == pytest.approx(average_precision_score(opened, share), abs=6e-5)
        values = np.array(row[4:], float)
        assert (values[[1, 4]] <= values[[0, 3]]).all()
        assert (values[[0, 3]] <= values[[2, 5]]).all()
    found = {(row[0], row[1]): float(row[4]) for row in table}
    assert found["T0", "6-mers"] > 0.9 > 0.7 > found["T0", "GC"]
    assert found["T1", "GC"] > 0.9
    assert "share: 2 targets, " in done.err
    assert "100 bootstraps over blocks of 2000 bases" in done.err
    assert {one.name for one in out.iterdir()} == FILES
    assert (out / "metrics.tsv").read_text() == done.out
    record = json.loads((out / "metrics.json").read_text())
    above = {(one["target"], one["score"]): one for one in record["model_above"]}
    assert above["T0", "GC"]["auroc"] == above["T0", "GC"]["auroc_high"] == 0
    assert above["T0", "6-mers"]["auprc_high"] < 0
    assert record["words"]["trained_on_tiles"] == (~test).sum()
    assert record["set"]["contigs"] == ["chr2"]
    assert {(one["target"], one["label"]) for one in record["scores"]} == {
        ("T0", "T0"),
        ("T1", "T1"),
    }
    assert run(path, "-o", out, "--block", 2000, "--bootstrap", 100).out == done.out


def test_what_was_measured_goes_into_the_card(tiles, run, toys, tmp_path, regplug):
    shutil.copytree(toys / "share", tmp_path / "repo" / "share")
    done = run(tiles(), "--bootstrap", 10, "--as", "T1=T0", "--as", "T0=T1", "-o", tmp_path / "out")
    arguments = "--along", tmp_path / "out" / "metrics.json", "--model-repo", tmp_path / "repo"
    assert regplug("models", "record", "share", *arguments).status == 0
    card = check_model(tmp_path / "repo" / "share")
    assert [
        [it.sample, it.score, f"{it.auroc:.4f}", f"{it.auprc_high:.4f}"] for it in card.along
    ] == [[row[0], row[1], row[4], row[9]] for row in rows(done.out)[1:]]
    assert {(it.sample, it.target) for it in card.along} == {("T0", "T1"), ("T1", "T0")}


def test_without_bootstraps_and_with_other_names(toys, tiles, run):
    path = tiles()
    gc_model(toys, "other", window=LENGTH)
    done = run(path, "--bootstrap", 0, "--as", "T1=T0", "--as", "T0=T1")
    assert done.status == 0, done.err
    assert rows(done.out)[1][5:7] == [".", "."]
    for pairs, why in (
        (["T9=T0"], "has no sample T9; it has T0, T1"),
        (["T1=x"], "share has no target x; it has T0, T1"),
    ):
        done = run(path, *(word for pair in pairs for word in ("--as", pair)))
        assert (done.status, done.out) == (1, "")
        assert why in done.err


def test_what_is_not_known_does_not_count(tiles, run):
    path = tiles("--known", "T0")
    done = run(path, "--bootstrap", 0)
    assert done.status == 0, done.err
    table = rows(done.out)[1:]
    assert table[3][3] == table[3][2]  # T1's known tiles are open ones
    assert table[3][4:] == ["."] * 6
    assert float(table[0][4]) > 0
    with Sites(path) as sites:
        opened = sites.read(0, len(sites)).targets[sites.parts == 2, 1] == 1
    assert (
        f"T1: no areas of GC; {opened.sum()} of its {opened.sum()} known tiles are open" in done.err
    )


def test_mistakes(tiles, run, tmp_path, toys):
    drawn = tiles("--closed", 2)
    assert "were drawn, and are not those along the genome" in run(drawn, "--part", "train").err
    sites = write_sites(tmp_path / "s.h5", ["A" * LENGTH, "C" * LENGTH], {"T0": [0, 1]})
    gc_model(toys, "short", window=20)
    table_model(toys, "shares", np.zeros((5, 1)), window=LENGTH)
    before = sorted(tmp_path.rglob("*"))
    for arguments, why in (
        ((sites,), "is no set of tiles along a genome: make it with"),
        ((drawn, "--part", "valid"), "has no sites in part valid"),
        ((drawn, "--model", "short"), "short reads 20 bases, the sites of"),
        ((tmp_path / "none.h5",), "cannot be read as a set of sites"),
    ):
        done = run(*arguments, "-o", tmp_path / "out")
        assert (done.status, done.out) == (1, ""), arguments
        assert why in done.err
        assert sorted(tmp_path.rglob("*")) == before


def test_a_joined_set(tiles, run, tmp_path, regplug):
    joined = tmp_path / "joined.h5"
    assert regplug("prepare", "join", tiles(), tiles(), "-o", joined).status == 0
    done = run(joined, "--part", "valid")
    assert done.status == 1
    assert done.err.endswith("joined.h5 is joined from several sets: test on each by itself\n")


def test_a_model_without_the_sets_targets(tiles, run, tmp_path):
    path = tiles()
    table_model(tmp_path, "one", np.zeros((5, 1)), window=LENGTH)
    done = run(path, "--bootstrap", 0, model="one", repo=tmp_path)
    assert done.status == 0, done.err
    assert "one has no target for T1: see --as" in done.err
    card = replace(gc_model(tmp_path), targets=(Target("K562", 1.0),))
    with (
        Sites(path) as sites,
        pytest.raises(ModelError, match=r"has T0, T1, the model K562; pair them with --as"),
    ):
        shared_targets(sites, card, {})


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--along", "x.h5"], "--along goes with --model"),
        (["--model", "m", "--block", 5, "x.h5"], "--block goes with --along"),
        (["--model", "m", "--as", "a=b", "x.h5"], "--as goes with --along"),
        (["--along", "--model", "m", "--as", "ab", "x.h5"], "ab is not SAMPLE=TARGET"),
    ],
)
def test_usage(regplug, arguments, why):
    done = regplug("test", *arguments)
    assert done.status == 2
    assert why in done.err
