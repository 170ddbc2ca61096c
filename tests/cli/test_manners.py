"""What `regplug annotate` shares with bcftools beside records: types, indices, header, status."""

import gzip
import os
import subprocess
import sys

import pytest

from regplug.cli.annotate import OUTPUT_TYPES as COMMAND_TYPES
from regplug.vcf.writers import OUTPUT_TYPES
from tests.cli.test_annotate import bcftools, header, records
from tests.toy_genomes import vcf_text


@pytest.fixture
def many(world):
    return world.vcf("in.vcf.gz", [world.snv("chr1", pos) for pos in range(20, 480)])


@pytest.mark.parametrize("kind", ["z", "b"])
def test_levels_of_compression(world, annotate, many, kind):
    """Level 0 is larger than the content; bcftools, given the same level, comes to a like size."""
    sizes, rows = {}, []
    for level in ("0", "1", "9", ""):
        out = world.folder / f"o{level}.{'vcf.gz' if kind == 'z' else 'bcf'}"
        done = annotate(many, f"-O{kind}{level}", "-o", out, "--no-version")
        assert (done.status, done.err) == (0, "")
        sizes[level] = out.stat().st_size
        rows.append(records(out))
        again = world.folder / "again"
        bcftools("view", "--no-version", f"-O{kind}{level}", "-o", again, out)
        assert sizes[level] == pytest.approx(again.stat().st_size, rel=0.25)
    assert all(each == rows[0] for each in rows)
    content = len(gzip.decompress((world.folder / out.name).read_bytes()))
    assert sizes["0"] > content > sizes["1"] > sizes["9"]


def test_the_command_line_has_all_types():
    assert sorted(COMMAND_TYPES) == sorted(OUTPUT_TYPES)


@pytest.mark.parametrize("kind", ["v9", "z10", "u3", "x", "z-1"])
def test_levels_that_there_are_not(annotate, many, kind):
    assert annotate(many, "-O", kind).status == 2


def test_an_index_that_must_be(world, annotate, many):
    out = world.folder / "o.vcf.gz"
    assert annotate(many, "-W", "-o", out).status == 0
    assert bcftools("index", "-n", out).strip() == "460"
    done = annotate(many, "-W", "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "an index (-W) is of a file .vcf.gz, .vcf.bgz, .bcf, not of" in done.err
    assert annotate(many, "-W").status == 1
    turned = world.folder / "turned.vcf"
    turned.write_text(vcf_text([world.snv("chr1", pos) for pos in (90, 30)], world.contigs))
    assert annotate(turned, "-o", world.folder / "t.vcf.gz").status == 0
    done = annotate(turned, "-W", "-o", world.folder / "u.vcf.gz")
    assert done.status == 1
    assert "u.vcf.gz gets no index: sort the input (bcftools sort)" in done.err
    assert not list(world.folder.glob("*u.vcf.gz*"))


@pytest.mark.parametrize(
    ("name", "words", "indices"),
    [
        ("o.vcf.gz", ["-W=csi"], ["o.vcf.gz.csi"]),
        ("o.vcf.gz", ["-Wcsi"], ["o.vcf.gz.csi"]),
        ("o.vcf.gz", ["--write-index=csi"], ["o.vcf.gz.csi"]),
        ("o.vcf.gz", ["-W=tbi"], ["o.vcf.gz.tbi"]),
        ("o.vcf.gz", ["-W"], ["o.vcf.gz.tbi"]),
        ("o.bcf", ["-W=csi"], ["o.bcf.csi"]),
        ("o.bcf", ["--write-index"], ["o.bcf.csi"]),
    ],
)
def test_an_index_of_a_kind(world, annotate, many, name, words, indices):
    """The value stands in the same word, as in bcftools: a file may follow."""
    (world.folder / "o.vcf.gz.tbi").write_text("of an earlier file")
    (world.folder / "o.vcf.gz.csi").write_text("of an earlier file")
    out = world.folder / name
    done = annotate(*words, many, "-o", out)
    assert (done.status, done.err) == (0, "")
    written = {path.name for path in world.folder.glob(f"{name}.?[bs]i")}
    assert written == set(indices)
    assert bcftools("index", "-n", out).strip() == "460"
    assert len(records(out)) == len(bcftools("view", "-H", "-r", "chr1", out).splitlines())


@pytest.mark.parametrize(
    ("name", "words", "status", "said"),
    [
        ("o.bcf", ["-W=tbi"], 1, "the index of a BCF is a .csi"),
        ("o.vcf.gz", ["-W=bai"], 2, "'bai' is neither csi nor tbi"),
        ("o.vcf.gz", ["--write-index=x"], 2, "'x' is neither csi nor tbi"),
        ("o.vcf", ["-W=csi"], 1, "an index (-W) is of a file .vcf.gz"),
    ],
)
def test_an_index_that_cannot_be(world, annotate, many, name, words, status, said):
    done = annotate(many, *words, "-o", world.folder / name)
    assert done.status == status
    assert said in done.err
    assert not (world.folder / name).exists()


def test_a_contig_too_long_for_a_tbi(world, annotate):
    vcf, out = world.folder / "long.vcf", world.folder / "o.vcf.gz"
    text = vcf_text([world.snv("chr1", 30)], world.contigs)
    vcf.write_text(text.replace("length=300", "length=600000000"))
    done = annotate(vcf, "-W=tbi", "--force", "-o", out)
    assert done.status == 1
    assert "a contig over 512,000,000 bases needs a .csi: write -W=csi" in done.err
    assert annotate(vcf, "-W", "--force", "-o", out).status == 0
    assert (world.folder / "o.vcf.gz.csi").exists()


def test_no_version(world, annotate, many, regplug):
    out, plain = world.folder / "o.vcf.gz", world.folder / "p.vcf.gz"
    assert annotate(many, "--no-version", "-o", out).status == 0
    assert annotate(many, "-o", plain).status == 0
    ours = ("##regplug_version=", "##regplug_command=", "##bcftools")
    assert not [line for line in header(out) if line.startswith(ours[:2])]
    left = [line for line in header(plain) if not line.startswith(ours)]
    assert left == [line for line in header(out) if not line.startswith(ours)]
    assert len(header(plain)) == len(header(out)) + 2
    assert records(out) == records(plain)
    verified = regplug("verify", out, "--fasta", world.fasta, "--model-repo", world.repo)
    assert verified.status == 0, verified.err


def test_two_files_are_refused_with_a_hint(world, annotate, many):
    done = annotate(many, many.with_name("b.vcf.gz"), "-o", world.folder / "o.vcf")
    assert done.status == 2
    assert f"one VCF at a time, not {many} and {many.with_name('b.vcf.gz')} too" in done.err
    assert "bcftools concat" in done.err
    assert not (world.folder / "o.vcf").exists()


def test_nobody_reads_the_output(world, many):
    """As bcftools: ended by SIGPIPE, and silent."""
    command = ["annotate", many, "--fasta", world.fasta, "--model-repo", world.repo]
    command += ["--model", "gc", "-i", "POS>1"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "regplug", *map(str, command)],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    view = subprocess.run(
        ["bcftools", "view", many], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
    assert view.returncode != 0
