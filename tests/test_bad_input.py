"""What goes wrong is told in a clear line, with a status above 0, and leaves no half output."""

import gzip
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pysam
import pytest

from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import gc_model

CONTIGS = {"chr1": random_letters(20_000, seed=1), "chr2": random_letters(300, seed=2)}

SLOW_Z, SLOW_U = (pytest.param(kind, marks=pytest.mark.slow) for kind in "zu")


def snv(chrom, pos):
    base = CONTIGS[chrom][pos - 1]
    return f"{chrom} {pos} . {base} {'ACGT'['ACGT'.index(base) - 1]} . . ."


MANY = [snv("chr1", pos) for pos in range(10, 19_000, 7)]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with genome.fa and in.vcf, and an older out.vcf."""
    write_fasta(tmp_path / "genome.fa", CONTIGS)
    (tmp_path / "in.vcf").write_text(vcf_text([snv("chr1", 30), snv("chr2", 40)], CONTIGS))
    (tmp_path / "out.vcf").write_text("older")
    return tmp_path


@pytest.fixture
def refused(folder, toy_repo, regplug):
    """Return a function that runs annotate with bad input, and gives the message."""

    def run(
        vcf="in.vcf",
        *arguments,
        status=1,
        fasta="genome.fa",
        repo=toy_repo,
        model="gc",
        out="out.vcf",
    ):
        there = sorted(folder.iterdir())
        fastas = ["--fasta", folder / fasta] if fasta else []
        models = ["--model", model] if model else []
        outputs = [] if out is None else ["-o", folder / out]
        done = regplug(
            "annotate",
            folder / vcf if vcf != "-" else vcf,
            *fastas,
            "--model-repo",
            repo,
            *models,
            *outputs,
            *arguments,
        )
        assert done.status == status, done
        assert "Traceback" not in done.err
        if status == 1:
            assert done.err.count("regplug: ") == 1
        after = [p for p in folder.iterdir() if p.name != "genome.fa.fai"]
        assert sorted(after) == [p for p in there if p.name != "genome.fa.fai"]
        assert (folder / "out.vcf").read_text() == "older"
        return done.err

    return run


# -- the reference -----------------------------------------------------------------------


def test_no_fasta_lists_the_five_places(refused):
    message = refused(fasta=None)
    for place in ("--fasta", "$REGPLUG_FASTA", "config.toml", "##reference=", "genomepy"):
        assert place in message


def test_no_such_fasta(refused):
    assert "none.fa" in refused(fasta="none.fa")


def test_a_fasta_without_index_in_a_folder_that_cannot_be_written(folder, refused):
    (folder / "genome.fa.fai").mkdir()
    message = refused()
    assert "samtools faidx genome.fa" in message


def test_a_gzipped_fasta(folder, refused):
    (folder / "genome.fa.gz").write_bytes(gzip.compress((folder / "genome.fa").read_bytes()))
    assert "bgzip, not gzip" in refused(fasta="genome.fa.gz")


def test_a_truncated_fasta(folder, refused):
    pysam.faidx(str(folder / "genome.fa"))
    whole = (folder / "genome.fa").read_bytes()
    (folder / "genome.fa").write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refused()


def test_another_build_by_contig_length(folder, refused):
    other = {"chr1": CONTIGS["chr1"] + "A"}
    (folder / "in.vcf").write_text(vcf_text([snv("chr1", 30)], other))
    message = refused()
    assert all(word in message for word in ("chr1", "20001", "20000", "--force"))


def test_another_build_by_refs(folder, refused):
    base = {"A": "C", "C": "G", "G": "T", "T": "A"}
    wrong = [
        f"chr1 {p} . {base[CONTIGS['chr1'][p - 1]]} {CONTIGS['chr1'][p - 1]} . . ."
        for p in range(9, 28)
    ]
    (folder / "in.vcf").write_text(vcf_text([*wrong, snv("chr1", 30)]))
    message = refused()
    assert all(word in message for word in ("19 of the first 20", "genome.fa", "--force"))


def test_fewer_than_twenty_refs_are_no_proof(folder, regplug, toy_repo):
    (folder / "in.vcf").write_text(vcf_text(["chr1 30 . AAAA C . . ."] * 19))
    arguments = ["--fasta", folder / "genome.fa", "--model-repo", toy_repo, "--model", "gc"]
    assert regplug("annotate", folder / "in.vcf", *arguments).status == 0
    (folder / "in.vcf").write_text(vcf_text(["chr1 30 . AAAA C . . ."] * 20))
    assert regplug("annotate", folder / "in.vcf", *arguments).status == 1
    assert regplug("annotate", folder / "in.vcf", *arguments, "--force").status == 0


# -- the variants ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", random.Random(0).randbytes(3000), b">c\nACGT\n", b"chr1\t5\n"]
)
def test_not_a_vcf(folder, refused, content):
    (folder / "in.vcf").write_bytes(content)
    said = refused()
    assert "in.vcf is not a VCF or BCF, as it has no header of one (a list of variants is a" in said
    assert "mode=" not in said


def test_no_such_vcf_and_a_folder(folder, refused):
    assert "no file" in refused("none.vcf")
    (folder / "folder.vcf").mkdir()
    assert "folder.vcf is not a VCF" in refused("folder.vcf")


def test_a_gzipped_vcf(folder, refused):
    (folder / "in.vcf.gz").write_bytes(gzip.compress((folder / "in.vcf").read_bytes()))
    assert "bgzip it" in refused("in.vcf.gz")


@pytest.fixture(scope="module", params=["vcf.gz", "bcf"])
def packed(request, tmp_path_factory):
    """Return the suffix and the bytes of a bgzipped VCF or a BCF of several blocks."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "in.vcf").write_text(vcf_text(MANY, CONTIGS))
    kind = "-Oz" if request.param == "vcf.gz" else "-Ob"
    command = ["bcftools", "view", kind, "-o", folder / "packed", folder / "in.vcf"]
    subprocess.run(command, check=True)
    return request.param, (folder / "packed").read_bytes()


