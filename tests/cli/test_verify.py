"""`regplug verify`: nothing differs in what annotate wrote, and whatever was changed is named."""

import re
import subprocess

import numpy as np
import pytest
from msgspec.structs import replace

from regplug.models.repository import Golden, read_card, rewrite_card, write_model
from regplug.vcf.replay import Sample
from tests.toy_backgrounds import drawn_scores, with_background
from tests.toy_genomes import write_fasta
from tests.toy_models import centre_model, gc_model, position_model

HEADER = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'


@pytest.fixture
def repo(tmp_path):
    """Return a repository that a test may change."""
    gc_model(tmp_path / "repo")
    position_model(tmp_path / "repo")
    return tmp_path / "repo"


@pytest.fixture
def written(world, regplug, repo):
    """Return a function that annotates six records with gc and place, and gives the output."""

    def run(name="out.vcf", *arguments):
        w = world
        records = [w.snv("chr1", pos) for pos in (30, 60, 90)]
        base = w.base("chr1", 100)
        records += [f"chr1 100 . {base} {w.other('chr1', 100)},<DEL>,{base}ACG . . ."]
        records += [f"chr1 130 . {w.other('chr1', 130)} {w.base('chr1', 130)} . . ."]
        records += [f"chr2 40 . {w.base('chr2', 40, 3)} {w.base('chr2', 40)} . . ."]
        command = ("annotate", w.vcf("in.vcf", records), "--fasta", w.fasta, "--model-repo", repo)
        models = () if "--model" in arguments else ("--model", "gc", "--model", "place")
        models += () if "--targets" in arguments else ("--all-targets",)
        done = regplug(*command, *models, "-o", w.folder / name, *arguments)
        assert done.status == 0, done.err
        return w.folder / name

    return run


@pytest.fixture
def verify(world, regplug, repo):
    def run(vcf, *arguments, fasta=world.fasta):
        return regplug("verify", vcf, "--fasta", fasta, "--model-repo", repo, *arguments)

    return run


@pytest.mark.parametrize("name", ["out.vcf", "out.vcf.gz", "out.bcf"])
def test_what_annotate_wrote_is_verified(written, verify, name):
    for arguments in (
        (),
        ("--targets", "place:T0,gc:T1", "--scores", "ref,alt,diff"),
        ("--model", "gc", "--reference-md5"),
    ):
        done = verify(written(name, *arguments), "--all")
        assert (done.status, done.out) == (0, ""), done
        assert done.err == "6 of 6 records replayed: all as the header promises\n"


def test_models_of_two_runs(world, written, verify, regplug, repo):
    first, both = written("one.vcf", "--model", "gc", "--targets", "T0"), world.folder / "two.vcf"
    again = ("--fasta", world.fasta, "--model-repo", repo, "--model", "place", "-o", both)
    assert regplug("annotate", first, *again).status == 0
    assert verify(both, "--all").status == 0


@pytest.mark.parametrize("form", ["v", "z", "b"])
def test_an_altered_value_is_named(world, written, verify, form):
    text = written().read_text()
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("chr1\t60"))
    number = re.search(r"RP_PLACE_T0=(-?\d+\.\d+)", lines[at])[1]
    digit = str((int(number[-1]) + 1) % 10)
    status = "RP_STATUS=ok,symbolic,ok"
    for old, new, tag, tolerant in (
        (number, number[:-1] + digit, "RP_PLACE_T0", 0),
        (number, ".", "RP_PLACE_T0", 1),
        ("RP_GC__STATUS=ok", "RP_GC__STATUS=too_long", "RP_GC__STATUS", 1),
        (status, status.replace("symbolic", "star"), "RP_STATUS", 1),
    ):
        row = at if tag != "RP_STATUS" else at + 2
        changed = [*lines]
        changed[row] = changed[row].replace(old, new, 1)
        assert changed != lines
        (world.folder / "x.vcf").write_text("".join(changed))
        path = world.folder / f"x.{form}"
        command = ["bcftools", "view", "-O", form, "-o", path, world.folder / "x.vcf"]
        subprocess.run(command, check=True)
        done = verify(path, "--all")
        assert done.status == 1
        assert done.out.startswith("chr1:100 " if tag == "RP_STATUS" else "chr1:60 ")
        assert f"\t{tag}\twritten " in done.out
        assert done.out.count("\n") == 1
        assert verify(path, "--all", "--tolerance", "0.1").status == tolerant


def test_another_model_is_named(written, verify, repo):
    vcf, card = written(), read_card(repo / "gc")
    onnx = (repo / "gc" / "1" / "model.onnx").read_bytes()
    write_model(repo, replace(card, version="2"), onnx=onnx, golden=Golden([], []))
    done = verify(vcf)
    assert (done.status, done.out) == (1, "model gc: version 1 in the VCF, 2 in the repository\n")
    other = centre_model(repo, "gc")
    done = verify(vcf)
    assert done.status == 1
    assert f"weights (sha256) {card.sha256} in the VCF, {other.sha256}" in done.out


