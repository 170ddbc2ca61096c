"""`regplug prepare sequences`: a table's sites by hand; joined with tiles that bigWigs label."""

import hashlib

import h5py
import numpy as np
import pyBigWig
import pytest

from regplug.data.sites.sites import Sites
from regplug.genome.codes import decode
from regplug.train.basset.source import SiteSource
from tests.toy_genomes import random_letters, write_fasta

HEADER = "chr\tstart\tend\tsequence\tA_1\tB_2\tother\n"
ROWS = [
    ("chr3", 700, 720, random_letters(40, seed=1), 1, 0, "x"),
    ("chr3", 100, 140, random_letters(40, seed=2).lower(), 0, 1, "y"),
    ("chr8", 100, 140, random_letters(40, seed=3), 1, 1, "z"),
    ("chr2", 100, 140, random_letters(40, seed=4), 0, 0, "z"),
    ("chr1", 100, 140, random_letters(40, seed=5), 1, 0, "z"),  # excluded
]
HELD = ["--valid-chroms", "chr8", "--test-chroms", "chr2"]
SIZES = {"chr2": 900, "chr3": 2000, "chr8": 900}


@pytest.fixture
def sequences(tmp_path, regplug, monkeypatch):
    """Return a function that makes a set of rows, and gives what the command did."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())

    def run(*more, rows=ROWS):
        lines = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        (tmp_path / "t.tsv").write_text(HEADER + lines)
        arguments = [tmp_path / "t.tsv", "--columns", "A,B", *HELD, "-o", tmp_path / "set.h5"]
        return regplug("prepare", "sequences", *arguments, *more)

    return run


def rows(path):
    """Return contig, start, letters, part and targets of each site."""
    with Sites(path) as sites:
        codes, targets = sites.read(0, len(sites))
        labels = [dict(zip(sites.samples, row, strict=True)) for row in targets.tolist()]
        columns = sites.contigs.tolist(), sites.starts.tolist(), sites.parts.tolist()
        return [
            (sites.names[contig], start, decode(row), part, of)
            for contig, start, part, row, of in zip(*columns, codes, labels, strict=True)
        ]


def test_rows_by_hand(sequences, tmp_path):
    done = sequences("--exclude-chroms", "chr1")
    assert done.status == 0, done.err
    letters = [row[3].upper() for row in ROWS]
    assert rows(tmp_path / "set.h5") == [
        ("chr2", 100, letters[3], 2, {"A": 0, "B": 0}),
        ("chr3", 100, letters[1], 0, {"A": 0, "B": 1}),
        ("chr3", 700, letters[0], 0, {"A": 1, "B": 0}),
        ("chr8", 100, letters[2], 1, {"A": 1, "B": 1}),
    ]
    assert "4 sites of 40 bases in 2 samples, 2 to train on, 1 to validate, 1 to test" in done.err
    assert "\n1 sites left out: on excluded contigs\n" in done.err
    assert (tmp_path / "set.summary.tsv").read_text().startswith("of\tname\tpeaks\tsites")
    with Sites(tmp_path / "set.h5") as sites:
        assert sites.card.closed is None


def test_labels_that_nobody_knows(regplug, tmp_path, monkeypatch):
    """An empty cell is unknown; without coordinates sites are counted, and all trained on."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    table, out = tmp_path / "t.tsv", tmp_path / "set.h5"
    table.write_text("sequence\tA\tB\nACGT\t1\t\nCCCC\t\t1\nGGTA\t0\t0\n")
    done = regplug("prepare", "sequences", table, "--columns", "A,B", "-o", out)
    assert done.status == 0, done.err
    assert rows(out) == [
        ("sequences", 0, "ACGT", 0, {"A": 1, "B": 255}),
        ("sequences", 1, "CCCC", 0, {"A": 255, "B": 1}),
        ("sequences", 2, "GGTA", 0, {"A": 0, "B": 0}),
    ]
    with Sites(out) as sites:
        assert sites.card.unknown
        assert sites.peaks.tolist() == [1, 1]


