"""`regplug models calibrate`, and what `annotate` then says: from FASTA to tags."""

import re
import shutil
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import kstest

from regplug.api.calibrate import calibrate
from regplug.data.background.ground import known_stretches
from regplug.data.background.strata import Stratum, drawn_sets
from regplug.genome.fasta import Genome
from regplug.models.repository import check_model, read_card, rewrite_card
from regplug.scoring.background_data import kept_arrays, packed
from regplug.scoring.kinds import LONG
from regplug.scoring.ranking import Ranking
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import centre_model, gc_model, position_model, table_model

LETTERS = random_letters(30_000, seed=7)
CONTIGS = {"c1": LETTERS[:20_000], "c2": LETTERS[20_000:]}
GTF = "".join(
    f"c1\tx\ttranscript\t{start}\t{start + 999}\t.\t{strand}\t.\tid\n"
    for start, strand in ((3000, "+"), (9000, "-"))
)


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    return write_fasta(tmp_path_factory.mktemp("genome") / "g.fa", CONTIGS)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, genome):
    """Return a folder with two models of the same background."""
    repo = tmp_path_factory.mktemp("models")
    position_model(repo, "place", default=True)
    gc_model(repo, "gc", default=True)
    bed = repo / "elements.bed"
    bed.write_text("c1\t1000\t3000\nc2\t500\t2500\nchrUn\t5\t9\n")
    for name in ("place", "gc"):
        calibrate(name, repo=repo, fasta=genome, regions_files=[bed], snvs=1000)
    return repo


def tags_of(text):
    """Return INFO of each record: tag → text."""
    rows = [line.split("\t") for line in text.splitlines() if line[0] != "#"]
    return [dict(pair.partition("=")[::2] for pair in row[7].split(";")) for row in rows]


def held_out(genome, tmp_path, stratum, count, kind="snv"):
    """Write a VCF of background variants of another seed."""
    with Genome(genome) as bases:
        lists = drawn_sets(bases, [stratum], count, seed=99)
        (found,) = [of.variants for of in lists if of.kind == kind]
    rows = [f"{v.chrom} {v.pos} . {v.ref} {v.alt} . . ." for v in found]
    path = tmp_path / "held_out.vcf"
    path.write_text(vcf_text(rows, CONTIGS))
    return path


def test_the_directory_still_holds_together(calibrated, regplug):
    for name in ("place", "gc"):
        check_model(calibrated / name)
    done = regplug("models", "verify", "--model-repo", calibrated)
    assert done.status == 0, done.out
    card = read_card(calibrated / "place")
    assert card.background.strata == ["random", "elements"]
    assert card.background.genome == "g.fa"
    assert "regplug.calibrate place" in card.background.created_by
    shown = regplug("models", "show", "place", "--model-repo", calibrated).out
    assert "data" not in shown
    assert re.search(r"^random\tsnv\t1000\t1000$", shown, re.MULTILINE)


def test_models_of_one_background_share_its_variants(calibrated):
    place, gc = (read_card(calibrated / name).background for name in ("place", "gc"))
    assert [of.list for of in place.sets] == [of.list for of in gc.sets]
    assert place.sha256 != gc.sha256


