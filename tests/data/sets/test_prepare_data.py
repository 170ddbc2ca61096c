"""The real data sets, counted by other means."""

import gzip
from collections import Counter

import numpy as np
import pytest

from regplug.data.sequences.chip import chip_file, read_chip
from regplug.data.sets.bound import prepare_bound
from regplug.data.sets.chip import prepare_chip
from regplug.data.sets.training import read_set, write_set
from regplug.genome.codes import decode

pytestmark = pytest.mark.data
PROTEINS = ("HNRNPC", "PUM2", "QKI", "TDP43", "TIA1")


def pair_counts(codes):
    """Return how often each of the 25 dinucleotides stands in each row, shape (n, 25)."""
    pairs = codes[:, :-1] * 5 + codes[:, 1:]
    return np.stack([(pairs == pair).sum(axis=1) for pair in range(25)], axis=1)


@pytest.mark.parametrize(
    "tf",
    ["ARID3A", "CTCFL", "ELK1", "FOXA1", "GABPA", "MYC", "REST", "SP1", "USF1", "ZBTB7A"],
)
def test_chip(data, tmp_path, tf):
    path = chip_file(data / "encode_chip", tf, "AC")
    with gzip.open(path, "rt") as lines:
        next(lines)
        letters = [line.split("\t")[2] for line in lines]
    write_set(tmp_path / "set", prepare_chip(path, seed=3))
    made = read_set(tmp_path / "set")
    n = len(letters)
    assert made.codes.shape == (2 * n, 101)
    assert made.card.positives == n
    assert made.card.dropped == {}
    assert [decode(row) for row in made.codes[:n]] == letters
    assert (pair_counts(made.codes[:n]) == pair_counts(made.codes[n:])).all()
    assert (made.codes[:n] != made.codes[n:]).any(axis=1).mean() > 0.999
    assert (made.folds[:n] == made.folds[n:]).all()
    sizes = np.bincount(made.folds[:n])
    assert len(sizes) == 3
    assert sizes.max() - sizes.min() <= 2  # but for repeated peaks, at most one


def test_held_out_chip_keeps_its_own_shuffles(data):
    path = chip_file(data / "encode_chip", "SP1", "B")
    made, there = prepare_chip(path), read_chip(path)
    assert (made.codes == there.codes).all()
    assert (made.targets == there.bound).all()
    assert made.card.negatives == "given"
    assert np.bincount(made.folds[there.bound]).tolist() == [167, 167, 166]


def fasta(path):
    """Return headers and sequences, read without regplug."""
    with gzip.open(path, "rt") as file:
        parts = [part.split("\n", 1) for part in file.read().split(">")[1:]]
    return [(header, letters.replace("\n", "")) for header, letters in parts]


@pytest.mark.parametrize("protein", PROTEINS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_clip(data, protein, split):
    paths = {name: data / "clip" / f"{protein}_{name}.fa.gz" for name in ("train", "test")}
    here, other = paths[split], paths["test" if split == "train" else "train"]
    there = {letters for _, letters in fasta(other)}
    fate = Counter()
    for header, letters in fasta(here):
        if set(letters) == {"N"}:
            fate["without a known base"] += 1
        elif letters in there:
            fate["in both splits"] += 1
        else:
            fate[header[-1]] += 1
    made = prepare_bound(here, apart_from=[other])
    assert made.card.positives == fate.pop("1")
    assert made.card.rows - made.card.positives == fate.pop("0")
    assert made.card.dropped == fate
    assert sum(fate.values()) + made.card.rows == (30_000 if split == "train" else 10_000)
    assert not {decode(row) for row in made.codes} & there
