"""Data that cannot be learned from: one clear line, a status above 0, nothing half-written."""

import gzip
import resource
import signal
import subprocess
import sys

import pytest

from regplug.data.sets.training import read_set
from tests.toy_genomes import random_letters, write_fasta

SEQUENCES = [random_letters(101, seed=i) for i in range(60)]
FASTA = "".join(f">s{i} class:{i % 2}\n{s}\n" for i, s in enumerate(SEQUENCES))
FORMS = ("chip", "bound", "selex", "intensities")


@pytest.fixture
def refused(tmp_path, regplug):
    """Return a function that prepares bad input, and gives the message."""

    def run(form, content, *options, name="bad"):
        if content is not None:
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(raw)
        there = {path for path in tmp_path.iterdir() if path.suffix != ".fai"}
        output = ["-o", tmp_path / "set"]
        done = regplug("prepare", "deepbind", form, tmp_path / name, *options, *output)
        assert done.status == 1, done
        assert "Traceback" not in done.err
        assert done.err.startswith("regplug: ")
        assert done.err.count("\n") == 1
        assert {path for path in tmp_path.iterdir() if path.suffix != ".fai"} == there
        return done.err

    return run


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_missing_empty_and_binary(refused, form, tmp_path):
    assert "none cannot be read" in refused(form, None, name="none")
    assert "bad is empty" in refused(form, "")
    assert "bad is empty" in refused(form, gzip.compress(b"\n"))
    assert "bad cannot be read" in refused(form, b">a class:1\n\xff\xfe\n")
    (tmp_path / "folder").mkdir()
    assert "folder cannot be read" in refused(form, None, name="folder")


