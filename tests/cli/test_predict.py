import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toy_models import gc_model


@pytest.fixture
def repo(tmp_path):
    """Return a repository: any (any length), six (a window of 6), and pair with its companion."""
    gc_model(tmp_path / "repo", "any", window=None)
    gc_model(tmp_path / "repo", "six", window=6)
    gc_model(tmp_path / "repo", "pair", window=6, companion="any")
    return tmp_path / "repo"


@pytest.fixture
def fasta(tmp_path):
    (tmp_path / "a.fa").write_text(">one more words\nACGTGG\n>two\nccnaua\n")
    return tmp_path / "a.fa"


EXPECTED = "name\tT0\tT1\none\t4.0\t8.0\ntwo\t2.5\t5.0\n"


@pytest.mark.parametrize("model", ["any", "six", "pair"])
def test_predict(regplug, repo, fasta, model):
    done = regplug("predict", fasta, "--model", model, "--model-repo", repo)
    assert (done.status, done.out, done.err) == (0, EXPECTED, "")


def test_a_companion_reads_any_length(regplug, repo, tmp_path):
    (tmp_path / "b.fa").write_text(">x\nGGG\n>y\nACACACACAC\n>z\nG\n")
    done = regplug("predict", tmp_path / "b.fa", "--model", "pair", "--model-repo", repo)
    assert done.out == "name\tT0\tT1\nx\t3.0\t6.0\ny\t5.0\t10.0\nz\t1.0\t2.0\n"
    done = regplug("predict", tmp_path / "b.fa", "--model", "six", "--model-repo", repo)
    assert (done.status, "six reads 6 bases, a sequence has 3" in done.err) == (1, True)


def test_a_file_appears_when_it_is_complete(regplug, repo, fasta, tmp_path):
    out = tmp_path / "scores.tsv"
    assert regplug("predict", fasta, "--model", "any", "--model-repo", repo, "-o", out).status == 0
    assert out.read_text() == EXPECTED
    fasta.write_text(">one\nACGT\n>two\n\n>three\nA\n")
    done = regplug("predict", fasta, "--model", "any", "--model-repo", repo, "-o", out)
    assert (done.status, "two" in done.err) == (1, True)
    assert out.read_text() == EXPECTED
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_standard_input_may_be_gzipped(repo, fasta):
    command = [
        sys.executable,
        "-m",
        "regplug",
        "predict",
        "-",
        "--model",
        "any",
        "--model-repo",
        repo,
    ]
    packed = io.BytesIO(gzip.compress(fasta.read_bytes())).getvalue()
    done = subprocess.run(command, input=packed, capture_output=True, check=True)
    assert done.stdout.decode() == EXPECTED


def test_more_sequences_than_are_held_together(regplug, repo, tmp_path):
    (tmp_path / "many.fa").write_text("".join(f">s{n}\n{'G' * (n % 7 + 1)}\n" for n in range(2500)))
    done = regplug("predict", tmp_path / "many.fa", "--model", "any", "--model-repo", repo)
    rows = [line.split("\t") for line in done.out.splitlines()[1:]]
    assert [(row[0], float(row[1])) for row in rows] == [(f"s{n}", n % 7 + 1) for n in range(2500)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device(repo, fasta):
    command = [
        sys.executable,
        "-m",
        "regplug",
        "predict",
        fasta,
        "--model",
        "any",
        "--model-repo",
        repo,
    ]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "regplug: cannot write standard output: No space left on device"
    ]


def test_unknown_model_and_file(regplug, repo, fasta):
    done = regplug("predict", fasta, "--model", "nope", "--model-repo", repo)
    assert (done.status, "there are: any, pair, six" in done.err) == (1, True)
    done = regplug("predict", "none.fa", "--model", "any", "--model-repo", repo)
    assert (done.status, "none.fa" in done.err) == (1, True)
