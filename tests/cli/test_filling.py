"""`annotate --from`: the records are those of a run without, byte for byte, or it is refused."""

import json
import random
import re
import subprocess

import numpy as np
import pytest
from msgspec.structs import replace

from regplug.errors import VariantFileError
from regplug.models.embedded import Embedded
from regplug.models.repository import Golden, read_card, rewrite_card, write_model
from regplug.vcf.lookup import Lookup
from tests.toy_backgrounds import drawn_scores, with_background
from tests.toy_genomes import write_fasta
from tests.toy_models import centre_model, gc_model, position_model

BOTH = ("--model", "gc", "--model", "place")
ASKED = ("--targets", "gc:T1,place:T0", "--scores", "ref,diff")
REGIONS = ("chr1:40-330", "chr2:1-90")


@pytest.fixture
def repo(tmp_path):
    """Return a repository of gc and place, which have backgrounds, and centre, which has none."""
    folder = tmp_path / "repo"
    centre_model(folder)
    for seed, make in enumerate((gc_model, position_model)):
        card, scores = make(folder), drawn_scores(np.random.default_rng(seed), 200, 2)
        sets = [(stratum, "snv", scores, "a") for stratum in ("random", "elements")]
        rewrite_card(folder / card.name, with_background(card, sets))
    return folder


@pytest.fixture
def run(world, regplug, repo):
    """Return a function that runs a command on the toy world."""
    return lambda *words: regplug(*words, "--fasta", world.fasta, "--model-repo", repo)


@pytest.fixture
def table(world, run):
    """Return a table of gc and place."""
    path = world.folder / "table.vcf.gz"
    done = run("precompute", *REGIONS, *BOTH, *ASKED, "-o", path)
    assert done.status == 0, done.err
    return path


@pytest.fixture
def vcf(world):
    """Return a VCF with one of everything, in and out of the table."""
    rng, records = random.Random(1), []
    for chrom, length in (("chr1", 460), ("2", 250)):
        for pos in sorted(rng.sample(range(20, length), 60)):
            name = chrom if chrom in world.contigs else f"chr{chrom}"
            ref, after = world.base(name, pos), world.base(name, pos, 3)
            others = rng.sample(sorted({*"ACGT"} - {ref}), 2)
            records += rng.choice(
                [
                    [f"{chrom} {pos} . {ref} {others[0]} . . ."],
                    [f"{chrom} {pos} . {ref} {','.join(others)} . . DP=3"],
                    [f"{chrom} {pos} . {ref.lower()} {others[0].lower()} . . ."],
                    [f"{chrom} {pos} . {ref} {alt} . . ." for alt in others],
                    [f"{chrom} {pos} . {after} {others[0]}{after[1:]},{ref} . . ."],
                    [f"{chrom} {pos} . {ref} <DEL>,{others[0]},*,{ref}ACG . . ."],
                    [f"{chrom} {pos} . {after} {others[0]}{after[1]}{others[1]} . . ."],
                    [f"{chrom} {pos} . {ref} N,. . . .".replace(",.", "")],
                ]
            )
    records.append(f"chr1 450 . {world.other('chr1', 450)} {world.base('chr1', 450)} . . .")
    path = world.folder / "in.vcf"
    lines = ["##fileformat=VCFv4.2", '##INFO=<ID=DP,Number=1,Type=Integer,Description="x">']
    lines += ["##contig=<ID=chr1>", "##contig=<ID=2>"]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    path.write_text("\n".join([*lines, *(r.replace(" ", "\t") for r in records)]) + "\n")
    return path


@pytest.fixture
def rows(monkeypatch):
    """Return a list of how many rows models were asked for."""
    counts, plain = [], Embedded._answers
    monkeypatch.setattr(
        Embedded, "_answers", lambda self, c, o: counts.append(len(c)) or plain(self, c, o)
    )
    return counts


def filled_in(done):
    """Return how many ALTs were filled in, as stderr tells."""
    assert done.status == 0, done.err
    return int(re.search(r"^([\d,]+) of [\d,]+ ALTs were filled in", done.err, re.MULTILINE)[1])


