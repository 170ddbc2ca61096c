"""Each form of data becomes the set that was worked out by hand."""

import gzip
import json
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pysam
import pytest

from regplug.data.sets.training import read_set
from regplug.genome.codes import decode
from tests.toy_genomes import random_letters, write_fasta

FORMS = ("chip", "bound", "selex", "intensities")


def sequences(made):
    return [decode(row) for row in made.codes]


@pytest.fixture
def prepare(tmp_path, regplug):
    """Return a function that writes `text` to a file, prepares it, and returns set and stderr."""

    def run(form, text, *options, name="input"):
        path = tmp_path / name
        if text is not None:
            raw = text.encode()
            path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        done = regplug("prepare", "deepbind", form, path, *options, "-o", tmp_path / "set")
        assert done.status == 0, done.err
        assert done.out == ""
        return read_set(tmp_path / "set"), done.err

    return run


# -- ChIP ------------------------------------------------------------------------------------

PEAKS = ["ACACAC", "GGTTTT", "AAAAAC"]  # each is its only shuffle
TABLE = "FoldID\tEventID\tseq\tBound\n" + "".join(
    f"A\tseq_{i}_peak\t{letters}\t1\n" for i, letters in enumerate(PEAKS)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.seq.gz", TABLE),
        ("x.seq", TABLE.replace("\n", "\r\n")),
        ("x.txt", "seq\n" + "\n".join(PEAKS)),
        ("x.fa", ">a\nACA\nCAC\n\n>b\nggtttt\n>\nAAAAAC\n"),
        ("x.fa.gz", ">a\nACACAC\n>b\nGGUUUU\n>c\nAAAAAC"),
    ],
)
def test_peaks(prepare, name, text):
    made, err = prepare("chip", text, name=name)
    assert sequences(made) == PEAKS * 2
    assert made.targets.tolist() == [1, 1, 1, 0, 0, 0]
    assert sorted(made.folds[:3]) == [0, 1, 2]
    assert (made.folds[:3] == made.folds[3:]).all()
    card = made.card
    assert (card.form, card.kind, card.strand, card.negatives) == (
        "chip", "classification", "both", "shuffles",
    )  # fmt: skip
    assert (card.rows, card.positives, card.length, card.folds) == (6, 3, 6, 3)
    assert [source.name for source in card.sources] == [name]
    assert "3 positives and 3 shuffles of them" in err


def test_the_first_peaks_and_an_empty_one(prepare):
    text = "seq\nNNNNNN\n" + "\n".join(PEAKS)
    made, err = prepare("chip", text, "--max", 2, "--folds", 2)
    assert sequences(made)[:2] == PEAKS[:2]
    assert made.card.dropped == {"without a known base": 1, "behind the first 2": 1}
    assert "dropped 1: without a known base\ndropped 1: behind the first 2" in err


def test_a_table_with_its_own_shuffles(prepare):
    rows = [("p", "ACGT", 1), ("q", "AAGT", 1), ("r", "ATGT", 1)]
    shuffles = [("q", "AGAT", 0), ("r", "TATG", 0), ("p", "CAGT", 0)]
    lines = [f"A\tseq_{e}_{'shuf' if not b else 'peak'}\t{s}\t{b}" for e, s, b in rows + shuffles]
    made, _ = prepare("chip", "\n".join(["FoldID\tEventID\tseq\tBound", *lines]))
    assert sequences(made) == ["ACGT", "AAGT", "ATGT", "AGAT", "TATG", "CAGT"]
    assert made.targets.tolist() == [1, 1, 1, 0, 0, 0]
    assert made.card.negatives == "given"
    assert made.folds[[0, 1, 2]].tolist() == made.folds[[5, 3, 4]].tolist()
    assert len(set(made.folds)) == 3


def test_lengths(prepare):
    # Of 5 bases the middle 4 start at 5 // 2 - 4 // 2 = 0; of 6, at 1; 3 end in N.
    made, _ = prepare("chip", ">a\nACGTA\n>b\nCAAAAC\n>c\nGGT\n", "--length", 4)
    assert sequences(made)[:3] == ["ACGT", "AAAA", "GGTN"]
    assert sequences(made)[5] == "GGTN"  # its only shuffle: what ends in N keeps its end