def cuts(content):
    """Return where to cut: in the header, at each start of a block, in the middle, at the end."""
    starts, at = [], 0
    while at < len(content):
        starts.append(at)
        at += int.from_bytes(content[at + 16 : at + 18], "little") + 1
    return sorted({*starts[1:], 10, 100, len(content) // 2, len(content) - 40, len(content) - 1})


def test_truncated(folder, refused, packed):
    suffix, content = packed
    assert len(cuts(content)) >= 6
    for cut in cuts(content):
        (folder / f"cut.{suffix}").write_bytes(content[:cut])
        assert f"cut.{suffix}" in refused(f"cut.{suffix}"), cut


def test_truncated_on_standard_input(folder, packed, toy_repo):
    _, content = packed
    command = [
        sys.executable,
        "-m",
        "regplug",
        "annotate",
        "-",
        "--fasta",
        folder / "genome.fa",
        "--model-repo",
        toy_repo,
        "--model",
        "gc",
        "-o",
        folder / "out.vcf",
    ]
    for cut in (len(content) - 28, len(content) // 2):  # at the start of a block, and within one
        done = subprocess.run(
            command, input=content[:cut], capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 1, cut
        assert b"regplug: standard input" in done.stderr
        assert (folder / "out.vcf").read_text() == "older"


def test_a_damaged_block(folder, refused, packed):
    suffix, content = packed
    middle = len(content) // 2
    (folder / f"bad.{suffix}").write_bytes(
        content[:middle] + b"damage" * 9 + content[middle + 54 :]
    )
    assert f"bad.{suffix}" in refused(f"bad.{suffix}")


# -- models, targets, scores -------------------------------------------------------------


def test_an_unknown_model_lists_those_there_are(refused):
    assert "there are: centre, gc, place" in refused(model="nope")


def test_no_repository(refused):
    assert "nowhere" in refused(repo="nowhere")


def test_no_default_model(refused):
    assert "--model" in refused(model="")


@pytest.mark.parametrize("target", ["T9", "gc:T9", "nope:T0"])
def test_an_unknown_target(refused, target):
    message = refused("in.vcf", "--targets", target)
    assert target in message
    assert "regplug models show" in message


def test_scores_that_do_not_fit(refused):
    assert "choose from ref, alt, diff" in refused("in.vcf", "--scores", "sad")
    assert "which has no logit" in refused("in.vcf", "--scores", "diff,logit")
    assert "which has no log2fc" in refused("in.vcf", "--scores", "log2fc")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("card.json", b"{"),
        ("card.json", b'{"name": "bad"}'),
        ("1/model.onnx", b"damaged"),
        ("1/model.onnx", None),
    ],
)
def test_a_damaged_model(tmp_path_factory, refused, file, content):
    repo = tmp_path_factory.mktemp("bad")
    gc_model(repo, "bad")
    if content is None:
        (repo / "bad" / file).unlink()
    else:
        (repo / "bad" / file).write_bytes(content)
    assert "bad" in refused(repo=repo, model="bad")


def test_a_model_without_window(tmp_path_factory, refused):
    repo = tmp_path_factory.mktemp("any")
    gc_model(repo, "any", window=None)
    assert "regplug predict" in refused(repo=repo, model="any")


# -- regions -----------------------------------------------------------------------------


@pytest.mark.parametrize("region", ["chr1:x", "chr9", "chr9:5-6", "chr1:9-5", "chr1:20001-20002"])
def test_a_bad_region(refused, region):
    assert region.partition(":")[0] in refused("in.vcf", "--regions", region)


def test_regions_without_index(folder, refused):
    assert "no index" in refused("in.vcf", "--regions", "chr1")
    pysam.tabix_compress(str(folder / "in.vcf"), str(folder / "in.vcf.gz"))
    assert "bcftools index" in refused("in.vcf.gz", "--regions", "chr1:5-9")


def test_no_bed(refused):
    assert "none.bed" in refused("in.vcf", "--regions-file", "none.bed")


# -- outputs -----------------------------------------------------------------------------


def test_an_output_below_a_file(refused, folder):
    assert "in.vcf is a file" in refused(out="in.vcf/out.vcf")
    assert "in.vcf is a file" in refused("in.vcf", "--matrix", folder / "in.vcf" / "m.tsv")


def test_unknown_suffixes(refused):
    assert "-O v|z|u|b" in refused(out="out.txt")
    assert ".parquet" in refused("in.vcf", "--matrix", "m.csv")
    assert ".parquet" in refused("in.vcf", "--matrix", "m.vcf")


def test_the_output_is_the_input(folder, refused):
    before = (folder / "in.vcf").read_text()
    genes = folder / "genes.gtf"
    genes.write_text("")
    assert "would be replaced, and is read" in refused(out="in.vcf")
    assert "would be replaced, and is read" in refused("in.vcf", "-O", "v", out="genome.fa")
    assert "would be replaced, and is read" in refused(
        "in.vcf", "-O", "v", "--genes", genes, out="genes.gtf"
    )
    assert (folder / "in.vcf").read_text() == before
    name = folder / "m.tsv"
    assert "two outputs of the run would be" in refused(
        "in.vcf", "-O", "v", "--matrix", name, out="m.tsv"
    )


def test_an_output_that_is_a_folder(folder, refused):
    (folder / "dir.vcf").mkdir()
    assert "dir.vcf" in refused(out="dir.vcf")


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))


