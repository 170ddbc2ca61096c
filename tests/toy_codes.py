"""Toy training material: random sequences, and sequences with a planted motif."""

from collections.abc import Callable

import numpy as np
import pytest

from regplug.genome.codes import Codes, encode, reverse_complement

MOTIF = encode("TGACTCAGCA")


@pytest.fixture
def random_codes() -> Callable[..., Codes]:
    """Return a maker of codes (n, bases): equal shares of the bases, some of them unknown."""

    def make(n: int, bases: int, *, seed: int, unknown: float = 0.0) -> Codes:
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 4, (n, bases), dtype=np.uint8)
        codes[rng.random(codes.shape) < unknown] = 4
        return codes

    return make


@pytest.fixture
def planted_codes(random_codes: Callable[..., Codes]) -> Callable[..., Codes]:
    """Return a maker of codes (n, bases): one MOTIF each, anywhere, on either strand."""

    def make(n: int, bases: int, *, seed: int) -> Codes:
        codes = random_codes(n, bases, seed=seed)
        rng = np.random.default_rng(seed + 1)
        for row in codes:
            start = rng.integers(bases - len(MOTIF) + 1)
            row[start : start + len(MOTIF)] = (
                MOTIF if rng.random() < 0.5 else reverse_complement(MOTIF)
            )
        return codes

    return make
