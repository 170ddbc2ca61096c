"""benchmarks/windows_bigwig.py: pyBigWig reads back each bin at its place, and none left out."""

import sys

import numpy as np
import pyBigWig
import pytest

from benchmarks.windows_bigwig import main
from tests.toy_genomes import random_letters, write_fasta

WINDOWS = {  # name → split; out of order, bins of 4 bases
    "chr2:100-180|a|target=120-160": "test",
    "chr1:500-580|a|target=chr1:520-560": "train",
    "chr1:100-180|b|target=120-160": "train",
    "chr1:200-280|b|target=220-260": "train",
}
SIZES = {"chr1": 900, "chr2": 400}


@pytest.fixture
def run(tmp_path, monkeypatch):
    signal = np.random.default_rng(0).random((4, 10, 2)).astype(np.float16)
    np.savez(tmp_path / "s.npz", windows=np.array(list(WINDOWS)), signal=signal)
    rows = "".join(f"{name}\t{split}\n" for name, split in WINDOWS.items())
    (tmp_path / "split.tsv").write_text(f"window\tsplit\n{rows}")
    targets = "column\tidentifier\tdescription\n0\tF1\tDNASE:liver\n1\tF2\tDNASE:two words\n"
    (tmp_path / "targets.tsv").write_text(targets)
    contigs = {name: random_letters(size, seed=size) for name, size in SIZES.items()}
    write_fasta(tmp_path / "g.fa", contigs)

    def run(*leave_out):
        arguments = ["x", "--signal", tmp_path / "s.npz", "--split", tmp_path / "split.tsv"]
        arguments += ["--targets", tmp_path / "targets.tsv", "--fasta", tmp_path / "g.fa"]
        arguments += ["-o", tmp_path / "out"]
        arguments += [word for window in leave_out for word in ("--leave-out", window)]
        monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
        main()
        return tmp_path / "out", signal

    return run


def test_each_bin_is_at_its_place(run):
    out, signal = run("chr1:200-280")
    for column, name in enumerate(("F1", "F2")):
        with pyBigWig.open(str(out / f"{name}.bw")) as file:
            assert file.chroms() == SIZES
            for contig, places in {"chr1": {520: 1, 120: 2}, "chr2": {120: 0}}.items():
                expected = np.full(file.chroms(contig), np.nan, np.float32)
                for start, row in places.items():
                    expected[start : start + 40] = np.repeat(signal[row, :, column], 4)
                values = file.values(contig, 0, file.chroms(contig), numpy=True)
                np.testing.assert_array_equal(values, expected)
    assert (out / "samples.tsv").read_text() == "liver\tF1.bw\ntwo words\tF2.bw\n"
    assert (out / "train.bed").read_text() == "chr1\t120\t160\nchr1\t520\t560\n"
    assert (out / "test.bed").read_text() == "chr2\t120\t160\n"
    whole = (out / "train.bed").read_text() + (out / "test.bed").read_text()
    assert (out / "measured.bed").read_text() == whole


def test_a_window_that_is_not_there(run, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("chr1:200-281")
    assert "no window chr1:200-281 to leave out" in capsys.readouterr().err
