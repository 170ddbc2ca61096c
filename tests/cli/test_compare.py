"""`regplug compare`: two toy models that agree or not, its page and pictures, and mistakes."""

import csv
import re
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest

import regplug as front_door
from regplug.interpret.compare.picture import scatter_figure
from regplug.interpret.compare.report import FILES
from tests.toy_models import table_model
from tests.toy_pictures import smallest_letters

pytest.importorskip("logomaker")
pytest.importorskip("jinja2")
pytest.importorskip("memelite")
pytest.importorskip("pyjaspar")
pytest.importorskip("scipy")

pytestmark = pytest.mark.slow

MORE = np.array([[1.0], [2], [4], [8], [0]])  # A C G T N → score


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """Return a repository: `more`, `much` (ten times it), `less` (against it), `still` (0)."""
    made = tmp_path_factory.mktemp("repo")
    for name, times in (("more", 1), ("much", 10), ("less", -1), ("still", 0)):
        table_model(made, name, times * MORE, window=21)
    return made


@pytest.fixture
def snvs(world):
    places = [("chr1", pos) for pos in range(100, 160, 3)] + [("chr2", 150)]
    return world.vcf("in.vcf", [world.snv(*place) for place in places])


@pytest.fixture
def run(world, regplug, repo, tmp_path):
    def run(first, second, *arguments):
        where = ("--fasta", world.fasta, "--model-repo", repo, "-o", tmp_path / "out")
        return regplug("compare", first, second, *where, *arguments)

    return run


@pytest.fixture
def numbers_only(monkeypatch):
    """Leave out what takes seconds: pictures, and the motif at a variant."""
    monkeypatch.setattr("regplug.interpret.compare.report.save_formats", lambda *_: None)
    monkeypatch.setattr("regplug.interpret.compare.report.svg_address", lambda _: "data:,")
    monkeypatch.setattr("regplug.api.compare.maps_figure", lambda *_, **__: object())
    monkeypatch.setattr("regplug.api.explain.find_hits", lambda *_: [])


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_a_model_agrees_with_ten_times_itself(run, world, snvs, tmp_path, numbers_only):
    """The cards' spreads are both 1, so in units one is ten times the other."""
    done = run("more", "much", "--vcf", snvs, "--at", "chr1:201-211")
    assert done.status == 0, done.err
    of_bases, of_set = rows(tmp_path / "out" / "agreement.tsv")
    assert (of_bases["of"], of_set["of"]) == ("bases", "variants")
    assert (of_bases["n"], of_set["n"]) == ("33", "21")
    for row in (of_bases, of_set):
        assert float(row["spearman"]) == pytest.approx(1)
        assert float(row["pearson"]) == pytest.approx(1)
        assert float(row["same_sign"]) == 1
    for row in rows(tmp_path / "out" / "set.tsv"):
        assert float(row["much"]) == pytest.approx(10 * float(row["more"]))
        assert float(row["much.units"]) == pytest.approx(10 * float(row["more.units"]))
    assert "T0, bases: Spearman 1.000 (1.000 to 1.000), n = 33" in done.err


def test_changes_of_bases_by_hand(run, world, tmp_path, numbers_only):
    done = run("more", "less", "--at", "chr1:101-104")
    assert done.status == 0, done.err
    found = rows(tmp_path / "out" / "bases.tsv")
    letters, value = world.contigs["chr1"][100:104], dict(zip("ACGT", (1, 2, 4, 8), strict=True))
    assert [row["change"] for row in found] == [
        f"chr1:{101 + at} {ref}>{alt}"
        for at, ref in enumerate(letters)
        for alt in "ACGT"
        if alt != ref
    ]
    for row in found:
        ref, alt = row["change"].split()[1].split(">")
        assert float(row["more"]) == pytest.approx(value[alt] - value[ref])
        assert float(row["less"]) == pytest.approx(value[ref] - value[alt])
    (agreed,) = rows(tmp_path / "out" / "agreement.tsv")
    assert float(agreed["spearman"]) == pytest.approx(-1)
    assert float(agreed["same_sign"]) == 0


def test_the_page_and_its_pictures(run, world, snvs, repo, tmp_path):
    done = run("more", "less", "--vcf", snvs, "--at", "chr1:101-130")
    assert done.status == 0, done.err
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == FILES
    page = (folder / "compare.html").read_text()
    assert page.count("data:image/svg+xml") == 2
    assert "<h1>more and less</h1>" in page
    assert "Where they differ most: T0" in page
    far = max(rows(folder / "set.tsv"), key=lambda row: abs(float(row["more"])))
    assert far["variant"].replace(">", "&gt;") in page
    assert re.match(rb"%PDF", (folder / "maps.pdf").read_bytes())
    assert ElementTree.parse(folder / "scatter.svg").getroot().tag.endswith("svg")
    made = front_door.compare(
        "more", "less", place="chr1:101-130", variants=snvs, fasta=world.fasta, repo=str(repo)
    )
    assert smallest_letters(scatter_figure(made.variants, made.models)) >= 6.99
    assert smallest_letters(made.maps) >= 6.99


def test_both_maps_are_in_one_scale(world, repo):
    """`much` changes ten times as much: colours of both end where its own do."""
    made = front_door.compare(
        "more", "much", place="chr1:101-130", fasta=world.fasta, repo=str(repo)
    )
    ends = [mesh.get_clim() for axis in made.maps.axes for mesh in axis.collections]
    limits = [end for end in ends if end[0] is not None and end[0] < 0]
    largest = max(float(np.abs(compared.sides[1].changes).max()) for compared in made.bases)
    assert len(limits) >= 2
    np.testing.assert_allclose(limits, [(-largest, largest)] * len(limits), rtol=1e-6)


def test_the_second_may_lie_elsewhere(run, snvs, repo, tmp_path, numbers_only):
    shutil.copytree(repo / "less", tmp_path / "other" / "less")
    done = run("more", "less", "--vcf", snvs, "--second-repo", tmp_path / "other")
    assert done.status == 0, done.err


@pytest.mark.parametrize(
    ("models", "arguments", "told"),
    [
        (["more", "still"], ["--at", "chr1:101-104"], "still changes nowhere here, for T0"),
        (["more", "less"], ["--vcf", "one.vcf"], "1 of 1 variants have scores by both models"),
        (["more", "less"], ["--at", "chr1:101-104", "--pair", "T0=T9"], "less has no target T9"),
        (["more", "less"], ["--at", "chr9:1-4"], "chr9"),
        (["more", "nosuch"], ["--at", "chr1:101-104"], "nosuch"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(
    run, world, tmp_path, monkeypatch, models, arguments, told
):
    world.vcf("one.vcf", [world.snv("chr1", 100)])
    monkeypatch.chdir(tmp_path)
    done = run(*models, *arguments)
    assert done.status == 1, done.err
    assert told in done.err
    assert not (tmp_path / "out").exists()


def test_models_without_a_common_target_are_named(regplug, world, tmp_path):
    """One is of proteins, the other of open chromatin."""
    where = ("--fasta", world.fasta, "-o", tmp_path / "out", "--at", "chr1:101-104")
    done = regplug("compare", "deepbind_encode", "open_chromatin", *where)
    assert done.status == 1
    assert "deepbind_encode and open_chromatin have no target in common" in done.err
    assert "--pair ARID3A=GM12878" in done.err


def test_there_is_something_to_compare_on(run):
    assert run("more", "less").status == 2
