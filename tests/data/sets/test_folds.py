"""What belongs together stays in a fold, and folds are even."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regplug.data.sets.folds import assign_folds, same_sequences, with_shuffles
from regplug.errors import DataError
from regplug.genome.codes import encode

CODES = st.tuples(st.integers(3, 12), st.integers(1, 7)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 4))
)


def coded(*sequences):
    return np.stack([encode(letters) for letters in sequences])


def test_the_same_sequence_by_hand():
    codes = coded("AACG", "CGTT", "ACGT", "AACG", "AACA", "NAAA", "TTTN")
    forward = same_sequences(codes, both_strands=False)
    assert forward[0] == forward[3]
    assert len(set(forward)) == 6
    both = same_sequences(codes, both_strands=True)
    assert both[0] == both[1] == both[3]
    assert both[5] == both[6]
    assert len(set(both)) == 4


@given(codes=CODES)
def test_the_same_sequence(codes):
    groups = same_sequences(codes, both_strands=False)
    same = (codes[:, None] == codes[None]).all(axis=2)
    assert (same == (groups[:, None] == groups)).all()


@given(groups=st.lists(st.integers(0, 9), min_size=1), folds=st.integers(1, 5), seed=st.integers(0))
def test_folds_are_even_and_keep_groups(groups, folds, seed):
    groups, distinct = np.array(groups), len(set(groups))
    rng = np.random.default_rng(seed)
    if distinct < folds:
        with pytest.raises(DataError, match=f"{distinct} different peaks for {folds} folds"):
            assign_folds(groups, folds=folds, rng=rng, what="peaks")
        return
    fold = assign_folds(groups, folds=folds, rng=rng, what="peaks")
    assert fold.dtype == np.uint8
    pairs = {(int(group), int(f)) for group, f in zip(groups, fold, strict=True)}
    assert len(pairs) == distinct
    sizes = Counter(f for _, f in pairs)
    assert set(sizes) == set(range(folds))
    assert max(sizes.values()) - min(sizes.values()) <= 1


@given(codes=CODES, seed=st.integers(0, 2**32))
def test_a_shuffle_has_its_sources_dinucleotides_and_fold(codes, seed):
    folds = len(set(same_sequences(codes, both_strands=True)))
    made, targets, fold = with_shuffles(codes, folds=folds, seed=seed)
    n = len(codes)
    assert (made[:n] == codes).all()
    assert targets.tolist() == [1] * n + [0] * n
    assert (fold[:n] == fold[n:]).all()
    assert set(fold) == set(range(folds))
    for source, shuffle in zip(made[:n].tolist(), made[n:].tolist(), strict=True):
        assert Counter(pairwise(source)) == Counter(pairwise(shuffle))


def test_many_sequences_are_shuffled_in_parts(monkeypatch, random_codes):
    monkeypatch.setattr("regplug.data.sets.folds.TOGETHER", 7)
    codes = random_codes(20, 101, seed=1)
    made, _, _ = with_shuffles(codes, folds=3, seed=1)
    assert made.shape == (40, 101)
    assert (made[20:] != codes).any(axis=1).all()
