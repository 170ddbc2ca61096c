import gzip
import re

import numpy as np
import pytest

from regplug.errors import MotifError

pytest.importorskip("matplotlib")

# One filter of one strand: matches of GAUA - 3.
PARAMETERS = """# deepbind 0.1
reverse_complement = {both}
num_detectors = 1
detector_len = 4
has_avg_pooling = 0
num_hidden = 0
detectors = 0,0,1,0,1,0,0,0,0,0,0,1,1,0,0,0
thresholds = -3
weights1 = 1
biases1 = 0
weights2 =\x20
biases2 =\x20
"""
FASTA = ">a\nCCGAUACC\n>b\nGAUACCCC\n>c\nCCCCCCCC\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "rna.txt").write_text(PARAMETERS.format(both=0))
    (tmp_path / "dna.txt").write_text(PARAMETERS.format(both=1))
    (tmp_path / "a.fa").write_text(FASTA)
    return tmp_path


def test_rna(regplug, files):
    out = files / "out"
    done = regplug("motifs", files / "rna.txt", "--sequences", files / "a.fa", "-o", out, "--rna")
    assert (done.status, done.out) == (0, "")
    assert done.err == f"{out}: 1 filters, compared with no known motifs\n"
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.*")) == [
        "logos/rna_0.png",
        "logos/rna_0.svg",
        "matches.tsv",
        "motifs.meme",
        "motifs.tsv",
        "overview.pdf",
        "overview.png",
        "overview.svg",
    ]
    header, row = (line.split("\t") for line in (out / "motifs.tsv").read_text().splitlines())
    found = dict(zip(header, row, strict=True))
    assert [found[key] for key in header[:4]] == ["rna", "0", "2", "GAUA"]
    assert float(found["information"]) == pytest.approx(8, abs=0.02)
    assert set(row[5:]) == {"."}
    meme = (out / "motifs.meme").read_text()
    assert "ALPHABET= ACGU\n" in meme
    assert "MOTIF rna_0\n\nletter-probability matrix: alength= 4 w= 4 nsites= 2 E= 0\n" in meme
    again = regplug("motifs", files / "rna.txt", "--sequences", files / "a.fa", "-o", out, "--rna")
    assert again.status == 0, again.err
    assert (out / "motifs.meme").read_text() == meme


@pytest.mark.slow
@pytest.mark.parametrize("letters", ["ACGT", "ACGU"])
def test_against_a_file(regplug, files, letters):
    matrix = "letter-probability matrix: w= 4\n0 0 1 0\n1 0 0 0\n0 0 0 1\n1 0 0 0\n"
    text = f"MEME version 4\nALPHABET= {letters}\nMOTIF M1 GATA1\n{matrix}"
    (files / "known.meme").write_text(text)
    kind, rna = ("rna", ["--rna"]) if letters == "ACGU" else ("dna", [])
    known = ("--against", files / "known.meme", "-o", files / "out", *rna)
    done = regplug("motifs", files / f"{kind}.txt", "--sequences", files / "a.fa", *known)
    assert done.status == 0, done.err
    assert "compared with 1 of known.meme\nfewer than 25 known motifs" in done.err
    match = (files / "out" / "matches.tsv").read_text().splitlines()[1].split("\t")
    assert (match[2:4], match[-1]) == (["M1", "GATA1"], "known.meme")
    best = (files / "out" / "motifs.tsv").read_text().splitlines()[1].split("\t")
    assert best[5:] == [".", ".", *match[4:]]  # orders of four columns have GATA among them
    assert float(match[4]) >= float(match[6])
    assert "0 of them (0%) are like a known motif: q < 0.1, and more so than" in done.err


def test_silent_filters(regplug, files):
    (files / "b.fa").write_text(">a\nCCCCCCCC\n")
    done = regplug(
        "motifs", files / "rna.txt", "--sequences", files / "b.fa", "-o", files / "out", "--rna"
    )
    assert done.status == 0, done.err
    row = (files / "out" / "motifs.tsv").read_text().splitlines()[1].split("\t")
    assert row[:5] == ["rna", "0", "0", ".", "0.00"]
    assert list((files / "out" / "logos").iterdir()) == []


