"""Toy sites of open chromatin: two samples, each open where its motif stands."""

from pathlib import Path

import numpy as np

from regplug.codes import Codes, encode, reverse_complement
from regplug.train.data.parts import RandomSplit
from regplug.train.data.samples import Settings
from regplug.train.data.sites import SitesCard
from regplug.train.data.sites_writer import SitesWriter
from regplug.train.data.trainingset import Source

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


def write_sites(
    path: Path,
    codes: Codes,
    targets: np.ndarray,
    *,
    train: int = TRAIN,
    valid: int = VALID,
    samples: tuple[str, ...] = tuple(MOTIFS),
) -> Path:
    """Write a set: so many sites to train, so many to validate, the rest to test."""
    card = SitesCard(
        settings=Settings(split=RandomSplit(0.1, 0.1, 0), length=codes.shape[1]),
        sources=(Source("toy.bed", "00"),),
        counts={},
    )
    parts = np.full(len(codes), 2, np.uint8)
    parts[:train] = 0
    parts[train : train + valid] = 1
    parts = np.random.default_rng(0).permutation(parts) if train else parts
    with SitesWriter(path, codes.shape[1], ["chr1"], samples) as writer:
        writer.add(0, np.arange(len(codes), dtype=np.int64), codes, targets)
        writer.finish(card, parts, [1] * len(samples))
    return path


def toy_sites(folder: Path) -> Path:
    """Write sites.h5, recipe.toml and cnn.toml to the folder; return the set."""
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "cnn.toml").write_text(CNN)
    return write_sites(folder / "sites.h5", *toy_codes(TRAIN + VALID, seed=1))
