"""What open_chromatin was made from: tables worked out by hand from toy peaks and tiles."""

import csv
import gzip
import sys

import pyBigWig
import pytest

from benchmarks import chip_table, peaks_together
from tests.data.sites.toy_sites import write_sites
from tests.toy_genomes import random_letters, write_fasta


@pytest.fixture
def main(monkeypatch):
    def run(module, *arguments):
        monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments)])
        module.main()

    return run


def write_peaks(path, sequences):
    rows = "".join(f"A\t{at}\t{letters}\t1\n" for at, letters in enumerate(sequences))
    with gzip.open(path, "wt") as file:
        file.write("FoldID\tEventID\tseq\tBound\n" + rows)


def reverse(letters):
    return letters[::-1].translate(str.maketrans("ACGT", "TGCA"))


def test_peaks_of_factors_in_a_table(main, tmp_path):
    tiles = [random_letters(60, seed=seed) for seed in range(4)]
    peaks = [random_letters(40, seed=10 + seed) for seed in range(6)]
    held = reverse(tiles[0][5:36]) + "ACGTACGTA"  # 31 bases of the tile that is held out
    near = reverse(tiles[0][5:35]) + "T" + peaks[5][:9]  # 30 of them, which may be chance
    set_ = write_sites(
        tmp_path / "tiles.h5", tiles, {"HepG2": [0, 1, 0, 0], "H1hESC": [0, 0, 0, 0]},
        ["test", "train", "train", "train"],
    )  # fmt: skip
    for name, sequences in (
        ("USF1_HepG2_x_AC", [peaks[0], held, near, peaks[1]]),
        ("USF2_H1-hESC_x_AC", [peaks[2]]),
        ("SP1_K562_x_AC", [peaks[3]]),
    ):
        write_peaks(tmp_path / f"{name}.seq.gz", sequences)
    out = tmp_path / "table.tsv.gz"
    main(
        chip_table, "--data", tmp_path, "--tiles", set_, "--strongest", 3, "--closed", 2, "-o", out
    )
    with gzip.open(out, "rt") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    columns = ["sequence", "SP1_K562", "USF1_HepG2", "USF2_H1-hESC", "HepG2", "H1hESC", "K562"]
    assert header == columns
    assert rows[:4] == [
        [peaks[3], "1", "0", "0", "", "", "1"],
        [peaks[0], "0", "1", "", "1", "", ""],
        [near, "0", "1", "", "1", "", ""],  # the fourth peak is not among the three strongest
        [peaks[2], "0", "", "1", "", "1", ""],
    ]
    assert [row[1:] for row in rows[4:]] == [["0", "0", "0", "0", "0", ""]] * 2
    assert all(row[0] in tiles[2] or row[0] in tiles[3] for row in rows[4:])


def test_in_how_many_cells_a_base_is_open(main, tmp_path):
    write_fasta(tmp_path / "g.fa", {"b": "A" * 50, "a": "C" * 40})
    (tmp_path / "x.bed").write_text("a\t0\t12\na\t8\t15\nb\t20\t30\n")
    (tmp_path / "y.bed").write_text("a\t10\t40\nb\t0\t9\n")
    (tmp_path / "r.bed").write_text("a\t5\t20\nb\t10\t50\n")
    out = tmp_path / "t.bw"
    files = [tmp_path / "x.bed", tmp_path / "y.bed"]
    options = ["--regions-file", tmp_path / "r.bed", "--fasta", tmp_path / "g.fa", "-o", out]
    main(peaks_together, *files, *options)
    with pyBigWig.open(str(out)) as file:
        assert file.intervals("a") == ((5, 10, 1.0), (10, 15, 2.0), (15, 20, 1.0))
        assert file.intervals("b") == ((10, 20, 0.0), (20, 30, 1.0), (30, 50, 0.0))