def test_the_same_command_gives_the_same_card(calibrated, genome, regplug, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    position_model(again, "place", default=True)
    shutil.copy(calibrated / "elements.bed", again)
    done = regplug(
        *("models", "calibrate", "place", "--fasta", genome, "--model-repo", again),
        *("--regions-file", again / "elements.bed", "--snvs", "1000"),
    )
    assert done.status == 0, done.err
    assert "random snv 1000" in done.err
    assert "elements del_1 1000" in done.err
    first, second = (read_card(repo / "place").background for repo in (calibrated, again))
    assert (first.data, first.sets) == (second.data, second.sets)
    assert first.sha256 == second.sha256


def test_keep_measures_only_what_is_lacking(calibrated, genome, tmp_path):
    """As of a model that was measured before there were long kinds."""
    shutil.copytree(calibrated / "place", tmp_path / "place")
    card = read_card(tmp_path / "place")
    arrays = kept_arrays(card.background, len(card.targets), "place")
    old = [(of, raw) for of, raw in arrays.items() if of.kind not in LONG]
    background = replace(card.background, sets=tuple(of for of, _ in old), data=packed(old))
    rewrite_card(tmp_path / "place", replace(card, background=background))
    seen = []

    @contextmanager
    def bar(what, count):
        seen.append(what)
        yield lambda done: None

    beds = [calibrated / "elements.bed"]
    asked = {"repo": tmp_path, "fasta": genome, "regions_files": beds, "snvs": 1000}
    made = calibrate("place", keep=True, bar=bar, **asked).background
    assert seen == [f"{stratum} {kind}" for stratum in ("random", "elements") for kind in LONG]
    assert (made.sets, made.data) == (card.background.sets, card.background.data)
    assert calibrate("place", keep=True, bar=bar, **asked).background.data == made.data
    assert len(seen) == 2 * len(LONG)


@pytest.mark.parametrize("stratum", ["random", "elements"])
def test_q_of_held_out_variants_is_uniform(calibrated, genome, regplug, tmp_path, stratum):
    regions = [] if stratum == "random" else known_elements(genome)
    vcf = held_out(genome, tmp_path, Stratum(stratum, regions), 500)
    done = regplug(
        *("annotate", vcf, "--fasta", genome, "--model-repo", calibrated, "--model", "place"),
        *("--background", stratum),
    )
    assert done.status == 0, done.err
    q = np.array([float(tags["RP_Q"]) for tags in tags_of(done.out)])
    assert len(q) == 500
    assert kstest(q, "uniform").pvalue > 0.01
    assert 0 < q.min() < 0.02


def known_elements(genome):
    from regplug.genome.variant import Interval

    with Genome(genome) as bases:
        assert known_stretches(bases)
    return [Interval("c1", 1000, 3000), Interval("c2", 500, 2500)]


def test_what_annotate_writes(calibrated, genome, regplug, tmp_path):
    vcf = held_out(genome, tmp_path, Stratum("random"), 100)
    out = tmp_path / "out.vcf"
    line = ("annotate", vcf, "--fasta", genome, "--model-repo", calibrated, "-o", out)
    assert regplug(*line).status == 0
    text = out.read_text()
    models = [f"RP_{name}__{tag}" for name in ("PLACE", "GC") for tag in ("TOP", "Z", "Q", "ACT")]
    statuses = ["RP_STATUS", "RP_PLACE__STATUS", "RP_GC__STATUS"]
    for tags in tags_of(text):
        assert set(tags) == {"RP_TOP", "RP_Q", *models, *statuses}
        q = {name: float(tags[f"RP_{name}__Q"]) for name in ("PLACE", "GC")}
        assert min(q.values()) <= float(tags["RP_Q"]) * 1.01
        best = tags["RP_TOP"].partition(":")
        assert tags[f"RP_{best[0].upper()}__TOP"] == best[2]
        assert q[best[0].upper()] == min(q.values())
    header = text.partition("#CHROM")[0]
    for name in ("place", "gc"):
        sha256 = read_card(calibrated / name).background.sha256
        line = (
            f"##regplug_background=<ID={name},stratum=random,sha256={sha256},genome=g.fa,snv=1000,"
        )
        assert line in header
    assert "their joint distribution" in header
    assert "corrected for the choice among targets, 0 to 1 in the background random" in header
    chosen = regplug(*line_of(vcf, genome, calibrated), "--targets", "place:T1", "-o", out)
    assert chosen.status == 0, chosen.err
    tags = tags_of(out.read_text())
    assert {of["RP_PLACE__TOP"] for of in tags} == {"T1"}
    assert all("RP_PLACE_T1" in of and "RP_PLACE_T0" not in of for of in tags)
    assert "Sidak" in out.read_text().partition("#CHROM")[0]
    wrong = regplug(*line_of(vcf, genome, calibrated), "--background", "promoters", "-o", out)
    assert (wrong.status, "has no background of promoters: it has random" in wrong.err) == (1, True)


def line_of(vcf, genome, repo):
    return ("annotate", vcf, "--fasta", genome, "--model-repo", repo)


def test_bcftools_filters_on_the_tags(calibrated, genome, regplug, tmp_path):
    vcf = held_out(genome, tmp_path, Stratum("random"), 300)
    out = tmp_path / "out.vcf.gz"
    assert regplug(*line_of(vcf, genome, calibrated), "-o", out).status == 0
    line = ["bcftools", "view", "-H", "-i", "RP_Q<0.1", str(out)]
    kept = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    assert 5 < len(kept) < 80
    assert all(float(tags["RP_Q"]) < 0.1 for tags in tags_of("\n".join(kept)))


@pytest.mark.parametrize("kind", ["del_2_5", *LONG])
def test_other_kinds_are_compared_with_their_own(calibrated, genome, regplug, tmp_path, kind):
    vcf = held_out(genome, tmp_path, Stratum("random"), 200, kind=kind)
    done = regplug(*line_of(vcf, genome, calibrated), "--model", "place")
    q = np.array([float(tags["RP_Q"]) for tags in tags_of(done.out)])
    assert kstest(q, "uniform").pvalue > 0.01


OLD = [
    '##INFO=<ID=RP_STATUS,Number=A,Type=String,Description="What",Source="regplug">',
    '##INFO=<ID=RP_GC_T0,Number=A,Type=Float,Description="gc T0",Source="regplug:gc">',
    '##INFO=<ID=RP_GC__TOP,Number=A,Type=String,Description="gc: most",Source="regplug:gc">',
    '##INFO=<ID=RP_GC__MAX,Number=A,Type=Float,Description="gc: ALT",Source="regplug:gc">',
    '##INFO=<ID=RP_GC__STATUS,Number=A,Type=String,Description="Whether",Source="regplug:gc">',
    '##INFO=<ID=RP_OLD__MAX,Number=A,Type=Float,Description="old: ALT",Source="regplug:old">',
    "##regplug_version=0.1.0",
    "##regplug_command=regplug annotate in.vcf --model gc --model old",
    "##regplug_model=<ID=gc,version=1,sha256=00,window=21,strand=mean>",
    "##regplug_background=<ID=gc,stratum=elements,sha256=00,genome=x.fa,snv=9>",
]


def test_tags_of_an_older_version_go(calibrated, genome, regplug, tmp_path):
    info = "RP_STATUS=ok;RP_GC_T0=1;RP_GC__TOP=T0;RP_GC__MAX=1;RP_GC__STATUS=ok;RP_OLD__MAX=3;DP=4"
    ref = LETTERS[99]
    alt = {"A": "C", "C": "G", "G": "T", "T": "A"}[ref]
    old = tmp_path / "old.vcf"
    depth = '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">'
    old.write_text(vcf_text([f"c1 100 . {ref} {alt} . . {info}"], CONTIGS, [*OLD, depth]))
    out, again = tmp_path / "new.vcf", tmp_path / "again.vcf"
    done = regplug(*line_of(old, genome, calibrated), "--model", "gc", "-o", out)
    assert done.status == 0
    assert "RP_GC__MAX of an earlier version has gone: see __Z and __Q in its place" in done.err
    text = out.read_text()
    (tags,) = tags_of(text)
    assert tags["DP"] == "4"
    assert tags["RP_OLD__MAX"] == "3"  # of a model that did not run
    assert set(tags) - {"DP", "RP_OLD__MAX"} == {
        *("RP_STATUS", "RP_TOP", "RP_Q", "RP_GC__TOP", "RP_GC__Z", "RP_GC__Q", "RP_GC__ACT"),
        "RP_GC__STATUS",
    }
    assert "RP_GC__MAX" not in text
    assert "RP_GC_T0" not in text
    assert text.count("##regplug_model=<ID=gc,") == text.count("##regplug_background=<ID=gc,") == 1
    assert "stratum=elements" not in text
    assert text.count("##regplug_command=") == 2
    done = regplug(*line_of(out, genome, calibrated), "--model", "gc", "-o", again)
    assert (done.status, done.err) == (0, "")
    assert tags_of(again.read_text()) == tags_of(text)


def test_a_run_without_a_background_says_how_to_measure_it(genome, regplug, tmp_path):
    gc_model(tmp_path / "repo", "gc")
    vcf = held_out(genome, tmp_path, Stratum("random"), 100)
    done = regplug(*line_of(vcf, genome, tmp_path / "repo"), "--model", "gc")
    assert done.status == 0, done.err
    assert done.out.count("measure it (regplug models calibrate gc)") == 2
    assert "##regplug_background" not in done.out
    for tags in tags_of(done.out):
        assert set(tags) == {"RP_STATUS", "RP_GC__TOP", "RP_GC__Z", "RP_GC__STATUS"}


def test_models_of_rna_need_genes(genome, regplug, tmp_path):
    repo = tmp_path / "repo"
    centre_model(repo, "rna", strand="forward")
    line = ("models", "calibrate", "rna", "--fasta", genome, "--model-repo", repo, "--snvs", "500")
    done = regplug(*line)
    assert (done.status, "--genes GTF" in done.err) == (1, True)
    (tmp_path / "genes.gtf").write_text(GTF)
    done = regplug(*line, "--genes", tmp_path / "genes.gtf")
    assert done.status == 0, done.err
    sets = {(of.stratum, of.kind): of for of in read_card(repo / "rna").background.sets}
    assert sets["random", "snv"].variants == 500
    assert 20 <= sets["random", "snv"].scored < 100  # 2 of 30 kb are transcribed
    assert sets["promoters", "snv"].scored > sets["random", "snv"].scored


def test_common_variants_take_the_place_of_random_ones(genome, regplug, tmp_path):
    repo = tmp_path / "repo"
    position_model(repo)
    vcf = held_out(genome, tmp_path, Stratum("random"), 300)
    done = regplug(
        *("models", "calibrate", "place", "--fasta", genome, "--model-repo", repo),
        *("--vcf", vcf, "--snvs", "200"),
    )
    assert done.status == 0, done.err
    background = read_card(repo / "place").background
    assert [(of.stratum, of.kind, of.scored) for of in background.sets] == [("common", "snv", 200)]


def test_bad_calls(genome, regplug, tmp_path, toy_repo):
    repo = tmp_path / "repo"
    shutil.copytree(toy_repo / "gc", repo / "gc")
    before = (repo / "gc" / "card.json").read_bytes()
    line = ("models", "calibrate", "gc", "--model-repo", repo)
    (tmp_path / "else.bed").write_text("chr99\t1\t5000\n")
    empty = write_fasta(tmp_path / "n.fa", {"c": "N" * 500})
    for arguments, words in (
        (("--fasta", tmp_path / "none.fa"), "no FASTA at"),
        (("--fasta", empty), "has no known bases there"),
        (("--fasta", genome, "--regions-file", tmp_path / "else.bed"), "are they of its build?"),
        (("--fasta", genome, "--regions-file", tmp_path / "none.bed"), "cannot read the regions"),
        (("--fasta", genome, "--vcf", tmp_path / "none.vcf"), "no file"),
        (("--fasta", genome, "--genes", tmp_path / "none.gtf"), "cannot read the genes"),
    ):
        done = regplug(*line, *arguments, "--snvs", "100")
        assert (done.status, words in done.err) == (1, True), done.err
        assert (repo / "gc" / "card.json").read_bytes() == before
    done = regplug("models", "calibrate", "nosuch", "--model-repo", repo, "--fasta", genome)
    assert (done.status, "no model at" in done.err) == (1, True)
    table_model(repo, "long", np.zeros((5, 1)), window=None)
    done = regplug("models", "calibrate", "long", "--model-repo", repo, "--fasta", genome)
    assert (done.status, "scores sequences, not variants" in done.err) == (1, True)


def test_a_damaged_background_is_named_and_can_be_measured_again(
    calibrated, genome, regplug, tmp_path
):
    repo = tmp_path / "repo"
    shutil.copytree(calibrated, repo)
    for name in ("card.json", "config.pbtxt"):
        path = repo / "gc" / name
        data = read_card(calibrated / "gc").background.data
        path.write_text(path.read_text().replace(data, data[:-8]))
    vcf = held_out(genome, tmp_path, Stratum("random"), 100)
    for line in (
        (*line_of(vcf, genome, repo), "--model", "gc"),
        ("models", "verify", "gc", "--model-repo", repo),
    ):
        done = regplug(*line)
        assert done.status == 1
        assert "the background of gc is damaged" in done.out + done.err
        assert "regplug models calibrate gc" in done.out + done.err
    line = ("models", "calibrate", "gc", "--model-repo", repo, "--fasta", genome, "--snvs", "100")
    assert regplug(*line).status == 0
    assert Ranking(read_card(repo / "gc")).tables
    assert regplug("models", "verify", "gc", "--model-repo", repo).status == 0
