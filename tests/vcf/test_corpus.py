"""The VCF files that others test readers with: all come back, or are refused in a line."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import DATA
from tests.toy_genomes import random_letters, write_fasta

CORPUS = DATA / "vcf_corpus"
QUERY = r"%CHROM\t%POS\t%ID\t%REF\t%ALT\n"
PASSED = sorted(CORPUS.glob("hts_specs/*/passed/*.vcf"))
ODD = sorted([*CORPUS.glob("hts_specs/*/failed/*.vcf"), *CORPUS.glob("bcftools/*.vcf")])
ANNOTATED = "##INFO=<ID=RP_STATUS,"


def bcftools(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = ["bcftools", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=20)


@pytest.fixture(scope="module")
def fasta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a genome whose contigs are called like the corpus's."""
    contigs = {name: random_letters(5_000, seed=n) for n, name in enumerate(["1", "2", "20", "X"])}
    return write_fasta(tmp_path_factory.mktemp("fasta") / "toy.fa", contigs)


@pytest.fixture
def annotated(regplug, toy_repo, fasta, tmp_path):
    """Return a function that annotates a file: the run, and its output."""

    def run(vcf):
        out = tmp_path / "out.vcf"
        done = regplug("annotate", vcf, "--fasta", fasta, "--model-repo", toy_repo, "--model", "gc",
                       "--threads", 1, "--force", "-o", out, "--summary", "-")  # fmt: skip
        return done, out

    return run


def name(path: Path) -> str:
    return str(path.relative_to(CORPUS))


@pytest.mark.data
def test_the_corpus_is_there(data):
    assert len(PASSED) > 70
    assert len(ODD) > 100


@pytest.mark.data
@pytest.mark.parametrize("path", PASSED, ids=name)
def test_passed(path, annotated):
    if bcftools("view", path).returncode:
        # not left out: what htslib cannot read must be refused in a line
        assert_refused(*annotated(path))
        return
    done, out = annotated(path)
    assert done.status == 0, done.err
    assert bcftools("query", "-f", QUERY, out).stdout == bcftools("query", "-f", QUERY, path).stdout
    alts = [line.split(b"\t")[4].split(b",") for line in records(path)]
    assert json.loads(done.out)["alts"] == sum(map(len, alts))
    assert ANNOTATED in out.read_text()


@pytest.mark.data
@pytest.mark.parametrize("path", ODD, ids=name)
def test_failed_and_odd(path, annotated):
    done, out = annotated(path)
    if done.status:
        assert_refused(done, out)
    else:
        assert len(records(out)) == len(records(path))


@pytest.mark.data
def test_symbols_of_bcftools_are_their_bases(regplug, toy_repo, tmp_path):
    """norm.symbolic.vcf has each deletion in bases and as a symbol, which bcftools moves alike."""
    given, moved = CORPUS / "bcftools" / "norm.symbolic.vcf", tmp_path / "moved.vcf"
    letters = random_letters(200, seed=5)
    contig = f"{letters[:23]}ACACA{letters[28:95]}AAAAAAA{letters[102:]}"
    fasta = write_fasta(tmp_path / "g.fa", {"20": contig})
    assert bcftools("norm", "-f", fasta, "-o", moved, given).returncode == 0
    assert records(moved) != records(given)
    where = ("--fasta", fasta, "--model-repo", toy_repo, "--model", "place", "--all-targets")
    found = []
    for path in (given, moved):
        out = tmp_path / "out.vcf"
        assert regplug("annotate", path, *where, "--force", "-o", out).status == 0
        tags = bcftools("query", "-f", r"%RP_STATUS %RP_PLACE_T0 %RP_PLACE_T1\n", out).stdout
        found.append(tags.decode().split("\n")[:-1])
    first, as_symbol, second, as_symbol_too = found[0]
    assert first.startswith("ok ")
    assert as_symbol == first != second == as_symbol_too
    assert found[1] == found[0]


def records(path: Path) -> list[bytes]:
    lines = path.read_bytes().replace(b"\r\n", b"\n").split(b"\n")
    return [line for line in lines if line and not line.startswith(b"#")]


def assert_refused(done, out):
    assert done.status == 1
    ours = [line for line in done.err.splitlines() if line.startswith("regplug: ")]
    assert len(ours) == 1, done.err
    assert "Traceback" not in done.err
    assert list(out.parent.iterdir()) == []