def ranked(repo, name, seed):
    """Give a model of two targets a background."""
    card = read_card(repo / name)
    scores = drawn_scores(np.random.default_rng(seed), 100, 2)
    sets = [(stratum, "snv", scores, "a") for stratum in ("random", "elements")]
    rewrite_card(repo / name, with_background(card, sets))


def test_ranks_are_replayed_and_another_background_is_named(world, written, verify, regplug, repo):
    ranked(repo, "gc", seed=0)
    ranked(repo, "place", seed=1)
    vcf = written("ranked.vcf")
    assert "RP_Q=" in vcf.read_text()
    assert verify(vcf, "--all").status == 0
    elements = written("elements.vcf", "--background", "elements")
    assert verify(elements, "--all").status == 0
    first, both = written("one.vcf", "--model", "gc"), world.folder / "two.vcf"
    again = ("--fasta", world.fasta, "--model-repo", repo, "--model", "place", "-o", both)
    assert regplug("annotate", first, *again).status == 0
    assert 'models="place"' in both.read_text()
    assert verify(both, "--all").status == 0
    changed = world.folder / "changed.vcf"
    q = re.search(r"RP_Q=([\d.e-]+)", vcf.read_text())[1]
    changed.write_text(vcf.read_text().replace(f"RP_Q={q};", "RP_Q=0.5;", 1))
    done = verify(changed, "--all")
    assert (done.status, f"\tRP_Q\twritten 0.5\treplayed {q}" in done.out) == (1, True), done.out
    before = read_card(repo / "gc").background.sha256
    ranked(repo, "gc", seed=2)
    done = verify(vcf)
    assert done.status == 1
    assert f"model gc: background (sha256) {before} in the VCF, " in done.out


def test_another_genome_is_named(world, written, verify):
    plain, with_md5 = written("a.vcf"), written("b.vcf", "--reference-md5")
    longer = {name: letters + "A" for name, letters in world.contigs.items()}
    done = verify(plain, fasta=write_fasta(world.folder / "longer.fa", longer))
    assert done.status == 1
    assert done.out.startswith("genome: annotated with ")
    changed = {name: letters[::-1] for name, letters in world.contigs.items()}
    changed = write_fasta(world.folder / "changed.fa", changed)
    done = verify(with_md5, fasta=changed)
    assert (done.status, done.out.count("has other bases (its md5 is not")) == (1, 2)
    done = verify(plain, fasta=changed)  # same lengths: the values tell
    assert (done.status, "ref_mismatch" in done.out) == (1, True)


def test_genes_are_compared(world, verify, written, repo):
    centre_model(repo, "rna", strand="forward")
    genes = world.folder / "genes.gtf"
    genes.write_text('chr1\tx\tgene\t1\t95\t.\t-\t.\tgene_id "g";\n')
    vcf = written("rna.vcf", "--model", "rna", "--genes", genes)
    done = verify(vcf)
    assert (done.status, "give --genes" in done.err) == (1, True)
    assert verify(vcf, "--genes", genes).status == 0
    genes.write_text('chr1\tx\tgene\t1\t50\t.\t-\t.\tgene_id "g";\n')
    done = verify(vcf, "--genes", genes)
    assert (done.status, done.out.startswith("genes: annotated with genes.gtf")) == (1, True)


def test_headers_that_say_too_little(world, written, verify):
    text = written().read_text()
    lines = text.splitlines(keepends=True)
    for kept, message in (
        ([line for line in lines if "regplug_model" not in line], "no ##regplug_model line"),
        ([re.sub(",targets=.*>", ">", line) for line in lines], "no 'targets': an older version"),
    ):
        (world.folder / "x.vcf").write_text("".join(kept))
        done = verify(world.folder / "x.vcf")
        assert (done.status, message in done.err) == (1, True), done.err
    (world.folder / "x.vcf").write_text(text.replace("ID=RP_GC_T0,", "ID=RP_GC_OLD,"))
    done = verify(world.folder / "x.vcf")
    assert done.status == 1
    assert "no ##INFO line of RP_GC_T0" in done.out
    assert "RP_GC_OLD, which this version does not write" in done.out


def test_a_sample_is_fair_and_in_order():
    """3 of 10, 600 times: each 180 times, give or take 4 standard deviations (11.2)."""
    seen = [0] * 10
    for seed in range(600):
        drawn = Sample(range(10), 3, seed)
        found = list(drawn)
        assert (found, len(set(found)), drawn.total) == (sorted(found), 3, 10)
        for number in found:
            seen[number] += 1
    assert all(abs(count - 180) < 45 for count in seen)
    assert list(Sample(range(4), 9, 0)) == list(Sample(range(4), None, 0)) == [0, 1, 2, 3]


def test_only_a_sample_is_replayed(written, verify):
    done = verify(written(), "--records", 2)
    assert done.err == "2 of 6 records replayed: all as the header promises\n"
