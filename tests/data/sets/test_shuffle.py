"""Dinucleotide shuffles keep what they promise, and are random in the rest."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.genome.codes import decode, encode

ROWS = st.integers(1, 4).flatmap(
    lambda n: st.integers(1, 60).flatmap(
        lambda bases: arrays(np.uint8, (n, bases), elements=st.integers(0, 4))
    )
)


def dinucleotides(row: np.ndarray) -> Counter[tuple[int, int]]:
    """Return how often each pair of neighbours occurs."""
    return Counter(pairwise(row.tolist()))


@given(codes=ROWS, seed=st.integers(0, 2**32))
def test_keeps_dinucleotides_and_ends(codes, seed):
    shuffled = shuffle_dinucleotides(codes, rng=np.random.default_rng(seed))
    assert shuffled.shape == codes.shape
    assert shuffled.dtype == np.uint8
    for row, shuffled_row in zip(codes, shuffled, strict=True):
        assert dinucleotides(row) == dinucleotides(shuffled_row)
        assert (row[0], row[-1]) == (shuffled_row[0], shuffled_row[-1])


def test_draws_every_walk_equally_often():
    # ACAGATA: A's steps to C, G and T are taken in any order, 3! = 6 walks.
    codes = np.tile(encode("ACAGATA"), (6000, 1))
    shuffled = shuffle_dinucleotides(codes, rng=np.random.default_rng(1))
    counts = Counter(decode(row) for row in shuffled)
    assert len(counts) == 6
    assert all(850 < count < 1150 for count in counts.values())


def test_draws_every_walk_equally_often_where_orders_are_refused():
    # AACCAGC: last steps that do not lead to the final C are refused.
    letters = "AACCAGCTAC"
    codes = np.tile(encode(letters), (20_000, 1))
    counts = Counter(
        decode(row) for row in shuffle_dinucleotides(codes, rng=np.random.default_rng(1))
    )
    walks = euler_walks(letters)
    assert set(counts) == walks
    expected = len(codes) / len(walks)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())


def euler_walks(letters: str) -> set[str]:
    """Return all sequences with the dinucleotides and the first letter of `letters`, by search."""

    def grow(walk: str, left: Counter[str]) -> set[str]:
        if not left.total():
            return {walk}
        return {
            grown
            for pair in list(left.keys())
            if left[pair] and pair[0] == walk[-1]
            for grown in grow(walk + pair[1], left - Counter([pair]))
        }

    return grow(letters[0], Counter(a + b for a, b in pairwise(letters)))


def test_same_generator_same_shuffles(random_codes):
    codes = random_codes(20, 101, seed=3)
    first, second = (shuffle_dinucleotides(codes, rng=np.random.default_rng(7)) for _ in range(2))
    assert (first == second).all()
    assert (first != codes).any(axis=1).all()
