"""What open_chromatin was made from: tables worked out by hand from toy peaks and tiles."""

import csv
import gzip
import sys

import numpy as np
import pyBigWig
import pytest

from benchmarks import chip_table, factor_table, peaks_together, reporter_fidelity, reporter_table
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


def test_peaks_of_factors_in_a_table(main, tmp_path, monkeypatch):
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

    genome = random_letters(70, seed=90) + reverse(peaks[2]) + random_letters(70, seed=91)
    fasta = write_fasta(tmp_path / "g.fa", {"chr1": genome, "chr2": peaks[3]})
    options = ["--data", tmp_path, "--tiles", set_, "--closed", 0, "--fasta", fasta, "-o", out]
    for region, left in (("chr1:71-101", 4), ("chr1:71-100", 5)):  # 31 bases of a peak, and 30
        monkeypatch.setattr(chip_table, "PIECE", 7)
        main(chip_table, *options, "--without", region)
        with gzip.open(out, "rt") as file:
            found = [row[0] for row in csv.reader(file, delimiter="\t")][1:]
        assert len(found) == left
        assert (peaks[2] in found) == (left == 5)


def test_a_factors_peaks_beside_their_shuffles(main, tmp_path, monkeypatch):
    """Shuffles keep the pairs of neighbours; a peak and its shuffles are in one part."""
    peaks = [random_letters(40, seed=seed) for seed in range(6)]
    others = [random_letters(40, seed=10 + seed) for seed in range(9)]
    rows = [(peak, "", "1") for peak in peaks] + [(other, "1", "0") for other in others]
    with gzip.open(tmp_path / "chip.tsv.gz", "wt") as file:
        file.write("sequence\tUSF1_x\tCTCF_y\n")
        file.writelines("\t".join(row) + "\n" for row in [*rows, (peaks[0], "1", "")])
    monkeypatch.setattr(factor_table, "VALID", 3)
    out = tmp_path / "t.tsv.gz"
    options = ["--factor", "CTCF_y", "--called", "it", "--shuffles", 2, "--others", 4, "-o", out]
    main(factor_table, tmp_path / "chip.tsv.gz", *options)
    with gzip.open(out, "rt") as file:
        header, *found = csv.reader(file, delimiter="\t")
    assert header == ["chr", "start", "end", "sequence", "it"]
    assert [row[4] for row in found] == ["1", "0", "0"] * 6 + ["0"] * 4
    assert [row[3] for row in found[:18:3]] == peaks
    assert len({row[3] for row in found[18:]} & set(others)) == 4
    pairs = [sorted(row[3][at : at + 2] for at in range(39)) for row in found[:18]]
    assert all(pairs[at] == pairs[at - at % 3] for at in range(18))
    assert all(row[3] not in peaks for row in found[1:18:3])
    parts = ["valid"] * 3 + ["train"] * 6
    assert [row[0] for row in found] == parts * 2 + ["valid", "train", "train", "valid"]
    assert len({(row[0], row[1]) for row in found}) == len(found)
    assert {int(row[2]) - int(row[1]) for row in found} == {40}


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


class Counts:
    """A model of two outputs, the As and twice the Cs of four bases."""

    card = type("Card", (), {"window": 4, "labels": ["A", "C"], "output_scale": "score"})

    def predict(self, codes):
        assert codes.shape[1] == 4
        counts = [(codes == 0).sum(1), 2 * (codes == 1).sum(1)]
        return np.stack(counts, axis=1).astype(np.float32)


def test_what_a_model_says_of_real_sequence(main, tmp_path, monkeypatch):
    """The model reads the middle four bases."""
    sites = [random_letters(10, seed=seed) for seed in range(40)]
    parts = ["test"] * 10 + ["train"] * 30
    opened = [int(at % 3 == 0) for at in range(40)]
    set_ = write_sites(tmp_path / "s.h5", sites, {"x": opened}, parts)

    monkeypatch.setattr(reporter_table, "open_backend", lambda *_: Counts())
    monkeypatch.setattr(reporter_table, "CHANGED", 0.3)
    out = tmp_path / "t.tsv.gz"
    options = ["--model", "m", "--model-repo", tmp_path, "--rows", 30]
    outputs = ["--output-of", "a=A", "--output-of", "both=A,C"]
    main(reporter_table, set_, *options, *outputs, "-o", out)
    with gzip.open(out, "rt") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    assert header == ["sequence", "a", "both"]
    first, copies = [row[0] for row in rows[:15]], [row[0] for row in rows[15:]]
    assert set(first[:10]) == {sites[at] for at in range(10, 40) if opened[at]}
    assert set(first[10:]) < {sites[at] for at in range(10, 40) if not opened[at]}
    changes = [
        sum(a != b for a, b in zip(*pair, strict=True)) for pair in zip(first, copies, strict=True)
    ]
    assert 0 < np.mean(changes) < 5
    counts = np.array([[row[0][3:7].count("A"), row[0][3:7].count("C")] for row in rows])
    a = np.log([float(row[1]) / (1 - float(row[1])) for row in rows])
    np.testing.assert_allclose(
        a, (counts[:, 0] - counts[:, 0].mean()) / counts[:, 0].std(), atol=2e-3
    )
    both = np.log([float(row[2]) / (1 - float(row[2])) for row in rows])
    mean = ((counts - counts.mean(0)) / counts.std(0)).mean(1)
    np.testing.assert_allclose(both, mean / mean.std(), atol=2e-3)