@pytest.mark.parametrize("form", FORMS)
def test_truncated_gzip(refused, form):
    text = "seq\ty\n" + "".join(f"{s}\t{i}\n" for i, s in enumerate(SEQUENCES))
    packed = gzip.compress((text if form == "intensities" else FASTA).encode())
    for cut in (5, len(packed) // 2, len(packed) - 3):
        assert "truncated" in refused(form, packed[:cut], name="x.gz")
    assert "cannot be read" in refused(form, packed[:30] + b"\0" * 50 + packed[80:], name="x.gz")


@pytest.mark.parametrize("form", ["bound", "selex"])
def test_neither_fasta_nor_fastq(refused, form):
    assert "neither FASTA nor FASTQ: line 2 starts with 'ACGT'" in refused(form, "\nACGT\n")


def test_counted_reads(refused):
    for count in ("0", "-1", "1.5", "many", "9" * 10, "\u0664"):
        message = refused("selex", f"ACGT,1\nACCC,{count}\n")
        assert f"line 2: the count is {count!r}, no whole number above 0" in message
    assert "line 2: 1 columns, not a read and a count" in refused("selex", "ACGT,1\nACCC\n")


def test_backgrounds(refused, tmp_path):
    (tmp_path / "longer.fa").write_text(">a\nACGTA\n")
    (tmp_path / "same.fa").write_text(">a\nACGT\n>b\nTTTT\n")
    (tmp_path / "none.fa").write_text(">a\nNNNN\n")
    reads = ">a\nACGT\n>b\nAAAA\n"
    for name, why in (
        ("longer", "longer.fa 5: give --length"),
        ("same", "0 different positives for 3 folds"),
        ("none", "none.fa holds a known base"),
    ):
        assert why in refused("selex", reads, "--background", tmp_path / f"{name}.fa")


def test_odd_records(refused):
    assert "line 3: the sequence has no letters" in refused("selex", ">a\nACG\n>b\n>c\nACG\n")
    assert "line 5: no FASTQ read" in refused("selex", "@a\nAC\n+\nII\n@b\nAC\n")
    assert "line 1: no FASTQ read" in refused("selex", "@a\nACG\n+\nII\n")


# -- sequences -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["chip", "bound", "selex"])
def test_unequal_lengths(refused, form):
    text = ">a class:1\nACGT\n>b class:0\nACG\n>c class:0\nTTTT\n"
    message = refused(form, text)
    assert "bad, line 3: a sequence of 3 bases, the first has 4. Give --length 4" in message


def test_unequal_probes(refused):
    assert "line 3: a sequence of 3 bases" in refused("intensities", "seq\ty\nACGT\t1\nACG\t2\n")


@pytest.mark.parametrize("letter", ["!", "*", "-", "é", "J", "\u212a"])
def test_letters_that_are_none(refused, letter):
    message = refused("selex", f">a\nACGTRYK\n>b\nACG{letter}ACG\n")
    assert f"line 3: {letter!r} is no IUPAC letter" in message
    assert "no IUPAC" in refused("chip", f"seq\nAC{letter}\n")


def test_unknown_bases_only(refused):
    assert "no sequence of" in refused("chip", ">a\nNNNN\n")
    assert "no read of" in refused("selex", ">a\nNNNN\n")
    assert "no sequence of" in refused("intensities", "seq\ty\nNNN\t1\n")
    assert "after 2 were dropped" in refused("bound", ">a class:1\nNN\n>b class:0\nNN\n")


# -- classes and folds -----------------------------------------------------------------------


def test_one_class(refused, tmp_path):
    for label in "01":
        text = f">a class:{label}\nACGT\n>b class:{label}\nAAAA\n"
        assert "fewer than two classes" in refused("bound", text)
    assert "one class only" in refused("chip", "EventID\tseq\tBound\na_shuf\tACGT\t0\n")
    (tmp_path / "good").write_text(FASTA)
    message = refused("bound", None, "--apart-from", tmp_path / "good", name="good")
    assert "after 60 were dropped" in message


def test_no_class(refused):
    assert "line 3: neither class:0 nor class:1" in refused("bound", ">a class:1\nA\n>b\nC\n")
    assert "line 1: neither" in refused("bound", ">a class:10\nA\n")


def test_fewer_positives_than_folds(refused):
    two = ">a class:1\nACCT\n>b class:1\nCCCA\n"
    for form in ("chip", "selex"):
        assert "2 different positives for 3 folds" in refused(form, two)
    assert "1 different positives for 2 folds" in refused("selex", ">a\nAC\n>b\nGT\n", "--folds", 2)
    unbound = "".join(f">u{i} class:0\nACG{letter}\n" for i, letter in enumerate("ACGT"))
    assert "2 different positives for 3 folds" in refused("bound", two + unbound)
    assert "2 different sequences for 3" in refused("intensities", "seq\ty\nACCT\t1\nCAAT\t2\n")


# -- tables ----------------------------------------------------------------------------------


def test_chip_tables(refused):
    assert "a BED needs --fasta" in refused("chip", "chr1\t5\t9\n")
    assert "line 3: Bound is '2'" in refused("chip", "seq\tBound\nACG\t1\nACG\t2\n")
    assert "line 2: 1 columns, not 2" in refused("chip", "seq\tBound\nACG\n")
    assert "only the names" in refused("chip", "seq\tBound\n")
    both = "EventID\tseq\tBound\na_peak\tACG\t1\na_shuf\tACG\t0\n"
    assert "leave out --max" in refused("chip", both, "--max", "1")


@pytest.mark.parametrize("cell", ["NaN", "nan", "", "inf", "-", "1,5"])
def test_intensities_that_are_no_numbers(refused, cell):
    message = refused("intensities", f"seq\ty\nACCT\t1\nCAAT\t{cell}\n")
    assert f"line 3: y is {cell!r}, no number" in message


def test_intensity_tables(refused):
    several = "seq\ta\tb\nACCT\t1\t2\nCAAT\t1\t2\n"
    assert "2 columns of intensities: give one with --column; a, b" in refused(
        "intensities", several
    )
    assert "no column c" in refused("intensities", several, "--column", "c")
    assert "name the column of sequences" in refused("intensities", "probe\ta\nACGT\t1\n")
    assert "name the column of sequences" in refused("intensities", several, "--sequence", "x")
    message = refused("intensities", "ACGT\t1\t2\n")
    assert "of a table without a line of names, give them with --names" in message
    three = "--names", "seq,a,b", "--column", "a"
    assert "line 1: 2 columns, not 3" in refused("intensities", "ACGT\t1\n", *three)
    assert "two columns of one name" in refused("intensities", "seq\ta\ta\nACGT\t1\t1\n")
    assert "all the same" in refused("intensities", several, "--column", "a")
    assert "takes two or more" in refused("intensities", "seq\ta\nACCT\t1\n", "--median")
    zero = several + "GGGG\t1\t-1\n"
    assert "line 4: the median is not above 0" in refused(
        "intensities", zero, "--median", "--column", "a"
    )
    assert "line 2: no sequence" in refused("intensities", "seq\ta\n\t1\n")
    assert "line 2: 3 columns, not 2" in refused("intensities", "seq\ta\nA\t1\t2\n")
    assert "only the names" in refused("intensities", "seq\ta\n")


# -- BED -------------------------------------------------------------------------------------


def test_beds(refused, tmp_path):
    fasta = ["--fasta", write_fasta(tmp_path / "g.fa", {"chr1": SEQUENCES[0]})]
    message = refused("chip", "chr1\t0\t9\nchr7\t5\t9\n", *fasta)
    assert "all 2 regions" in message
    assert "outside the genome" in message
    assert "line 2 is not BED" in refused("chip", "chr1\t5\t9\nchr1\tx\t9\n", *fasta)
    assert "holds no region" in refused("chip", "", *fasta)
    packed = gzip.compress(b"chr1\t50\t51\n" * 50)
    assert "cannot read the regions" in refused("chip", packed[:-9], *fasta, name="x.bed.gz")
    assert "no FASTA" in refused("chip", "chr1\t5\t9\n", "--fasta", tmp_path / "none.fa")


# -- output ----------------------------------------------------------------------------------


def test_output_that_is_something_else(tmp_path, regplug):
    (tmp_path / "x.fa").write_text(FASTA)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    command = ["prepare", "deepbind", "selex", tmp_path / "x.fa", "-o"]
    for output in ("home", "home/thesis.txt", "home/thesis.txt/set"):
        assert regplug(*command, tmp_path / output).status == 1
    assert (tmp_path / "home" / "thesis.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_full_disk(tmp_path):
    (tmp_path / "x.fa").write_text(FASTA)
    command = [sys.executable, "-m", "regplug", "prepare", "deepbind", "selex", tmp_path / "x.fa"]
    command += ["-o", tmp_path / "set"]

    def run(limit):
        def limited():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(command, capture_output=True, text=True, preexec_fn=limited)

    for limit in (100, 4_000, 12_200):  # within the header, within the codes, behind them
        done = run(limit)
        if limit < 12_200:
            assert done.returncode == 1
            assert done.stderr.startswith(f"regplug: cannot write {tmp_path / 'set'}")
            assert done.stderr.count("\n") == 1
            assert [path.name for path in tmp_path.iterdir()] == ["x.fa"]
    assert run(None).returncode == 0
    before = (tmp_path / "set" / "codes.npy").read_bytes()
    assert run(4_000).returncode == 1
    assert (tmp_path / "set" / "codes.npy").read_bytes() == before  # the older set is whole
    assert len(read_set(tmp_path / "set").codes) == 120
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "x.fa"]


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_killed_while_it_writes(tmp_path, kind):
    (tmp_path / "x.fa").write_text(FASTA)
    code = (
        "import os, numpy as np\nsave = np.save\n"
        "def hit(*args, **keys):\n"
        f"    save(*args, **keys)\n    os.kill(os.getpid(), {int(kind)})\n"
        "np.save = hit\nfrom regplug.cli import main\nmain()"
    )
    arguments = ["prepare", "deepbind", "selex", tmp_path / "x.fa", "-o", tmp_path / "set"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == (143 if kind == signal.SIGTERM else -9)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "set").exists()
    if kind != signal.SIGKILL:
        assert [path.name for path in tmp_path.iterdir()] == ["x.fa"]
    subprocess.run([sys.executable, "-m", "regplug", *arguments], check=True)
    assert len(read_set(tmp_path / "set").codes) == 120
