"""The benchmark on PBM and SELEX: its splits, words and figures, worked out by hand."""

import gzip
import shutil

import numpy as np
import pytest

from benchmarks.other_data import brightest_auc, main, probes_line, spearman
from benchmarks.other_data_elsewhere import print_line
from benchmarks.other_data_sets import families, pbm_sets, rna_sets, selex_sets, support_vectors
from benchmarks.other_data_words import fit_logistic, fit_ridge, word_counts
from regplug.data.sets.intensities import Columns, prepare_intensities
from regplug.data.sets.selex import prepare_selex
from regplug.data.sets.training import read_set
from regplug.genome.codes import decode, encode, reverse_complement
from tests.toy_genomes import random_letters

WORD = "TGACTCA"  # its other strand is TGAGTCA


def packed(path, text):
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt") as file:
        file.write(text)
    return path


def planted(count, length, seed):
    """Return random letters; every other has WORD, at another place each."""
    letters = [random_letters(length, seed=seed + i) for i in range(count)]
    places = [i % (length - len(WORD)) for i in range(count)]
    return [
        text[:at] + WORD + text[at + len(WORD) :] if i % 2 else text
        for i, (text, at) in enumerate(zip(letters, places, strict=True))
    ]


def test_families_by_hand():
    reads = ["AACC", "AAGG", "TTGG", "CCTT", "CCTA", "GACA", "AACC"]
    found = families(reads).tolist()
    assert found[0] == found[1] == found[2] == found[6]  # AA-CC, AA-GG, TT-GG
    assert found[3] == found[4]
    assert len(set(found)) == 3


def test_words_by_hand():
    codes = np.stack([encode("ACGTN"), encode("AAAAT")])
    forward = word_counts(codes, 2, both_strands=False).toarray()
    words = {f"{a}{b}": 4 * i + j for i, a in enumerate("ACGT") for j, b in enumerate("ACGT")}
    assert [forward[0, words[word]] for word in ("AC", "CG", "GT")] == [1, 1, 1]
    assert forward.sum(axis=1).tolist() == [3, 4]
    assert forward[1, words["AA"]] == 3
    both = word_counts(codes, 2, both_strands=True).toarray()
    assert both.shape == (2, 10)
    assert sorted(both[0][both[0] > 0]) == [1, 2]  # AC is GT
    turned = word_counts(reverse_complement(codes), 2, both_strands=True).toarray()
    assert (turned == both).all()


def test_support_vectors(tmp_path):
    text = "svm_type c_svc\nrho 0.7\nSV\n1 ACGT\n0.25 CCCC\n-1 GGGG\n-0.5 TTTT\n"
    found = support_vectors(packed(tmp_path / "x" / "m.gz", text))
    assert found == (["ACGT", "CCCC"], ["GGGG", "TTTT"])


def test_figures_by_hand():
    targets = np.arange(200, dtype=np.float32)
    assert spearman(targets, targets.astype(float) ** 3) == pytest.approx(1)
    assert spearman(targets, np.zeros(200)) == 0
    scores = np.zeros(200)
    scores[[199, 0]] = 1, 1  # of the two brightest, one is found, with one that is not bright
    assert brightest_auc(targets, scores) == pytest.approx((197.5 / 198 + 98.5 / 198) / 2)


def test_regressions_find_a_planted_word(tmp_path):
    letters = planted(600, 20, seed=0)
    rng = np.random.default_rng(0)
    lines = [f"{text}\t{100 * (i % 2) + rng.random():.3f}\t1\n" for i, text in enumerate(letters)]
    path = packed(tmp_path / "x" / "probes.gz", "".join(lines))
    columns = Columns("y", names=("seq", "y", "b"))
    data = prepare_intensities(path, columns, percentile=100)
    ridge = fit_ridge(data, spearman)
    other = np.stack([encode(text) for text in planted(100, 20, seed=5000)])
    scores = ridge.scores(other)
    assert scores[1::2].min() > scores[::2].max() - 0.3
    assert spearman(np.tile([0, 1], 50), scores) > 0.8
    assert ridge.scores(reverse_complement(other)) == pytest.approx(scores)
    bright = data._replace(targets=data.targets * 10)  # half of them above four deviations
    cells = probes_line(bright, bright, scores=bright.targets.astype(float))
    assert cells[:4] == ["600", "600", "300", "1.000"]
    assert cells[5].startswith("1.000 (1.000")
    dim = probes_line(data, data, scores=data.targets.astype(float))
    assert (dim[2], dim[5:]) == ("0", ["–", "–"])