def test_pieces_and_what_single_changes_do(main, tmp_path, monkeypatch):
    """Rows of four bases, out of sites of any length: as they stand, changed, and with an SNV."""
    sites = {length: [random_letters(length, seed=seed) for seed in range(30)] for length in (6, 9)}
    parts = ["test"] * 5 + ["valid"] * 5 + ["train"] * 20
    sets = [
        write_sites(tmp_path / f"{length}.h5", of, {"x": [0] * 30}, parts)
        for length, of in sites.items()
    ]
    monkeypatch.setattr(reporter_table, "open_backend", lambda *_: Counts())
    out = tmp_path / "t.tsv.gz"
    options = ["--model", "m", "--model-repo", tmp_path, "--output-of", "a=A", "--pieces"]
    main(reporter_table, *sets, sets[0], *options, "--rows", 180, "--valid", 12, "-o", out)
    with gzip.open(out, "rt") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    assert header == ["chr", "start", "end", "sequence", "a"]
    for part, count, held in (("train", 60, slice(10, 30)), ("valid", 4, slice(5, 10))):
        letters = [row[3] for row in rows if row[0] == part]
        assert len(letters) == 3 * count
        real, _, single = letters[:count], letters[count : 2 * count], letters[2 * count :]
        joined = [site for of in sites.values() for site in of[held]]
        assert all(any(piece in site for site in joined) for piece in real)
        for before, after in zip(real, single, strict=True):
            assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    places = [(row[0], row[1], row[2]) for row in rows]
    assert len(set(places)) == len(rows)
    grades = np.array([float(row[4]) for row in rows])
    counts = np.array([row[3].count("A") for row in rows])
    np.testing.assert_allclose(
        np.log(grades / (1 - grades)), (counts - counts.mean()) / counts.std(), atol=2e-3
    )


class Chances:
    """A model of one output, whose logit is the number of Gs among two bases."""

    card = type("Card", (), {"window": 2, "labels": ["G"], "output_scale": "probability"})

    def predict(self, codes):
        assert codes.shape[1] == 2
        return 1 / (1 + np.exp(-(codes == 2).sum(1, keepdims=True).astype(np.float32)))


def test_what_several_models_say(main, tmp_path, monkeypatch):
    """Each reads its own middle of the same rows. Of probabilities logits count."""
    sites = [random_letters(10, seed=seed) for seed in range(60)]
    set_ = write_sites(tmp_path / "s.h5", sites, {"x": [0] * 60}, ["train"] * 60)
    models = {"m": Counts(), "p": Chances()}
    monkeypatch.setattr(reporter_table, "open_backend", lambda _, __, name, ___: models[name])
    out = tmp_path / "t.tsv.gz"
    options = [set_, "--model", "m", "--model", "p", "--rows", 60, "--pieces", "-o", out]
    main(reporter_table, *options, "--output-of", "g=p:G,m:C", "--output-of", "all=m:*,G")
    with gzip.open(out, "rt") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    assert header == ["sequence", "g", "all"]
    raw = np.array([[r[0].count("A"), r[0].count("C"), r[0][1:3].count("G")] for r in rows])
    each = (raw - raw.mean(0)) / raw.std(0)
    for column, used in ((1, [1, 2]), (2, [0, 1, 2])):
        grades = np.array([float(row[column]) for row in rows])
        mean = each[:, used].mean(1)
        np.testing.assert_allclose(np.log(grades / (1 - grades)), mean / mean.std(), atol=4e-3)
    for wrong in ("*", "T", "m:G"):
        with pytest.raises(SystemExit, match="is not one output of these models"):
            main(reporter_table, *options, "--output-of", f"x={wrong}")


def test_how_well_a_model_imitates_another(main, tmp_path, monkeypatch, capsys):
    """One that says the teacher's score as a logit, and one that has the sign of a place wrong."""
    sites = [random_letters(7, seed=seed) for seed in range(300)]
    set_ = write_sites(tmp_path / "s.h5", sites, {"x": [0] * 300}, ["valid"] * 200 + ["test"] * 100)

    class Imitation:
        def __init__(self, weights):
            self.card = type("Card", (), {"name": "it", "window": 7, "labels": ["no", "yes"]})
            self.weights = np.array(weights)

        def predict(self, codes):
            logits = (codes[:, 2:6] == 0) @ self.weights
            return np.stack([logits * 0 + 0.5, 1 / (1 + np.exp(-logits))], axis=1)

    models = {"t": Counts(), "exact": Imitation([1, 1, 1, 1]), "wrong": Imitation([1, -1, 1, 1])}
    monkeypatch.setattr(reporter_fidelity, "open_backend", lambda _, __, name, ___: models[name])
    options = ["--teacher", "t", "--model-repo", tmp_path, "--output-of", "yes=A", "--sites", 150]
    main(reporter_fidelity, set_, *options, "exact", "wrong")
    _, exact, wrong = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert exact == ["it", "yes", "150", "1.000", "1.000"]
    assert wrong[4] == "-1.000"  # that of the SNV
    assert 0.3 < float(wrong[3]) < 0.7  # three places less one, of four
