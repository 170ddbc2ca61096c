"""-i -e -f -s -S -t -T select the records and samples that bcftools view selects."""

import subprocess
import sys
from pathlib import Path

import pytest

import regplug as package
from tests.cli.test_annotate import SAMPLES, bcftools, everything, records  # noqa: F401

WORDS = {
    "expression": ["-i", "DP>5"],
    "excluded": ["-e", "DP>5"],
    "of types": ["-i", 'TYPE="snp" || TYPE="ref"'],
    "of genotypes": ["-i", 'N_PASS(GT="alt")>1'],
    "nothing": ["-i", "QUAL>1e9"],
    "passed": ["-f", "PASS"],
    "passed or unfiltered": ["-f", "PASS,."],
    "of another filter": ["-f", "q10"],
    "a sample": ["-s", "s2"],
    "other samples": ["-s", "^s2"],
    "turned": ["-s", "s2,s1"],
    "file of samples": ["-S", "samples.txt"],
    "without a file of samples": ["-S", "^samples.txt"],
    "sample and expression": ["-s", "s2", "-i", 'GT="ref"'],
    "targets": ["-t", "chr1:60-101,chr2"],
    "without targets": ["-t", "^chr1:60-101"],
    "file of targets": ["-T", "targets.bed"],
    "without a file of targets": ["-T", "^targets.bed"],
    "overlapping": ["-t", "chr1:60-101", "--targets-overlap", "record"],
    "overlapping by number": ["-T", "targets.bed", "--targets-overlap", "2"],
    "by POS": ["-T", "targets.bed", "--targets-overlap", "0"],
    "all": ["-t", "chr1", "-s", "s1", "-f", ".,PASS", "-e", 'ALT="<DEL>"'],
}


@pytest.fixture
def given(world, everything, monkeypatch):  # noqa: F811
    """Return a VCF with one of everything, with lists beside it, in the current folder."""
    monkeypatch.chdir(world.folder)
    (world.folder / "samples.txt").write_text("s1\n")
    (world.folder / "targets.bed").write_text("chr1\t59\t101\nchr2\t0\t9\n")
    rows = [line.replace(". . . DP=3 GT:AD 0/1", ". . . DP=3 GT:AD 0/0") for line in everything]
    return world.vcf("in.vcf.gz", [row for row in rows if " 0 telo" not in row], SAMPLES)


def bare(path):
    """Return the columns' names and the records of a VCF, without regplug's tags."""
    lines = [line.split("\t") for line in path.read_text().splitlines() if line[:2] != "##"]
    for cells in lines:
        kept = [pair for pair in cells[7].split(";") if not pair.startswith("RP_")]
        cells[7] = ";".join(kept) or "."
    return lines


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("name", ["in.vcf.gz", "in.bcf"])
def test_what_is_selected_is_what_bcftools_selects(world, annotate, given, words, name):
    bcftools("view", "-Ob", "-o", "in.bcf", given)
    done = annotate(name, "-o", "out.vcf", *words)
    assert (done.status, done.err) == (0, "")
    bcftools("view", "-o", "expected.vcf", *words, given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))


@pytest.mark.parametrize("overlap", ["pos", "record", "variant"])
def test_selected_in_regions(world, annotate, given, overlap):
    """With an index and regions that overlap, each record is there once."""
    words = ["-r", "chr1:60-101,chr1:90-102,chr2", "--regions-overlap", overlap, "-e", "DP=3"]
    done = annotate(given, "-o", "out.vcf", *words)
    assert (done.status, done.err) == (0, "")
    bcftools("view", "-o", "expected.vcf", *words, given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))
    (world.folder / "r.txt").write_text("chr1\t60\t101\n")
    assert annotate(given, "-o", "out.vcf", "-R", "r.txt", "-i", "DP>0").status == 0
    bcftools("view", "-o", "expected.vcf", "-R", "r.txt", "-i", "DP>0", given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))