@pytest.fixture
def genome(tmp_path):
    """Return the path of a genome of two contigs."""
    contigs = {"chr1": "AACCGGTTAA" + "N" * 20, "chr2": random_letters(3000, seed=4)}
    return write_fasta(tmp_path / "genome.fa", contigs)


def test_windows_by_hand(prepare, genome):
    # [2, 6) has its midpoint at 4: 3 bases are [3, 6); 4 of [4, 5) are [2, 6).
    regions = "chr1\t2\t6\n1\t4\t5\nchr1\t0\t2\nchr1\t0\t1\nchr1\t29\t30\nchr3\t5\t9\nchr1\t8\t10\n"
    made, err = prepare("chip", regions, "--fasta", genome, "--length", 3, "--folds", 1)
    assert sequences(made)[:4] == ["CGG", "CGG", "AAC", "AAN"]
    assert made.card.positives == 4
    assert made.card.dropped == {"outside the genome": 3}
    assert [source.name for source in made.card.sources] == ["input", "genome.fa"]
    assert "dropped 3: outside the genome" in err


def test_windows_of_unknown_bases(prepare, genome):
    regions = "chr1\t2\t6\nchr1\t12\t16\nchr1\t10\t10\nchr1\t9\t10\n".replace("10\t10", "10\t11")
    made, _ = prepare("chip", regions, "--fasta", genome, "--length", 3, "--folds", 1)
    assert sequences(made)[:2] == ["CGG", "AAN"]
    assert made.card.dropped == {"more than half of its bases unknown": 2}