def test_logistic_regression_reads_one_strand_of_rna(tmp_path):
    (tmp_path / "r.fa").write_text("".join(f">r\n{read}\n" for read in planted(400, 20, 0)[1::2]))
    words = fit_logistic(prepare_selex(tmp_path / "r.fa", strand="forward"))
    codes = np.stack([encode(read) for read in planted(100, 20, 9000)])
    assert spearman(np.tile([0, 1], 50), words.scores(codes)) > 0.7
    assert words.scores(reverse_complement(codes)) != pytest.approx(words.scores(codes))


@pytest.fixture
def toy_data(tmp_path):
    """Return a folder like the real one, of toys."""
    folder = tmp_path / "data"
    for kind in ("pbm", "selex", "rna_selex"):
        (folder / kind).mkdir(parents=True)
    for seed, design in enumerate(("HK", "ME")):
        rows = [f"{x}\t{5 * (i % 2) + 1}\t1\n" for i, x in enumerate(planted(90, 20, seed * 1000))]
        packed(folder / "pbm" / f"Jun_{design}.txt.gz", "".join(rows))
    reads = planted(400, 20, 77)
    vectors = [f"{1 if i % 2 else -1} {read}\n" for i, read in enumerate(reads)]
    packed(folder / "selex" / "JUN_x.model.txt.gz", "svm_type c\nSV\n" + "".join(vectors))
    rna = "".join(f"{read},{i + 1}\n" for i, read in enumerate(reads[1::2]))
    packed(folder / "rna_selex" / "RBP1_4.txt.gz", rna)
    return folder


def test_sets(toy_data, tmp_path):
    pbm_sets(toy_data, tmp_path / "pbm")
    trained = read_set(tmp_path / "pbm" / "train" / "Jun_HK")
    tested = read_set(tmp_path / "pbm" / "test" / "Jun_ME")
    assert (trained.codes == tested.codes).all()  # the set that the other one is tested on
    assert (trained.card.scale.percentile, tested.card.scale.percentile) == (99.95, 100)
    selex_sets(toy_data, tmp_path / "selex")
    rna_sets(toy_data, tmp_path / "rna")
    for form, target, rows, given in (("selex", "JUN", 400, True), ("rna", "RBP1", 400, False)):
        made = {part: read_set(tmp_path / form / part / target) for part in ("train", "test")}
        assert sum(one.card.rows for one in made.values()) == rows
        assert {one.card.negatives for one in made.values()} == {"given" if given else "shuffles"}
        assert {one.card.strand for one in made.values()} == {"both" if given else "forward"}
        bound = {
            part: {decode(row) for row in one.codes[one.targets == 1]} for part, one in made.items()
        }
        assert not bound["train"] & bound["test"]
        assert all(WORD in read for reads in bound.values() for read in reads)


@pytest.mark.slow
def test_a_table_of_a_run(toy_data, tmp_path, regplug, monkeypatch, capfd):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'sampler = "random"\nsettings = 2\nrounds = 1\nsteps = 20\ncheckpoints = 1\nfinals = 1\n'
        "rows = 100\nfilters = 4\nlength = 8\n"
    )
    out = tmp_path / "W"
    monkeypatch.setattr("sys.argv", ["", "sets", "selex", "--data", str(toy_data), "-o", str(out)])
    main()
    folders = out / "train" / "JUN", "--test", out / "test", "-o", out / "run"
    done = regplug("train", "deepbind", recipe, *folders)
    assert done.status == 0, done.err
    shutil.copytree(out / "test" / "JUN", out / "test" / "FOS")  # which was not trained
    monkeypatch.setattr("sys.argv", ["other_data", "table", str(out)])
    main()
    header, _, line = capfd.readouterr().out.splitlines()
    cells = line.strip("| ").split(" | ")
    assert (cells[0], len(cells)) == ("JUN", header.count("|") - 1)
    words_auc = float(cells[4].split()[0])
    assert words_auc > 0.9
    assert float(cells[5]) == pytest.approx(float(cells[3].split()[0]) - words_auc, abs=2e-3)
    print_line(out, "JUN", "held-out reads", read_set(out / "test" / "JUN"))
    elsewhere = capfd.readouterr().out.strip("| \n").split(" | ")
    counts = cells[2].split(" / ")
    assert elsewhere[:5] == ["JUN", "held-out reads", counts[0], "–", "–"]
    assert elsewhere[5:] == [cells[3], cells[4].rpartition(" (")[0]]
