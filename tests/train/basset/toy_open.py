"""Toy sites of open chromatin: two samples, each open where its motif stands."""

from pathlib import Path

import numpy as np

from regplug.genome.codes import Codes, encode, reverse_complement
from tests.data.sites.toy_sites import write_sites

MOTIFS = {"liver": encode("TGACTCAGCA"), "brain; new": encode("CCGGAAGTGG")}
BASES = 44
TRAIN, VALID = 600, 200
RECIPE = """
seed = 3
[network]
kind = "basset"
filters = [12, 8]
sizes = [11, 3]
pools = [4, 2]
dense = [16]
dropout = 0.1
[schedule]
epochs = 3
batch = 50
optimizer = "rmsprop"
learning_rate = 0.003
weight_decay = 0.0
average = 0.0
longest_row = 7.0
shift = 0
strands = "alternate"
"""
CNN = """
seed = 3
[network]
kind = "cnn"
channels = 16
length = 11
pool = 4
block_length = 3
[schedule]
epochs = 3
batch = 50
learning_rate = 0.02
average = 0.9
"""


def toy_codes(n: int, seed: int) -> tuple[Codes, np.ndarray]:
    """Return codes (n, BASES) and targets (n, 2); each motif stands in about half, either way."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, BASES), dtype=np.uint8)
    targets = rng.integers(0, 2, (n, len(MOTIFS)), dtype=np.uint8)
    for row, opened in zip(codes, targets, strict=True):
        for half, motif in enumerate(MOTIFS.values()):
            start = half * BASES // 2 + rng.integers(BASES // 2 - len(motif) + 1)
            if opened[half]:
                turned = rng.random() < 0.5
                row[start : start + len(motif)] = reverse_complement(motif) if turned else motif
    return codes, targets


def write_open(
    path: Path,
    codes: Codes,
    targets: np.ndarray,
    *,
    train: int = TRAIN,
    valid: int = VALID,
    samples: tuple[str, ...] = tuple(MOTIFS),
) -> Path:
    """Write a set: so many sites to train, so many to validate, the rest to test."""
    parts = np.array(
        ["train"] * train + ["valid"] * valid + ["test"] * (len(codes) - train - valid)
    )
    mixed = np.random.default_rng(0).permutation(parts).tolist()
    return write_sites(path, codes, dict(zip(samples, targets.T.tolist(), strict=True)), mixed)


def toy_sites(folder: Path) -> Path:
    """Write sites.h5, recipe.toml and cnn.toml to the folder; return the set."""
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "cnn.toml").write_text(CNN)
    return write_open(folder / "sites.h5", *toy_codes(TRAIN + VALID, seed=1))
