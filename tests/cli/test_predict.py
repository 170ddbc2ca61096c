import gzip
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import regplug as regplug_api
from regplug.genome.codes import decode, reverse_complement
from tests.toy_models import gc_model, table_model


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
    assert (done.status, done.err.splitlines()[-1]) == (
        1,
        "regplug: six reads 6 bases, a sequence has 3: cut the sequences to 6",
    )
    (tmp_path / "c.fa").write_text(">x\nACGTACGT\n")
    done = regplug("predict", tmp_path / "c.fa", "--model", "six", "--model-repo", repo)
    assert (done.status, done.err.splitlines()[-1]) == (
        1,
        "regplug: six reads 6 bases, a sequence has 8: cut the sequences to 6, or predict every "
        "window of it (--whole)",
    )


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


# -- window by window --------------------------------------------------------------------------


def rows(out):
    return [line.split("\t") for line in out.splitlines()]


@pytest.mark.parametrize("model", ["six", "pair"])
def test_every_window_of_a_sequence(regplug, repo, tmp_path, model):
    """From the first base to the last; a sequence as long as the window has one."""
    (tmp_path / "long.fa").write_text(">x\nGGGGAATTCC\n>y\nACGTGG\n")
    words = ("predict", tmp_path / "long.fa", "--model", model, "--model-repo", repo, "--whole")
    done = regplug(*words, "--step", 3)
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "name\tstart\tend\tT0\tT1\n"
        "x\t0\t6\t4.0\t8.0\n"  # GGGGAA
        "x\t3\t9\t2.0\t4.0\n"  # GAATTC
        "x\t4\t10\t2.0\t4.0\n"  # AATTCC
        "y\t0\t6\t4.0\t8.0\n"
    )
    places = [row[:3] for row in rows(regplug(*words).out)[1:]]
    assert places == [*(["x", str(at), str(at + 6)] for at in range(5)), ["y", "0", "6"]]


def test_a_window_has_the_scores_that_it_has_alone(regplug, tmp_path, random_codes):
    """More windows than are held together; some are mostly unknown."""
    window, steps = 30, 3  # by default a tenth
    table_model(tmp_path / "repo", "toy", random_codes(5, 2, seed=1) * 0.5, window=window)
    codes = random_codes(1, 4000, seed=2)[0]
    codes[900:903], codes[2000:2100] = 4, 4
    letters = decode(codes)
    starts = [*range(0, 4000 - window, steps), 4000 - window]
    cut = "".join(f">x\n{letters[at : at + window]}\n" for at in starts)
    (tmp_path / "cut.fa").write_text(cut)
    (tmp_path / "long.fa").write_text(f">x\n{letters}\n")
    model = ("--model", "toy", "--model-repo", tmp_path / "repo")
    whole = rows(regplug("predict", tmp_path / "long.fa", *model, "--whole").out)[1:]
    alone = rows(regplug("predict", tmp_path / "cut.fa", *model).out)[1:]
    assert [[int(at) for at in row[1:3]] for row in whole] == [[at, at + window] for at in starts]
    unknown = [letters[at : at + window].count("N") > window / 10 for at in starts]
    assert 0 < sum(unknown) < 50
    expected = [["."] * 2 if n else row[1:] for row, n in zip(alone, unknown, strict=True)]
    assert [row[3:] for row in whole] == expected


def test_every_window_of_a_region(regplug, tmp_path, random_codes):
    """At its place in the genome; a short region has the window around its middle."""
    table = np.array([[1.0], [2], [4], [8], [0]])
    weights = np.arange(1.0, 7)
    codes = random_codes(1, 100, seed=3)[0]
    (tmp_path / "genome.fa").write_text(f">chr1\n{decode(codes)}\n")
    (tmp_path / "a.bed").write_text("1\t20\t29\tlong\t0\t-\nchr1\t40\t42\t.\t0\t+\n")
    for strand in ("mean", "forward"):
        table_model(tmp_path / strand, "m", table, window=6, weights=weights, strand=strand)
        words = ("predict", tmp_path / "a.bed", "--fasta", tmp_path / "genome.fa", "--model", "m")
        done = regplug(*words, "--model-repo", tmp_path / strand, "--whole", "--step", 2)
        assert done.status == 0, done.err
        header, *found = rows(done.out)
        assert header == ["name", "chrom", "start", "end", "T0"]
        assert [row[:4] for row in found] == [
            *(["long", "1", str(at), str(at + 6)] for at in (20, 22, 23)),
            ["chr1:41-42", "chr1", "38", "44"],
        ]
        for at, row in zip((20, 22, 23, 38), found, strict=True):
            read = codes[at : at + 6]
            if strand == "forward" and at < 38:
                read = reverse_complement(read)
            assert float(row[4]) == pytest.approx(float(table[read, 0] @ weights))


def test_windows_that_cannot_be(regplug, repo, fasta, tmp_path):
    words = ("--model-repo", repo, "-o", tmp_path / "out.tsv")
    done = regplug("predict", fasta, "--model", "any", "--whole", *words)
    assert (done.status, "any reads sequences of any length" in done.err) == (1, True)
    (tmp_path / "short.fa").write_text(">x\nACGTACGT\n>y\nACG\n")
    done = regplug("predict", tmp_path / "short.fa", "--model", "six", "--whole", *words)
    assert (done.status, "six reads 6 bases, y has 3: leave it out" in done.err) == (1, True)
    done = regplug("predict", fasta, "--model", "six", "--step", 3, *words)
    assert (done.status, "--step goes with --whole" in done.err) == (2, True)
    assert not (tmp_path / "out.tsv").exists()


def test_windows_as_a_table(repo):
    pytest.importorskip("pyarrow")
    table = regplug_api.predict(["GGGGAATTCC"], model="six", repo=str(repo), whole=True, step=4)
    assert table.to_pydict() == {
        "name": ["1", "1"],
        "start": [0, 4],
        "end": [6, 10],
        "T0": [4.0, 2.0],
        "T1": [8.0, 4.0],
    }