def test_mistakes(regplug, files):
    (files / "protein.fa").write_text(">p\nMEELQ\n")
    (files / "damaged.meme").write_text("MEME version 4\nMOTIF x\n")
    (files / "rna.meme").write_text(
        "MEME version 4\nALPHABET= ACGU\nMOTIF x\nletter-probability matrix: w= 1\n0 0 1 0\n"
    )
    (files / "plain.seq.gz").write_text("no gzip")
    with gzip.open(files / "other.seq.gz", "wt") as table:
        table.write("name\tletters\na\tACGT\n")
    (files / "taken").mkdir()
    (files / "taken" / "thesis.txt").touch()
    (files / "folder").mkdir()
    before = sorted(files.rglob("*"))
    run, dna, fasta = (files / name for name in ("rna.txt", "dna.txt", "a.fa"))
    rna = ["--rna"]
    for arguments, message in [
        ((files / "no", fasta, *rna), "no is no finished run (weights.safetensors)"),
        (
            (files / "a.fa", fasta, *rna),
            "a.fa is no finished run (weights.safetensors), no",
        ),
        ((dna, fasta, *rna), "dna reads both strands, so it is of DNA"),
        ((run, fasta), "rna reads one strand, so it is of RNA: add --rna"),
        ((run, files / "no.fa", *rna), "no.fa cannot be read as FASTA"),
        ((run, files / "no.seq.gz", *rna), "no.seq.gz: give --sequences a file"),
        ((run, files / "plain.seq.gz", *rna), "plain.seq.gz cannot be read as gzipped table"),
        ((run, files / "other.seq.gz", *rna), "other.seq.gz cannot be read as gzipped table"),
        ((run, files / "folder", *rna), "0 files named rna_*_AC.seq.gz"),
        ((run, files / "protein.fa", *rna), "p has the letter E, which is no nucleotide"),
        ((dna, fasta, "--against", files / "damaged.meme"), "damaged.meme: the motif at line 2"),
        ((dna, fasta, "--against", files / "rna.meme"), "rna.meme are of RNA: add --rna"),
        ((run, fasta, *rna, "-o", files / "taken"), "holds other things: name a new folder"),
        ((run, fasta, *rna, "-o", files / "a.fa" / "b"), "is a file"),
    ]:
        model, sequences, *rest = arguments
        done = regplug("motifs", model, "--sequences", sequences, "-o", files / "out", *rest)
        assert (done.status, message in done.err) == (1, True), done.err
        assert sorted(files.rglob("*")) == before


def test_mistakes_in_a_run(regplug, files):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    (files / "run").mkdir()
    weights = files / "run" / "weights.safetensors"
    weights.write_bytes(b"damaged")
    command = ("motifs", files / "run", "--sequences", files / "a.fa", "-o", files / "out")
    (files / "known.meme").write_text(
        "MEME version 4\nMOTIF x\nletter-probability matrix: w= 1\n0 0 1 0\n"
    )
    command += ("--against", files / "known.meme")
    assert "weights.safetensors is damaged" in regplug(*command).err
    save_file({"CTCF/detectors": np.zeros((4, 4, 1), np.float32)}, weights)
    assert "weights.safetensors is damaged" in regplug(*command).err
    arrays = {"thresholds": (1,), "weights1": (1, 1), "biases1": (1,), "bias2": (1,)}
    arrays["detectors"] = (4, 4, 1)
    save_file({f"CTCF/{k}": np.zeros(s, np.float32) for k, s in arrays.items()}, weights)
    done = regplug(*command, "--targets", "REST")
    assert (done.status, "has no target REST; it has CTCF" in done.err) == (1, True)


def test_a_run_of_another_form_is_named(regplug, files):
    (files / "run").mkdir()
    (files / "run" / "weights.safetensors").touch()
    (files / "run" / "metrics.json").write_text('{"form": "basset run 1"}')
    done = regplug("motifs", files / "run", "--sequences", files / "a.fa", "-o", files / "out")
    assert (done.status, "is a basset run 1" in done.err) == (1, True)
    assert "make a model of it (regplug export)" in done.err


def test_nothing_is_half_written(regplug, files, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MotifError("the pen is dry: fill it")

    monkeypatch.setattr("regplug.interpret.filters.report.draw_logo", fail)
    before = sorted(files.rglob("*"))
    done = regplug(
        "motifs", files / "rna.txt", "--sequences", files / "a.fa", "-o", files / "out", "--rna"
    )
    assert (done.status, done.err) == (1, "regplug: the pen is dry: fill it\n")
    assert sorted(files.rglob("*")) == before


@pytest.mark.slow
def test_motifs_of_another_group(regplug, files):
    pytest.importorskip("pyjaspar")
    command = ("motifs", files / "dna.txt", "--sequences", files / "a.fa", "-o", files / "out")
    done = regplug(*command, "--tax-group", "fungi")
    assert done.status == 0, done.err
    title = re.search(r"1 filters, compared with (\d+) of (JASPAR\d+ CORE fungi)", done.err)
    assert 150 < int(title[1]) < 300  # 193 in 2026; of vertebrates 1,019
    header, row = (line.split("\t") for line in (files / "out/motifs.tsv").read_text().splitlines())
    assert dict(zip(header, row, strict=True))["known_motifs"] == title[2]


@pytest.mark.parametrize("command", [("motifs", "dna.txt", "--sequences"), ("explain",)])
def test_a_group_is_of_jaspar(regplug, files, command):
    """Whatever the order of the two options."""
    for known in (
        ("--against", "k.meme", "--tax-group", "fungi"),
        ("--tax-group", "vertebrates", "--against", "k.meme"),
    ):
        done = regplug(*command, "a.fa", *known, "-o", files / "out")
        assert done.status == 2
        assert "does not go with --against" in done.err