@pytest.mark.parametrize("words", [["-s", "s2,no,s1"], ["-s", "^no,s1"], ["-S", "named.txt"]])
def test_samples_that_there_are_not(world, annotate, given, words):
    (world.folder / "named.txt").write_text("no\ns2\n")
    assert annotate(given, "-o", "out.vcf", *words).status == 1
    done = annotate(given, "-o", "out.vcf", *words, "--force-samples")
    assert done.status == 0
    warned = 'sample that does not exist in header: "no"... skipping\n'
    assert done.err.startswith("bcftools warns: ")
    assert done.err.endswith(warned)
    assert done.err.count("\n") == 1
    bcftools("view", "-o", "expected.vcf", *words, "--force-samples", given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))
    done = annotate(given, "-o", "out.vcf", *words, "--force-samples", "--quiet")
    assert (done.status, done.err) == (0, "")


def test_scores_of_selected_records_are_the_same(world, annotate, given):
    assert annotate(given, "-o", "all.vcf").status == 0
    assert annotate(given, "-o", "some.vcf", "-i", "POS>100").status == 0
    assert records("some.vcf") == [row for row in records("all.vcf") if int(row[1]) > 100]


def test_from_python(world, given):
    wanted = package.Selection(include="DP>5", samples="s1")
    package.annotate(
        *(given,),
        **{"output": "out.vcf", "fasta": world.fasta, "repo": str(world.repo), "models": ["gc"]},
        selection=wanted,
    )
    bcftools("view", "-o", "expected.vcf", "-i", "DP>5", "-s", "s1", given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-i", "NO>1"], 'the tag "NO" is not defined in the VCF header'),
        (["-i", "((DP>1"], "Could not parse the expression"),
        (["-s", "nobody"], "sample that does not exist in header"),
        (["-S", "missing.txt"], "Could not read the list"),
        (["-T", "missing.txt"], "Failed to read the targets: missing.txt"),
        (["-i", "DP>1", "-e", "DP>1"], "give -i or -e, not both"),
        (["-s", "s1", "-S", "samples.txt"], "give -s or -S, not both"),
        (["-t", "chr1", "-T", "targets.bed"], "give -t or -T, not both"),
        (["-S", "samples.txt", "-o", "samples.txt"], "samples.txt"),
    ],
)
def test_what_bcftools_refuses_is_told(world, annotate, given, words, said):
    done = annotate(given, "-o", "out.vcf", *words)
    assert done.status == 1
    assert said in done.err
    assert done.err.count("\n") == 1, done.err
    assert not (world.folder / "out.vcf").exists()
    assert (world.folder / "samples.txt").read_text() == "s1\n"


def run(world, *words, data):
    """Run regplug with its standard input in a process of its own."""
    command = ["annotate", "-", "--fasta", world.fasta, "--model-repo", world.repo]
    return subprocess.run(
        [sys.executable, "-m", "regplug", *map(str, command), "--model", "gc", *words],
        input=data,
        capture_output=True,
        check=False,
    )


def test_from_standard_input(world, given):
    done = run(world, "-i", "DP>5", data=given.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    (world.folder / "out.vcf").write_bytes(done.stdout)
    bcftools("view", "-o", "expected.vcf", "-i", "DP>5", given)
    assert bare(Path("out.vcf")) == bare(Path("expected.vcf"))


def test_input_that_is_cut_off(world, given, annotate):
    data = given.read_bytes()
    for cut in (data[:-28], data[:-60]):
        done = run(world, "-i", "DP>5", "-o", "out.vcf", data=cut)
        assert done.returncode == 1, done.stderr
        assert b"standard input" in done.stderr
        (world.folder / "cut.vcf.gz").write_bytes(cut)
        assert annotate("cut.vcf.gz", "-o", "out.vcf", "-i", "DP>5").status == 1
        assert not (world.folder / "out.vcf").exists()


@pytest.mark.parametrize("line", ["chr1\tx\t.\tA\tC\t.\t.\t.", "chr1\t5\t.\tA", "chr1 5 . A C"])
def test_a_line_that_is_no_record(world, annotate, line):
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in (30, 40)])
    vcf.write_text(vcf.read_text() + line + "\n" + vcf.read_text().splitlines()[-1] + "\n")
    done = annotate(vcf, "-o", world.folder / "out.vcf", "-i", "POS>1")
    assert done.status == 1
    assert not (world.folder / "out.vcf").exists()
