"""Patterns of models' names, which a user of a shell knows."""

import shutil
import string
import subprocess

import pytest
from msgspec.structs import replace

from regplug.errors import ModelError
from regplug.models.patterns import fitting, is_pattern
from regplug.models.repository import read_card, rewrite_card
from regplug.scoring.card import ModelCard, Target
from tests.toy_models import gc_model


def named(name, *cells):
    """Return a card that says of which cells its targets are."""
    targets = tuple(Target(f"T{at}", 1.0, {"cell": cell}) for at, cell in enumerate(cells))
    return ModelCard(
        name=name, version="1", family="toy", window=3, targets=targets or (Target("T"),),
        strand="mean", output_scale="score", max_batch_size=1, sha256="",
    )  # fmt: skip


NAMES = ["K562", "K562.a", "K562_ATAC", "hepg2-1", "hepg2-2", "x+y", "ä"]
KNOWN = [named(name) for name in NAMES]


@pytest.mark.parametrize(
    "pattern", ["*", "K562*", "K562?a", "hepg2-[12]", "hepg2-[!1]", "*[1-2]", "k562*", "x+*", "?"]
)
def test_as_a_shell_gives_files(tmp_path, pattern):
    for name in NAMES:
        (tmp_path / name).touch()
    line = ["bash", "-c", f"export LC_ALL=C.UTF-8; shopt -s nullglob; printf '%s\\n' {pattern}"]
    given = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    wanted = sorted(filter(None, given.stdout.splitlines()))
    if wanted:
        assert sorted(fitting(pattern, KNOWN)) == wanted
    else:
        with pytest.raises(ModelError, match="no model is called"):
            fitting(pattern, KNOWN)


def test_a_name_is_no_pattern_and_fits_itself():
    assert not any(map(is_pattern, [*NAMES, string.ascii_letters]))
    assert fitting("K562", [*KNOWN, named("K562")]) == ["K562"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("K562/*", ["K562_a", "both"]),
        ("K562/K*", ["K562_a"]),
        ("K5*/[!K]*", ["both"]),
        ("*/*", ["K562_a", "both", "liver"]),  # of something, whatever it is
        ("liver, left/*", ["liver"]),
        ("K562/both", ["both"]),
    ],
)
def test_before_a_slash_stands_what_a_target_is_of(pattern, names):
    known = [named("K562_a", "K562"), named("both", "HepG2", "K562"), named("K562_b")]
    known.append(named("liver", "liver, left"))
    assert is_pattern(pattern)
    assert fitting(pattern, known) == names


@pytest.fixture
def annotate(regplug, world):
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])

    def run(repo, *models):
        named = [word for model in models for word in ("--model", model)]
        return regplug("annotate", vcf, "--fasta", world.fasta, "--model-repo", repo, *named)

    return run


def ran(done):
    return [
        line.split("ID=")[1].split(",")[0]
        for line in done.out.splitlines()
        if line.startswith("##regplug_model=")
    ]


@pytest.mark.parametrize(
    ("models", "wanted"),
    [
        (["*c*"], ["centre", "gc", "place"]),
        (["[!p]*"], ["centre", "gc"]),
        (["place", "*c*"], ["place", "centre", "gc"]),
        (["g?", "gc"], ["gc"]),
    ],
)
def test_annotate_runs_what_fits(annotate, toy_repo, models, wanted):
    done = annotate(toy_repo, *models)
    assert (done.status, ran(done)) == (0, wanted), done.err
    assert done.out.splitlines()[-1] == annotate(toy_repo, *wanted).out.splitlines()[-1]


def test_the_models_of_a_cell(annotate, regplug, toy_repo, tmp_path):
    repo = shutil.copytree(toy_repo, tmp_path / "toys")
    for name, cell in (("gc", "K562"), ("centre", "K562"), ("place", "liver")):
        card = read_card(repo / name)
        about = tuple(replace(target, about={"cell": cell}) for target in card.targets)
        rewrite_card(repo / name, replace(card, targets=about))
    done = annotate(repo, "K562/*")
    assert (done.status, ran(done)) == (0, ["centre", "gc"]), done.err
    rows = regplug("models", "list", "liver/*", "--model-repo", repo).out.splitlines()
    assert [row.split("\t")[0] for row in rows[1:]] == ["place"]
    rows = regplug("models", "verify", "K562/*", "--model-repo", repo).out.splitlines()
    assert [row.split("\t")[:2] for row in rows] == [["centre", "ok"], ["gc", "ok"]]


def test_nothing_fits(annotate, regplug, toy_repo):
    there = "no model is called K562/*; there are: centre, gc, place (regplug models list)"
    for done in (
        annotate(toy_repo, "gc", "K562/*"),
        regplug("models", "list", "K562/*", "--model-repo", toy_repo),
        regplug("models", "verify", "K562/*", "--model-repo", toy_repo),
    ):
        assert (done.status, done.out, there in done.err) == (1, "", True), done.err


def test_a_companion_fits_no_pattern_of_annotate(annotate, toy_repo, tmp_path):
    repo = shutil.copytree(toy_repo, tmp_path / "toys")
    gc_model(repo, "gc_scan", window=None)
    rewrite_card(repo / "gc", replace(read_card(repo / "gc"), companion="gc_scan"))
    done = annotate(repo, "gc*")
    assert (done.status, ran(done)) == (0, ["gc"]), done.err
    assert annotate(repo, "gc_scan").status == 1


def test_list_and_verify(regplug, toy_repo):
    rows = regplug("models", "list", "g*", "place", "--model-repo", toy_repo).out.splitlines()
    assert [row.split("\t")[0] for row in rows] == ["name", "gc", "place"]
    rows = regplug("models", "verify", "place", "*c", "gc", "--model-repo", toy_repo).out
    assert [row.split("\t")[:2] for row in rows.splitlines()] == [["place", "ok"], ["gc", "ok"]]
    assert regplug("models", "list", "nothing", "--model-repo", toy_repo).status == 1