@pytest.mark.parametrize("suffix", ["vcf", "vcf.gz", "bcf"])
def test_the_same_bytes_with_and_without(world, run, table, vcf, rows, suffix):
    plain, out = (world.folder / f"{name}.{suffix}" for name in ("plain", "out"))
    call = ("annotate", vcf, *BOTH, *ASKED, "--no-version")
    rows.clear()
    assert run(*call, "-o", plain).status == 0
    computed, told = sum(rows), world.folder / "run.json"
    rows.clear()
    done = run(*call, "-o", out, "--from", table, "--summary", told)
    filled = filled_in(done)
    assert out.read_bytes() == plain.read_bytes()
    summary = json.loads(told.read_text())
    assert 40 < filled == summary["filled"] < summary["alts"]
    assert all(sum(of.values()) == summary["alts"] for of in summary["models"].values())
    assert sum(rows) < computed - 2 * filled  # REF and ALT of two models, REFs shared
    assert run("verify", out, "--all").status == 0


def test_in_parts_that_go_on_after_an_error(world, run, table, vcf, rows, monkeypatch):
    plain, out = world.folder / "plain.vcf", world.folder / "out.vcf"
    call = ("annotate", vcf, *BOTH, *ASKED, "--no-version", "--from", table)
    filled = filled_in(run(*call, "-o", plain))
    parts = (*call, "-o", out, "--resume", "--part-size", "30")
    found, looked = Lookup.found, []

    def fails_in_the_third(self, *arguments):
        looked.append(arguments)
        if len(looked) == 3:
            raise VariantFileError("no more")
        return found(self, *arguments)

    monkeypatch.setattr(Lookup, "found", fails_in_the_third)
    assert (done := run(*parts)).status == 1, done.err
    assert not out.exists()
    rows.clear()
    assert filled_in(run(*parts)) == filled
    assert out.read_bytes() == plain.read_bytes()
    computed = sum(rows)
    rows.clear()
    other = run(*parts[:-4], world.folder / "b.vcf", *parts[-3:])
    assert filled_in(other) == filled
    assert (world.folder / "b.vcf").read_bytes() == plain.read_bytes()
    assert computed < sum(rows)  # two parts had been kept


def test_all_of_it_is_in_the_table(world, run, table, rows):
    listed = world.vcf("listed.vcf", [world.snv("chr1", pos) for pos in range(50, 150, 3)])
    call = ("annotate", listed, *BOTH, *ASKED, "--no-version", "-o", world.folder / "out.vcf")
    assert run(*call).status == 0
    plain = (world.folder / "out.vcf").read_text()
    rows.clear()
    done = run(*call, "--from", table, "-q")
    assert (done.status, done.err, rows) == (0, "", [])
    assert (world.folder / "out.vcf").read_text() == plain


def test_an_annotated_vcf_is_a_table_too(world, run, vcf, rows):
    first, again = world.folder / "first.vcf.gz", world.folder / "again.vcf"
    assert run("annotate", vcf, *BOTH, "-o", first).status == 0
    subprocess.run(["bcftools", "sort", "-Oz", "-o", f"{first}.s.gz", first], check=True)
    subprocess.run(["bcftools", "index", "-t", f"{first}.s.gz"], check=True)
    call = ("annotate", vcf, *BOTH, "--no-version", "-o")
    assert run(*call, world.folder / "plain.vcf").status == 0
    done = run(*call, again, "--from", f"{first}.s.gz")
    assert filled_in(done) > 40
    assert again.read_text() == (world.folder / "plain.vcf").read_text()


