"""Sequences that say nothing to a model: random ones, or shuffled real ones ─→ codes."""

import numpy as np

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.errors import SequenceError
from regplug.genome.codes import UNKNOWN, Codes

HUMAN_GC = 0.41  # share of G and C in human DNA


def random_backgrounds(count: int, width: int, gc: float, rng: np.random.Generator) -> Codes:
    """Return random codes (count, width), each base G or C with the chance `gc`, by itself."""
    return rng.choice(4, (count, width), p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]).astype(
        np.uint8
    )


def shuffled_backgrounds(sequences: Codes, count: int, rng: np.random.Generator) -> Codes:
    """Return `count` dinucleotide shuffles of sequences (n, width), shape (count, width).

    Sequences with unknown bases are left out. Each is taken once before one is taken twice.

    Raises:
        SequenceError: all have unknown bases.
    """
    known = sequences[(sequences != UNKNOWN).all(axis=1)]
    if not len(known):
        raise SequenceError(f"each of the {len(sequences)} sequences has unknown bases")
    rounds = -(-count // len(known))
    rows = np.concatenate([rng.permutation(len(known)) for _ in range(rounds)])[:count]
    return shuffle_dinucleotides(known[rows], rng=rng)