def test_graded_labels(regplug, tmp_path, monkeypatch):
    """A network is trained on the grades, to 1/254; all else takes the upper half for open."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    table, out = tmp_path / "t.tsv", tmp_path / "set.h5"
    values = ["0", "0.25", "0.5", "0.51", "1", ""]
    rows_ = [f"{'ACGT'[at % 4] * 4}\t{at % 2}\t{value}\n" for at, value in enumerate(values)]
    table.write_text("sequence\tA\tB\n" + "".join(rows_))
    make = ["prepare", "sequences", table, "--columns", "A,B", "-o", out]
    done = regplug(*make, "--graded", "B")
    assert done.status == 0, done.err
    read = [row[4]["B"] for row in rows(out)]
    assert read == [0, 0, 0, 1, 1, 255]
    with Sites(out) as sites:
        assert sites.card.graded == ("B",)
        assert sites.peaks.tolist() == [3, 2]
        grades = sites.read(0, 6, graded=True).targets[:, 1]
        assert grades.tolist() == [0, 64, 127, 130, 254, 255]  # 63.5 to the even one
        (batch,) = SiteSource(sites).batches(np.random.default_rng(0), 6)
    assert sorted(batch.targets[:, 1].tolist()) == pytest.approx(
        [0, 0, 64 / 254, 127 / 254, 130 / 254, 1]
    )
    assert np.sort(batch.targets[:, 0]).tolist() == [0, 0, 0, 1, 1, 1]
    assert (batch.weights == 0).sum() == 1

    plain = tmp_path / "plain.tsv"
    plain.write_text("sequence\tB\nACGT\t1\nTTTT\t0\n")
    assert (
        regplug("prepare", "sequences", plain, "--columns", "B", "-o", tmp_path / "p.h5").status
        == 0
    )
    joined = tmp_path / "joined.h5"
    assert regplug("prepare", "join", out, tmp_path / "p.h5", "-o", joined).status == 0
    with Sites(joined) as sites:
        assert sites.card.graded == ("B",)
        assert sites.read(0, 8, graded=True).targets[:, 1].tolist() == [*grades, 254, 0]

    done = regplug(*make, "--graded", "A,B")  # which has 0 and 1, and may be graded too
    assert done.status == 0, done.err
    table.write_text(table.read_text().replace("0.51", "1.51"))
    done = regplug(*make, "--graded", "B")
    assert (done.status, "neither 0 nor 1 in B" in done.err) == (1, True)
    done = regplug(*make, "--graded", "C")
    assert (done.status, "C: graded, and none of the samples" in done.err) == (1, True)


def test_joined_with_tiles_of_bigwigs(sequences, regplug, tmp_path):
    assert sequences("--exclude-chroms", "chr1").status == 0
    contigs = {name: random_letters(size, seed=size) for name, size in SIZES.items()}
    write_fasta(tmp_path / "g.fa", contigs)
    with pyBigWig.open(str(tmp_path / "b.bw"), "w") as file:
        file.addHeader(list(SIZES.items()))
        for name, size in SIZES.items():
            values = np.arange(size // 20, dtype=float)
            file.addEntries(name, 0, values=values, span=20, step=20)
    (tmp_path / "s.tsv").write_text("B\tb.bw\nC\tb.bigwig\n")
    (tmp_path / "b.bigwig").write_bytes((tmp_path / "b.bw").read_bytes())
    tiles = ["--length", 40, "--step", 40, "--centre", 20, "--fasta", tmp_path / "g.fa"]
    done = regplug(
        "prepare", "basset", tmp_path / "s.tsv", "--along", *tiles, *HELD, "-o", tmp_path / "t.h5"
    )
    assert done.status == 0, done.err
    sets = tmp_path / "set.h5", tmp_path / "t.h5"
    done = regplug("prepare", "join", *sets, "-o", tmp_path / "a.h5")
    assert done.status == 0, done.err
    joined, of_table = rows(tmp_path / "a.h5"), rows(tmp_path / "set.h5")
    assert [row[4] for row in joined[:4]] == [{**row[4], "C": 255} for row in of_table]
    assert [row[2] for row in joined[:4]] == [row[2] for row in of_table]
    labels = {tuple(row[4].items()) for row in joined[4:]}
    # What the bigWigs do not measure is not closed: A is unknown in all tiles.
    assert labels == {(("A", 255), ("B", label), ("C", label)) for label in (0, 1)}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ([(*ROWS[0][:3], "ACG", 1, 0, "x")], "all equally long"),
        ([(*ROWS[0][:4], 2, 0, "x")], "neither 0 nor 1"),
        ([(*ROWS[0][:3], ROWS[0][3], "yes", 0, "x")], "could not convert"),
        ([(*ROWS[0][:3], ROWS[0][3], 1)], "line 7: float() argument must be"),
        ([(*ROWS[0][:1], "-", *ROWS[0][2:])], "line 7: invalid literal"),
    ],
)
def test_bad_rows(sequences, tmp_path, bad, why):
    done = sequences(rows=[*ROWS, *bad])
    assert done.status == 1
    assert why in done.err
    assert "t.tsv" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.tsv"]


def test_samples_and_contigs_that_are_not_there(sequences, tmp_path):
    for more, why in (
        (["--columns", "A,D"], "0 columns for D: chr, start"),
        (["--columns", "A,oth"], "0 columns for oth"),
        (["--test-chroms", "chr9"], "no site on chr9: hold other contigs out"),
        (["--exclude-chroms", "chr3,chr1"], "no site is left in part train: leave other"),
        (["--exclude-chroms", "chr8"], "no site is left in part valid"),
        (["-o", tmp_path / "t.tsv"], "would be replaced, and is read"),
    ):
        done = sequences(*more)
        assert (done.status, why in done.err) == (1, True), done.err
    closed = [(*row[:5], 0, row[6]) for row in ROWS]
    assert "B is open in no site: take the sample out" in sequences(rows=closed).err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.tsv"]


@pytest.mark.data
@pytest.mark.slow
def test_the_set_of_basset_dhs4(regplug, data, tmp_path, monkeypatch):
    # Made once by the command as it was when basset_dhs4 was trained.
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    windows = data / "hg38_windows"
    done = regplug(
        "prepare", "dhs", data / "dhs4" / "dhs4_train_validation.tsv.gz",
        "--cells", "GM12878,hESCT0,K562,HepG2", "--windows", windows / "windows.fa.gz",
        "--signal", windows / "dnase_32bp.npz", "--windows-split", windows / "split.tsv",
        "--valid-chroms", "chr8", "--test-chroms", "chr2", "--exclude-chroms", "chr1",
        "-o", tmp_path / "dhs4.h5",
    )  # fmt: skip
    assert done.status == 0, done.err
    with h5py.File(tmp_path / "dhs4.h5") as file:
        digests = {
            name: hashlib.sha256(np.ascontiguousarray(file[name][:]).tobytes()).hexdigest()[:16]
            for name in ("codes", "targets", "parts", "contigs", "starts")
        }
    assert digests == {
        "codes": "eb828877be2e419e",
        "targets": "5be257a11a71bb19",
        "parts": "c2baae826fb0366a",
        "contigs": "32b0e7c0103c97bb",
        "starts": "d9408479379e605a",
    }