def test_records_without_our_tags_are_computed(world, run, table, vcf):
    bare = world.folder / "bare.vcf.gz"
    columns = "INFO/RP_GC__STATUS"
    command = ["bcftools", "annotate", "-x", columns, "-i", "POS<100", "-k", "-Oz", "-o", bare]
    subprocess.run([*command, table], check=True)
    subprocess.run(["bcftools", "index", "-t", bare], check=True)
    header = subprocess.run(["bcftools", "view", "-h", table], check=True, capture_output=True)
    (world.folder / "h").write_bytes(header.stdout)
    whole = world.folder / "whole.vcf.gz"
    command = ["bcftools", "reheader", "-h", world.folder / "h", "-o", whole]
    subprocess.run([*command, bare], check=True)
    subprocess.run(["bcftools", "index", "-t", whole], check=True)
    call = ("annotate", vcf, *BOTH, *ASKED, "--no-version", "-o", world.folder / "out.vcf")
    assert run(*call).status == 0
    plain = (world.folder / "out.vcf").read_text()
    assert 0 < filled_in(run(*call, "--from", whole)) < filled_in(run(*call, "--from", table))
    run(*call, "--from", whole)
    assert (world.folder / "out.vcf").read_text() == plain


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ((*BOTH, "--model", "centre"), "lacks centre, so all ALTs were computed"),
        (
            ("--model", "gc"),
            "RP_TOP and RP_Q are over gc, place in TABLE and over gc in this run, so all ALTs",
        ),
    ],
)
def test_a_run_of_other_models_is_computed(world, run, table, vcf, models, says):
    targets = ("--targets", "gc:T1" if len(models) == 2 else "gc:T1,place:T0")
    out, call = world.folder / "out.vcf", ("annotate", vcf, *models, *targets, "--no-version")
    assert run(*call, "--scores", "ref,diff", "-o", out).status == 0
    plain = out.read_text()
    done = run(*call, "--scores", "ref,diff", "-o", out, "--from", table)
    assert filled_in(done) == 0
    assert says.replace("TABLE", str(table)) in done.err
    assert out.read_text() == plain


def test_tags_of_assays_are_computed(world, run, table, vcf):
    out, call = world.folder / "out.vcf", ("annotate", vcf, *BOTH, *ASKED, "--by", "assay")
    assert run(*call, "--no-version", "-o", out).status == 0
    plain = out.read_text()
    done = run(*call, "--no-version", "-o", out, "--from", table)
    assert filled_in(done) == 0
    assert "the tags of assays are over gc, place, so all ALTs were computed" in done.err
    assert out.read_text() == plain


def other_weights(world, repo):
    card = read_card(repo / "gc")
    with_other = position_model(repo, "gc")
    assert card.sha256 != with_other.sha256
    rewrite_card(repo / "gc", with_other)


def other_version(world, repo):
    card = read_card(repo / "gc")
    onnx = (repo / "gc" / "1" / "model.onnx").read_bytes()
    write_model(repo, replace(card, version="2"), onnx=onnx, golden=Golden([], []))


def other_background(world, repo):
    card = read_card(repo / "gc")
    scores = drawn_scores(np.random.default_rng(9), 150, 2)
    rewrite_card(repo / "gc", with_background(card, [("random", "snv", scores, "b")]))


def other_genome(world, repo):
    write_fasta(world.fasta, world.contigs | {"chr3": "ACGT" * 30})
    world.fasta.with_name("genome.fa.fai").unlink()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (other_weights, "model gc: weights (sha256) "),
        (other_version, "model gc: version 1 in the VCF, 2 in the repository"),
        (other_background, "model gc: background (sha256) "),
        (other_genome, "genome: annotated with genome.fa, of other contigs"),
    ],
)
def test_a_table_of_others_is_refused(world, run, repo, table, vcf, change, says):
    change(world, repo)
    done = run("annotate", vcf, *BOTH, *ASKED, "-o", world.folder / "out.vcf", "--from", table)
    assert done.status == 1
    assert f"{table} was made otherwise than this run: {says}" in done.err
    assert not (world.folder / "out.vcf").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--targets", "gc:T0,place:T0", "--scores", "ref,diff"), "gc: --targets T1 there, T0"),
        ((), "gc: --targets T1 there, none here"),
        ((*ASKED, "--background", "elements"), "gc: --background random there, elements here"),
        (("--targets", "gc:T1,place:T0", "--scores", "alt"), "it has no RP_GC_T1__ALT"),
    ],
)
def test_other_options_are_refused(world, run, table, vcf, options, says):
    done = run("annotate", vcf, *BOTH, *options, "-o", world.folder / "out.vcf", "--from", table)
    assert done.status == 1
    assert says in done.err