@pytest.mark.parametrize("length", [None, 10, 25])
def test_windows_are_what_pysam_fetches(prepare, genome, length):
    rng = random.Random(3)
    regions = [(start, start + rng.randint(1, 300)) for start in rng.sample(range(200, 2500), 60)]
    text = "".join(f"chr2\t{start}\t{end}\tpeak\t0\t-\n" for start, end in regions)
    options = [] if length is None else ["--length", length]
    made, _ = prepare("chip", text, "--fasta", genome, *options, name="peaks.bed.gz")
    width = length or 101
    with pysam.FastaFile(str(genome)) as fasta:
        starts = [(start + end) // 2 - width // 2 for start, end in regions]
        assert sequences(made)[:60] == [fasta.fetch("chr2", s, s + width) for s in starts]


# -- bound and unbound -----------------------------------------------------------------------


def test_bound(prepare, tmp_path):
    (tmp_path / "test.fa").write_text("> chr9; class:1\nccgu\n")
    records = [
        ("a; class:1", "AACC"),
        ("b; class:0", "AAGG"),
        ("c class:1", "ACAC"),  # c is d as RNA in lower case, with the other class
        ("d class:0", "acac"),
        ("e; class:0", "NNNN"),
        ("f; class:0", "CCGT"),  # in the other split
        ("g; class:1", "GGTT"),  # a's other strand: another RNA
        ("h; class:0", "AAGG"),  # b again, in the same class
        ("i; class:0", "TTTT"),
    ]
    text = "".join(f"> {header}\n{letters}\n" for header, letters in records)
    options = ["--apart-from", tmp_path / "test.fa", "--folds", 2]
    made, err = prepare("bound", text, *options)
    assert sequences(made) == ["AACC", "AAGG", "GGTT", "AAGG", "TTTT"]
    assert made.targets.tolist() == [1, 0, 1, 0, 0]
    assert (made.card.strand, made.card.negatives) == ("forward", "given")
    dropped = {"in both classes": 2, "in both splits": 1, "without a known base": 1}
    assert made.card.dropped == dropped
    for why, count in dropped.items():
        assert f"dropped {count}: {why}" in err
    assert [source.name for source in made.card.sources] == ["input", "test.fa"]
    assert made.folds[1] == made.folds[3] != made.folds[4]
    assert made.folds[0] != made.folds[2]


# -- SELEX -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.fq", "r.fq.gz", "r.fa", "r.fa.gz"])
def test_reads(prepare, name):
    reads = [
        "ACGTAC",
        "AAAAAA",
        "GTACGT",
        "ACGTAC",
        "CCCCCC",
    ]  # the third: the first's other strand
    if ".fq" in name:
        text = "".join(f"@r{i}\n{read}\n+\n@@@III\n" for i, read in enumerate(reads))
    else:
        text = "".join(f">r{i}\n{read}\n" for i, read in enumerate(reads))
    made, _ = prepare("selex", text, name=name)
    assert sequences(made)[:5] == reads
    assert made.card.positives == 5
    assert made.card.form == "selex"
    assert made.folds[0] == made.folds[2] == made.folds[3]
    assert len(set(made.folds[:5])) == 3
    for source, shuffle in zip(made.codes[:5], made.codes[5:], strict=True):
        assert Counter(pairwise(source)) == Counter(pairwise(shuffle))


COUNTED = "AACC{0}2\nACAC{0}1\n\nCCGU{0}01\nNNNN{0}3\n"


@pytest.mark.parametrize("between", [",", "\t", " ", ", "])
def test_counted_reads(prepare, between):
    made, err = prepare("selex", COUNTED.format(between), "--strand", "forward")
    assert sequences(made)[:4] == ["AACC", "AACC", "ACAC", "CCGT"]
    assert (made.card.positives, made.card.strand) == (4, "forward")
    assert made.card.dropped == {"without a known base": 3}
    once, err = prepare("selex", COUNTED.format(between), "--distinct")
    assert sequences(once)[:3] == ["AACC", "ACAC", "CCGT"]
    assert once.card.dropped == {"without a known base": 3, "copies of another read": 1}
    assert "dropped 1: copies of another read" in err


def test_strands_share_a_fold_only_where_both_are_read(prepare):
    text = ">a\nAACC\n>b\nGGTT\n>c\nACAC\n"  # b is a's other strand
    made, _ = prepare("selex", text, "--folds", 2)
    assert made.folds[0] == made.folds[1]
    made, _ = prepare("selex", text, "--folds", 3, "--strand", "forward")
    assert sorted(made.folds[:3]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("strand", "bound", "unbound", "both"),
    [
        ("forward", "AACC ACAC CCCA ACAC", "TTTA GGTT TTTA CATA", 2),
        ("both", "ACAC CCCA ACAC", "TTTA TTTA CATA", 4),  # AACC is GGTT's other strand
    ],
)
def test_reads_beside_a_background(prepare, tmp_path, strand, bound, unbound, both):
    background = ["TTTA", "GGTT", "NNNN", "TTTA", "TTGA", "CATA"]
    (tmp_path / "first.fa").write_text("".join(f">r\n{read}\n" for read in background))
    text = "".join(f">r\n{read}\n" for read in ["AACC", "ACAC", "TTGA", "CCCA", "ACAC"])
    options = ["--background", tmp_path / "first.fa", "--folds", 2, "--strand", strand]
    made, err = prepare("selex", text, *options)
    assert sequences(made) == [*bound.split(), *unbound.split()]
    count = len(bound.split())
    assert made.targets.tolist() == [1] * count + [0] * len(unbound.split())
    assert (made.card.negatives, made.card.strand) == ("given", strand)
    assert made.card.dropped == {"without a known base": 1, "in both classes": both}
    assert f"dropped {both}: in both classes" in err
    assert [source.name for source in made.card.sources] == ["input", "first.fa"]
    for copied in ("ACAC", "TTTA"):
        first, second = (made.folds[i] for i, it in enumerate(sequences(made)) if it == copied)
        assert first == second
    assert set(made.folds[:count]) == set(made.folds[count:]) == {0, 1}


# -- intensities -----------------------------------------------------------------------------

PROBES = "id\tSequence\ta\tb\tc\np1\tAAAA\t2\t4\t8\np2\tCCCC\t3\t3\t6\np3\tGGGG\t9\t3\t1\n"


def test_median_and_clamp_by_hand(prepare):
    # a over the median: 2/4, 3/3, 9/3. Half lie below 1, so 3 becomes 1. The mean of 0.5, 1, 1 is
    # 5/6, the variance (1/9 + 1/36 + 1/36) / 3 = 1/18.
    options = ["--column", "a", "--median", "--ignore", "id", "--clamp", 50, "--folds", 2]
    made, _ = prepare("intensities", PROBES, *options)
    assert sequences(made) == ["AAAA", "CCCC", "GGGG"]
    assert made.targets == pytest.approx([-(2**0.5), 0.5**0.5, 0.5**0.5])
    assert made.card.kind == "regression"
    assert made.card.positives is None
    scale = made.card.scale
    assert (scale.column, scale.median, scale.percentile, scale.ceiling) == ("a", True, 50, 1)
    assert (scale.mean, scale.deviation) == pytest.approx((5 / 6, (1 / 18) ** 0.5))
    assert made.medians.tolist() == [4, 3, 3]
    assert made.folds[1] == made.folds[2] != made.folds[0]  # one probe, read from both ends


def test_without_median_the_other_columns_do_not_count(prepare):
    text = PROBES.replace("\t8\n", "\tNaN\n")
    made, _ = prepare("intensities", text, "--column", "b", "--strand", "forward")
    # 4, 3, 3 with the 99.95 percentile at 4 - 0.001: by hand 3 + 0.999, 3, 3
    assert made.card.scale.ceiling == pytest.approx(3.999)
    assert made.targets == pytest.approx([2**0.5, -(0.5**0.5), -(0.5**0.5)])
    assert made.medians is None
    assert sorted(made.folds) == [0, 1, 2]
    assert made.card.strand == "forward"


def test_a_table_without_names(prepare):
    text = "AAAA\t4\t100\nCCCC\t3\t300\nACAC\t3\t200\n"
    options = ["--names", "seq,intensity,background", "--column", "intensity"]
    made, _ = prepare("intensities", text, *options, "--clamp", 100)
    assert sequences(made) == ["AAAA", "CCCC", "ACAC"]
    assert made.targets == pytest.approx([2**0.5, -(0.5**0.5), -(0.5**0.5)])
    assert made.card.scale.column == "intensity"


@pytest.mark.parametrize("median", [True, False])
def test_scaling_is_numpys(prepare, median):
    rng = np.random.default_rng(2)
    values = np.exp(rng.normal(size=(4000, 5)))
    rows = ["\t".join([random_letters(20, seed=i), *map(repr, row.tolist())])
            for i, row in enumerate(values)]  # fmt: skip
    text = "\n".join(["\t".join(["seq", *"abcde"]), *rows])
    made, _ = prepare("intensities", text, "--column", "d", *["--median"] * median)
    expected = values[:, 3] / np.median(values, axis=1) if median else values[:, 3].copy()
    ceiling = np.percentile(expected, 99.95)
    assert (expected > ceiling).sum() == 2
    expected[expected > ceiling] = ceiling
    expected = (expected - expected.mean()) / expected.std()
    assert made.targets == pytest.approx(expected, abs=1e-5)
    assert made.targets.mean() == pytest.approx(0, abs=1e-5)
    assert made.targets.std() == pytest.approx(1, abs=1e-5)


# -- all -------------------------------------------------------------------------------------


def inputs(form):
    letters = [random_letters(30, seed=i) for i in range(40)]
    if form == "intensities":
        return "seq\ty\n" + "".join(f"{s}\t{i}\n" for i, s in enumerate(letters))
    return "".join(f">s{i} class:{i % 2}\n{s}\n" for i, s in enumerate(letters))


@pytest.mark.parametrize("form", FORMS)
def test_same_seed_same_bytes(prepare, tmp_path, form):
    def files(seed):
        prepare(form, inputs(form), "--seed", seed)
        return {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}

    first, second, other = files(1), files(1), files(2)
    assert first == second
    assert first["folds.npy"] != other["folds.npy"]
    assert (first["codes.npy"] != other["codes.npy"]) == (form in ("chip", "selex"))
    assert b"/" not in json.dumps(json.loads(first["set.json"])["sources"]).encode()


@pytest.mark.slow
def test_neither_torch_nor_sklearn_is_needed(tmp_path):
    (tmp_path / "x.fa").write_text(inputs("selex"))
    code = (
        "import sys\nsys.modules['torch'] = sys.modules['sklearn'] = None\n"
        "from regplug.cli import main\nmain()"
    )
    for form in ("chip", "bound", "selex"):
        command = ["prepare", "deepbind", form, tmp_path / "x.fa", "-o", tmp_path / form]
        subprocess.run([sys.executable, "-c", code, *command], check=True)
        assert len(read_set(tmp_path / form).codes) in (40, 80)