@pytest.fixture
def command(folder, toy_repo):
    """Return the start of a command line that annotates many.vcf, for another process."""
    (folder / "many.vcf").write_text(vcf_text(MANY, CONTIGS))
    pysam.faidx(str(folder / "genome.fa"))
    return [
        sys.executable,
        "-m",
        "regplug",
        "annotate",
        folder / "many.vcf",
        "--fasta",
        folder / "genome.fa",
        "--model-repo",
        toy_repo,
        "--model",
        "gc",
        "--threads",
        "1",
    ]


def test_the_output_is_standard_input(folder, command):
    many = folder / "many.vcf"
    before = many.read_text()
    command[command.index(many)] = "-"
    with many.open() as stdin:
        done = subprocess.run([*command, "-o", many], stdin=stdin, capture_output=True, text=True)
    assert done.returncode == 1
    assert "would be replaced, and is read" in done.stderr
    assert many.read_text() == before


@pytest.mark.parametrize("command_name", ["annotate", "predict"])
def test_standard_input_is_closed(folder, command, toy_repo, command_name):
    if command_name == "annotate":
        command[command.index(folder / "many.vcf")] = "-"
        said = "standard input is not a VCF"
    else:
        command = [sys.executable, "-m", "regplug", "predict", "-", "--model", "gc"]
        command += ["--model-repo", toy_repo]
        said = "holds no sequence"
    line = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("out", ["out.vcf", "big.vcf.gz", "big.bcf"])
def test_a_full_disk(folder, command, out):
    there = sorted(folder.iterdir())
    done = subprocess.run(
        [*command, "-o", folder / out],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limited,
    )
    assert done.returncode == 1, done.stderr
    assert "regplug: cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(folder.iterdir()) == there
    assert (folder / "out.vcf").read_text() == "older"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("kind", ["v", SLOW_Z, SLOW_U, "b"])
def test_a_full_device(command, kind):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*command, "-O", kind],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "regplug: cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("kind", ["v", SLOW_Z, SLOW_U, "b"])
def test_the_reader_of_the_pipe_is_gone(folder, command, kind):
    matrix = folder / "m.tsv"
    with subprocess.Popen(
        [*command, "-O", kind, "--matrix", matrix],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="latin1",
    ) as process:
        process.stdout.close()
        err = process.stderr.read()
        status = process.wait(timeout=60)
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert status == 141, err
    assert not matrix.exists()


def until_idle(process, opened):
    """Wait until a process has opened a file, and then has not computed for half a second."""
    while all(file.path != str(opened) for file in process.open_files()):
        time.sleep(0.05)
    spent, before = sum(process.cpu_times()), -1.0
    while spent > before:
        time.sleep(0.5)
        spent, before = sum(process.cpu_times()), spent


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("out", ["out.vcf", "out.bcf"])
def test_a_signal_while_input_is_awaited(folder, command, number, status, out):
    """The pipe stays open, with nothing in it: htslib waits."""
    there = sorted(folder.iterdir())
    command[4] = "-"
    with subprocess.Popen(
        [*command, "-o", folder / out], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write(vcf_text(MANY, CONTIGS))
        process.stdin.flush()
        until_idle(psutil.Process(process.pid), folder / "genome.fa")
        process.send_signal(number)
        assert process.wait(timeout=20) == status
        err = process.stderr.read()
        process.stdin.close()
    assert "Traceback" not in err
    assert sorted(folder.iterdir()) == there
    assert (folder / "out.vcf").read_text() == "older"
