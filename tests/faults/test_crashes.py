"""What made regplug crash or show a traceback: bytes, numbers and folders that nobody expects."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pysam
import pytest

from regplug.cli import ISSUES
from regplug.errors import ModelError
from regplug_deepbind.importer import read_index
from tests.conftest import Finished
from tests.faults.conftest import Place

FAULT = pytest.mark.fault


@pytest.fixture
def annotate(place: Place, refused):
    def run(*words: object, vcf: str = "in.vcf", out: object = None) -> str:
        line = ["annotate", place / vcf, "--fasta", place / "genome.fa"]
        line += ["--model-repo", place / "models", "--model", "gc", "--threads", 1]
        return refused(*line, "-o", out or place / "out.vcf", *words)

    return run


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc, where nothing can be made")
@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz", "x.bcf"])
@FAULT("crashes", "an output in a folder that cannot be written, as VCF, VCF.gz and BCF")
def test_a_folder_that_cannot_be_written(place, name):
    done = subprocess.run(
        place.command("-o", f"/proc/{name}"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done  # -11: a segmentation fault
    assert "regplug: cannot write" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def read_only(tmp_path):
    """Return a folder in which nobody can write, root neither."""
    folder = tmp_path / "read_only"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@FAULT("crashes", "a read-only file system, as VCF, VCF.gz, BCF, a folder and a table")
def test_a_read_only_file_system(place, read_only, annotate, refused):
    for name in ("x.vcf", "x.vcf.gz", "x.bcf"):
        said = annotate(out=read_only / name)
        assert "cannot write" in said
        assert "Read-only file system" in said
    some = ("--fasta", place / "genome.fa", "--model", "gc", "--model-repo", place / "models")
    (place / "in.bed").write_text("chr1\t1000\t1021\n")
    for line in (["track", "--regions", "chr1:1000-1040"], ["predict", place / "in.bed"]):
        assert f"cannot write {read_only / 'out'}" in refused(*line, *some, "-o", read_only / "out")
    assert list(read_only.iterdir()) == []


@pytest.mark.parametrize("column", [0, 2, 3, 4, 6, 7])  # not POS and QUAL, which are numbers
@FAULT("crashes", "a byte that is not UTF-8 in each column of a VCF")
def test_a_record_that_is_not_utf8(place, annotate, column):
    lines = (place / "in.vcf").read_bytes().splitlines(keepends=True)
    cells = lines[-1].split(b"\t")
    cells[column] = b"1\xff" + (b"\n" if column == 7 else b"")
    (place / "bad.vcf").write_bytes(b"".join(lines[:-1]) + b"\t".join(cells))
    if column in (1, 5):  # htslib reads a number up to the byte
        pytest.skip("htslib reads a number that ends at the byte")
    assert "is not UTF-8: convert it (iconv" in annotate(vcf="bad.vcf")


@pytest.mark.parametrize("line", [b"##note=\xff\n", b"##contig=<ID=ch\xff,length=9>\n"])
@FAULT("crashes", "a byte that is not UTF-8 in a VCF's header")
def test_a_header_that_is_not_utf8(place, annotate, line):
    first, rest = (place / "in.vcf").read_bytes().split(b"\n", 1)
    (place / "bad.vcf").write_bytes(first + b"\n" + line + rest)
    assert "bad.vcf is not UTF-8: convert it" in annotate(vcf="bad.vcf")


@FAULT("crashes", "a byte that is not UTF-8 in each file of a model")
def test_a_card_that_is_not_utf8(place, annotate, refused):
    card = (place.model / "card.json").read_bytes()
    (place.model / "card.json").write_bytes(card.replace(b'"toy"', b'"to\xff"'))
    assert "the card of" in annotate()
    assert "is damaged" in refused("models", "list", "--model-repo", place / "models")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("golden.json", b'{"sequences": ["A\xff"], "scores": [[1, 2]]}'),
        ("golden.json", b'{"sequences": ["ACGTACGTACGTACGTACGTA"], "scores": []}'),
        ("golden.json", b'{"sequences": ["ACGTACGTACGTACGTACGTA"], "scores": [[]]}'),
        ("golden.json", b'{"sequences": ["ACGTACGTACGTACGTACGTA"], "scores": [[1, 2], [1]]}'),
        ("golden.json", b"[" * 100_000),
        ("targets.txt", b"T\xff\n"),
        ("config.pbtxt", b"\xff"),
    ],
)
@FAULT("crashes", "golden scores that are empty or ragged, bytes that are not UTF-8 in a model")
def test_other_files_of_a_model(place, regplug, file, content):
    (place.model / file).write_bytes(content)
    done: Finished = regplug("models", "verify", "gc", "--model-repo", place / "models")
    assert done.status == 1
    assert done.out.startswith("gc\tFAILED\t")
    assert "Traceback" not in done.err
    assert done.err == ""


@FAULT("crashes", "a byte that is not UTF-8 in an index of published models")
def test_an_index_of_published_models(tmp_path):
    (tmp_path / "db.tsv").write_bytes(b"ID\tProtein\xff\n")
    with pytest.raises(ModelError, match=r"no index of models at .*db\.tsv"):
        read_index(tmp_path)


@FAULT("crashes", "bytes that are not UTF-8, and braces in braces, in a configuration and a recipe")
@pytest.mark.parametrize("content", [b'fasta = "\xff"', b"fasta = " + b"[" * 10_000])
def test_toml(place, annotate, refused, monkeypatch, content):
    (place / "regplug").mkdir()
    (place / "regplug" / "config.toml").write_bytes(content)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.folder))
    assert "config.toml: " in refused("models", "list")
    pytest.importorskip("torch")
    (place / "recipe.toml").write_bytes(content)
    (place / "sites.h5").touch()
    line = ["train", "basset", place / "recipe.toml", place / "sites.h5", "-o", place / "run"]
    assert "cannot be used" in refused(*line)


@pytest.mark.parametrize("end", ["²", "9" * 30, "9" * 5000, "-1", "٣", "1e3"])
@FAULT("crashes", "numbers that are none, or huge, in regions, BED and GTF")
def test_numbers(place, annotate, end):
    pysam.tabix_compress(str(place / "in.vcf"), str(place / "in.vcf.gz"))
    pysam.tabix_index(str(place / "in.vcf.gz"), preset="vcf")
    bed, gtf = place / "a.bed", place / "a.gtf"
    bed.write_text(f"chr1\t1\t{end}\n")
    gtf.write_text(f"chr1\tx\tgene\t1\t{end}\t.\t+\t.\tgene_id\n")
    assert "line 1 is not BED" in annotate("--regions-file", bed, vcf="in.vcf.gz")
    assert "cannot read the genes in" in annotate("--genes", gtf)
    assert " region" in annotate("--regions", f"chr1:1-{end}", vcf="in.vcf.gz")


@FAULT("crashes", "an error that nobody foresaw")
def test_the_last_net(place, regplug, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("two\nlines")

    monkeypatch.setattr("regplug.api.annotate.annotate", fail)
    done = regplug("annotate", place / "in.vcf")
    assert done.status == 1
    assert done.err == (
        "regplug: ValueError: two lines. This is a fault of regplug: report what --debug prints "
        f"at {ISSUES}\n"
    )
    for words in (["--debug", "annotate"], ["annotate", "--debug"]):
        told = regplug(*words, place / "in.vcf").err
        assert told.startswith("Traceback (most recent call last)")
        assert "in fail" in told
        assert told.endswith(done.err)


@FAULT("crashes", "an error of regplug's own with --debug")
def test_debug_shows_where_an_error_comes_from(place, regplug):
    words = ["annotate", place / "none.vcf"]
    assert "Traceback" not in regplug(*words).err
    done = regplug(*words, "--debug")
    assert "Traceback" in done.err
    assert done.err.endswith(f"regplug: no file {place / 'none.vcf'}\n")


@FAULT("crashes", "more memory asked for than there is")
def test_the_memory_is_full(place, regplug, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 1 PiB")

    monkeypatch.setattr("regplug.api.annotate.annotate", fail)
    told = regplug("annotate", place / "in.vcf").err
    assert told.startswith("regplug: the memory is full (MemoryError: Unable to allocate 1 PiB)")


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0])
@FAULT("crashes", "Ctrl-C in the first seconds")
def test_ctrl_c_while_it_starts(place, after):
    code = "from regplug.__main__ import main; print('here', flush=True); main()"
    line = [sys.executable, "-c", code, *place.command("-o", place / "out.vcf")[3:]]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "here\n"
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
        status = process.wait(60)
    assert "Traceback" not in err
    assert status in (0, 130, -signal.SIGINT)
    assert not [name for name in place.files if name.startswith(".")]
    assert (place / "out.vcf").exists() or status != 0