def test_fewer_scores_are_in_it_too(world, run, table, vcf):
    out, call = world.folder / "out.vcf", ("annotate", vcf, *BOTH, "--no-version", "--targets")
    assert run(*call, "gc:T1,place:T0", "-o", out).status == 0
    plain = out.read_text()
    done = run(*call, "gc:T1,place:T0", "-o", out, "--from", table)
    assert filled_in(done) > 40
    assert out.read_text() == plain


def test_what_is_no_table_is_named(world, run, table, vcf):
    w = world
    bcf, plain = w.folder / "t.bcf", w.folder / "t.vcf"
    subprocess.run(["bcftools", "view", "-Ob", "-o", bcf, table], check=True)
    subprocess.run(["bcftools", "index", bcf], check=True)
    subprocess.run(["bcftools", "view", "-o", plain, table], check=True)
    bare = w.vcf("bare.vcf.gz", [w.snv("chr1", 50)])
    old = w.folder / "noindex.vcf.gz"
    old.write_bytes(table.read_bytes())
    cut = w.folder / "cut.vcf.gz"
    cut.write_bytes(table.read_bytes()[:-4000])
    (w.folder / "cut.vcf.gz.tbi").write_bytes((w.folder / "table.vcf.gz.tbi").read_bytes())
    for path, says in (
        (bcf, "which is no bgzipped VCF"),
        (plain, "has no index, as it is not packed by bgzip"),
        (bare, "the header has no ##regplug_model line"),
        (old, "has no index, which regions need"),
        (w.folder / "none.vcf.gz", "no file"),
        (cut, str(cut)),
    ):
        out = w.folder / "out.vcf"
        done = run("annotate", vcf, *BOTH, *ASKED, "-o", out, "--from", path)
        assert done.status == 1, path
        assert says in done.err
        assert "fault of regplug" not in done.err
        assert not out.exists()


def test_a_damaged_table_never_crashes(world, run, table, vcf, tried):
    """A byte of a block fails its CRC; of the text inside, only what is parsed can be seen."""
    rng, whole = random.Random(3), table.read_bytes()
    for _ in range(12):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        table.write_bytes(data)
        table.with_name("table.vcf.gz.tbi").touch()
        done = run("annotate", vcf, *BOTH, *ASKED, "-o", world.folder / "o.vcf", "--from", table)
        assert done.status in (0, 1)
        assert "fault of regplug" not in done.err
    tried(12)
    text = subprocess.run(["bgzip", "-dc"], input=whole, check=True, capture_output=True).stdout
    for old, new in (
        (b"RP_GC__Z=", b"RP_GC__Z=x"),
        (b"\tRP_STATUS", b"RP_STATUS"),
        (b"RP_GC__STATUS=ok", b"RP_GC__STATUS=fine"),
    ):
        packed = subprocess.run(["bgzip", "-c"], input=text.replace(old, new), capture_output=True)
        table.write_bytes(packed.stdout)
        subprocess.run(["tabix", "-f", "-p", "vcf", table], check=True)
        done = run("annotate", vcf, *BOTH, *ASKED, "-o", world.folder / "o.vcf", "--from", table)
        assert done.status == 1
        assert f"{table} is damaged at chr1:" in done.err


def test_what_holds_scores_is_not_filled_in(world, run, table, vcf):
    matrix = world.folder / "m.tsv"
    done = run(
        *("annotate", vcf, *BOTH, *ASKED, "-o", world.folder / "o.vcf", "--from", table),
        *("--matrix", matrix),
    )
    assert done.status == 1
    assert f"{matrix} holds scores, and --from has a VCF's text alone" in done.err
    done = run("annotate", vcf, *BOTH, *ASKED, "-o", table, "--from", table, "--phased")
    assert "a table has no haplotypes: run --phased without --from" in done.err
    done = run("annotate", vcf, *BOTH, *ASKED, "-o", table, "--from", table)
    assert "would be replaced, and is read" in done.err
