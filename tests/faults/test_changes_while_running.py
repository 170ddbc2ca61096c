"""Inputs that change, and outputs that vanish, while a run is under way."""

import shutil
from pathlib import Path

import pysam
import pytest

import regplug
from regplug.errors import GenomeError, OutputError, RegplugError, SequenceError, VariantFileError
from regplug.genome.fasta import Genome
from regplug.scoring.sequences import read_fasta
from tests.toy_genomes import random_letters, vcf_text, write_fasta

CONTIGS = {"chr1": random_letters(400_000, seed=1)}
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
ROWS = [
    f"chr1 {pos} . {base} {OTHER[base]} . . ."
    for pos, base in enumerate(CONTIGS["chr1"], start=1)
    if pos % 40 == 0
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return a folder of genome.fa with its index, and in.vcf of 10,000 records, also packed."""
    folder = tmp_path_factory.mktemp("sources")
    write_fasta(folder / "genome.fa", CONTIGS)
    Genome(folder / "genome.fa").close()
    (folder / "in.vcf").write_text(vcf_text(ROWS, CONTIGS))
    pysam.tabix_compress(str(folder / "in.vcf"), str(folder / "in.vcf.gz"))
    pysam.tabix_index(str(folder / "in.vcf.gz"), preset="vcf")
    return folder


@pytest.fixture
def run(tmp_path, sources, toy_repo):
    """Return a function that annotates, and calls `then` when the first batch is written."""
    for path in sources.iterdir():
        shutil.copy2(path, tmp_path)

    def annotate(then, vcf="in.vcf", out="out.vcf", **options):
        waiting = [then]

        def progress(_):
            while waiting:
                waiting.pop()()

        return regplug.annotate(
            tmp_path / vcf,
            output=tmp_path / out,
            fasta=tmp_path / "genome.fa",
            models=["gc"],
            repo=str(toy_repo),
            progress=progress,
            **options,
        )

    return annotate


def records(path):
    return [line for line in path.read_text().split("\n") if line[:1] != "#"]


@pytest.fixture(scope="module")
def undisturbed(sources, toy_repo, tmp_path_factory):
    """Return the records that a run writes whose files nobody touches."""
    out = tmp_path_factory.mktemp("undisturbed") / "out.vcf"
    words = {"fasta": sources / "genome.fa", "models": ["gc"], "repo": str(toy_repo)}
    regplug.annotate(sources / "in.vcf", output=out, **words)
    return records(out)


def cut(path, share=0.6):
    """Cut a file off at the end of a line."""
    whole = path.read_bytes()
    size = whole.index(b"\n", int(len(whole) * share)) + 1
    with path.open("r+b") as file:
        file.truncate(size)


def cut_anywhere(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 6 // 10)


def grow(path):
    with path.open("ab") as file:
        file.write(path.read_bytes()[-50_000:])


def overwrite(path):
    """Write another content of the same size into the file."""
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half:] = content[half:].translate(bytes.maketrans(b"ACGT", b"CATG"))
    with path.open("r+b") as file:
        file.write(content)


def replace(path):
    """Put another file in its place, as `mv` does."""
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    overwrite(other)
    other.replace(path)


def left(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith((".", "out"))]


@pytest.mark.fault("while running", "a VCF that is cut off, grows, or is written over")
@pytest.mark.parametrize("change", [cut, cut_anywhere, grow, overwrite])
@pytest.mark.parametrize("name", ["in.vcf", "in.vcf.gz"])
def test_a_vcf_that_is_written_to(run, tmp_path, name, change):
    with pytest.raises(VariantFileError, match="was written to while it was read"):
        run(lambda: change(tmp_path / name), name)
    assert left(tmp_path) == []


@pytest.mark.fault("while running", "a FASTA that is cut off, grows, or is written over")
@pytest.mark.parametrize("change", [cut, cut_anywhere, grow, overwrite])
def test_a_fasta_that_is_written_to(run, tmp_path, change):
    with pytest.raises(GenomeError, match="was written to while it was read"):
        run(lambda: change(tmp_path / "genome.fa"))
    assert left(tmp_path) == []


@pytest.mark.fault("while running", "another file in the place of an input, or none")
@pytest.mark.parametrize("change", [replace, Path.unlink])
@pytest.mark.parametrize("name", ["in.vcf", "in.vcf.gz", "genome.fa", "genome.fa.fai"])
def test_an_input_that_is_replaced_is_read_to_its_end(run, tmp_path, name, change, undisturbed):
    vcf = "in.vcf.gz" if name.endswith("gz") else "in.vcf"
    assert run(lambda: change(tmp_path / name), vcf).tally.records == len(ROWS)
    assert records(tmp_path / "out.vcf") == undisturbed


@pytest.mark.fault("while running", "a FASTA of sequences that is cut off")
def test_sequences_that_are_written_to(tmp_path):
    path = write_fasta(tmp_path / "s.fa", {f"s{n}": "ACGT" * 50 for n in range(5_000)})
    sequences = read_fasta(str(path))
    next(sequences)
    cut(path)
    with pytest.raises(SequenceError, match=r"was written to|cannot be read"):
        list(sequences)


@pytest.mark.fault("while running", "an output or its folder that is deleted")
@pytest.mark.parametrize("out", ["out.vcf", "out.vcf.gz", "out.bcf"])
@pytest.mark.parametrize("folder", ["", "new/"])
def test_an_output_that_is_deleted(run, tmp_path, out, folder):
    def delete():
        if folder:
            shutil.rmtree(tmp_path / "new")
        else:
            next(p for p in tmp_path.iterdir() if p.name.startswith(".")).unlink()

    with pytest.raises(OutputError, match=f"cannot write .*{out}: No such file"):
        run(delete, out=folder + out)
    assert left(tmp_path) == []


@pytest.mark.fault("while running", "an older output that is deleted")
def test_an_older_output_that_is_deleted(run, tmp_path):
    (tmp_path / "out.vcf").write_text("older")
    run(lambda: (tmp_path / "out.vcf").unlink())
    assert (tmp_path / "out.vcf").read_text().count("\nchr1") == len(ROWS)


@pytest.mark.fault("while running", "a folder of tracks that is deleted")
@pytest.mark.parametrize("file_format", ["bigwig", "bedgraph"])
def test_tracks_that_are_deleted(tmp_path, sources, toy_repo, file_format):
    from contextlib import contextmanager

    @contextmanager
    def bar(what, total):
        def advance(_):
            for path in tmp_path.glob(".*-out"):
                shutil.rmtree(path)

        yield advance

    with pytest.raises(RegplugError, match="cannot write"):
        regplug.track(
            "gc",
            output=tmp_path / "out",
            regions="chr1:1-300000",
            step=1,
            fasta=sources / "genome.fa",
            repo=str(toy_repo),
            file_format=file_format,
            bar=bar,
        )
    assert left(tmp_path) == []
