"""Views of tracks: what cannot be shown is refused first, finished tracks stay and get others."""

import json

import pytest

from regplug_browser import page
from tests.toy_genomes import random_letters, write_fasta

pytestmark = pytest.mark.fault("tracks", "a view that cannot be made")


@pytest.fixture
def folder(world):
    return world.folder / "out"


@pytest.fixture
def views_of(world, regplug, folder):
    """Return a function that runs `regplug track --views-of out/`."""

    def run(*arguments, fasta=world.fasta):
        repo = ["--model-repo", world.repo]
        return regplug("track", "--views-of", folder, *repo, "--fasta", fasta, *arguments)

    return run


@pytest.fixture
def small_page(monkeypatch):
    monkeypatch.setattr(page, "LARGEST", 100)
    monkeypatch.setattr(page, "ROWS", 2)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_hub_without_an_assembly_is_refused_before_the_work(folder, track):
    done = track("--regions", "chr1", "--hub", "--page")
    assert (done.status, "name it with --assembly" in done.err) == (1, True), done.err
    assert not folder.exists()


def test_a_hub_of_foreign_contigs_is_refused_before_the_work(world, folder, track):
    contigs = {name.removeprefix("chr"): letters for name, letters in world.contigs.items()}
    bare = write_fasta(world.folder / "bare.fa", contigs)
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    for what in (["--regions", "1"], ["--vcf", vcf]):
        done = track(*what, "--hub", "--assembly", "danRer11", fasta=bare)
        assert (done.status, "UCSC has no contig 1" in done.err) == (1, True), done.err
        assert not folder.exists()


def test_a_page_of_too_many_bases_is_refused_before_the_work(world, folder, track):
    long = write_fasta(world.folder / "long.fa", {"c": random_letters(2_000_001, seed=1)})
    done = track("--all", "--step", 1000, "--page", fasta=long)
    assert (done.status, "2,000,001 bases" in done.err) == (1, True), done.err
    assert not folder.exists()


def test_a_page_of_too_many_variants_is_refused_before_the_work(
    world,
    folder,
    track,
    small_page,
):
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in (30, 40, 50)])
    done = track("--vcf", vcf, "--page")
    assert (done.status, "there are 3 variants" in done.err) == (1, True), done.err
    assert not folder.exists()


def test_tracks_stay_when_a_view_fails(folder, track, views_of, small_page):
    """How large the tracks are is known when they are made; the other view is made too."""
    done = track("--regions", "chr1", "--page", "--igv")
    assert done.status == 1
    assert "and a page holds 0" in done.err
    assert f"The tracks are finished, and stay in {folder}, with igv_session.xml" in done.err
    assert f"regplug track --views-of {folder}" in done.err
    wanted = ["T0.bw", "igv_session.json", "igv_session.xml", "reference.fa", "tracks.json"]
    assert names(folder) == wanted
    assert "name it with --assembly" in views_of("--hub").err
    assert views_of("--hub", "--assembly", "toy").status == 0
    assert "genome toy" in (folder / "hub.txt").read_text()


@pytest.mark.parametrize("what", ["regions", "vcf"])
def test_views_of_a_finished_folder_are_those_of_the_run(
    world,
    folder,
    track,
    views_of,
    what,
):
    rows = [world.snv("chr1", 30).replace(" . ", " rs1 ", 1), "chr1 40 . A <DEL> . . SVTYPE=DEL"]
    given = ["--vcf", world.vcf("in.vcf", rows)] if what == "vcf" else ["--regions", "chr2:5-99"]
    assert track(*given, "--page", "--igv", "--hub", "--assembly", "toy").status == 0
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    folder.rename(world.folder / "of_the_run")
    assert track(*given, "--assembly", "toy").status == 0
    done = views_of("--page", "--igv", "--hub")
    assert done.status == 0, done.err
    assert done.err.startswith(f"{folder}: ")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


def test_what_views_cannot_be_of(world, folder, track, views_of):
    def refused(*arguments, status=1, **options):
        done = views_of(*arguments, **options)
        assert done.status == status, done.err
        return done.err

    folder.mkdir()
    assert "holds no tracks that regplug track has finished" in refused("--igv")
    folder.rmdir()
    assert track("--regions", "chr1").status == 0
    assert "needs a view" in refused(status=2)
    assert "alone" in refused("--igv", "--regions", "chr1", status=2)
    other = write_fasta(world.folder / "other.fa", world.contigs, width=50)
    assert "another FASTA" in refused("--igv", fasta=other)
    kept = json.loads((folder / "tracks.json").read_text())
    for name in ("../genome.fa", "/etc/passwd", "..", "none.bw"):
        kept["files"][0]["name"] = name
        (folder / "tracks.json").write_text(json.dumps(kept))
        assert "there is no file" in refused("--page"), name
    kept["files"], kept["differences"] = [], "AAAA"
    (folder / "tracks.json").write_text(json.dumps(kept))
    assert "has finished" in refused("--page")
    (folder / "tracks.json").write_bytes(b"\xff{")
    assert "has finished" in refused("--page")


def test_another_version_of_the_model(world, folder, track, views_of):
    assert track("--vcf", world.vcf("in.vcf", [world.snv("chr1", 30)])).status == 0
    kept = json.loads((folder / "tracks.json").read_text())
    (folder / "tracks.json").write_text(json.dumps(kept | {"sha256": "0" * 64}))
    assert "another version of centre" in views_of("--page").err
    assert views_of("--igv").status == 0  # needs no model


def test_bedgraphs_have_no_views(folder, track, views_of):
    assert track("--regions", "chr1", "--format", "bedgraph").status == 0
    assert "T0.bedgraph" in views_of("--igv").err
