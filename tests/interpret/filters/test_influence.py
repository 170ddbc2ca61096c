"""Influence of filters, worked out by hand."""

from math import exp, log, sqrt

import numpy as np
import pytest

from regplug.errors import SequenceError
from regplug.genome.codes import encode
from regplug.interpret.filters.influence import measure
from regplug.interpret.filters.layer import FirstLayer
from tests.toy_filters import basset_words, card_of, turned_words

# Filters that are 1 at A, C and G; the last is used by no target.
LETTERS = ["A", "C", "G"]
CODES = np.stack([encode(one) for one in ("AAC", "GGC", "TGA", "ACC")])


def layer_of(last, pool):
    model = basset_words(LETTERS, last, width=3, pool=pool)
    return FirstLayer(model, card_of(model, window=3, targets=len(last)), threads=1)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def test_a_filter_that_is_pooled():
    """A target's logit is 2 if the strand has an A; T1's is 1 if it has a C.

    Forward A A C . G G C . T G A . A C C; reverse G T T . G C C . T C A . G G T.
    """
    last = np.zeros((2, 3, 1))
    last[0, 0], last[1, 1] = 2, 1
    found = measure(layer_of(last, 3), CODES)
    # A is at 5 of 24 places (AA, A, A; A), C at 7 (C, C, CC; CC, C). Strands with an A: 3 + 1 of 8,
    # with a C: 3 + 2 of 8.
    a, c = 5 / 24, 7 / 24
    logits = np.array([[2, 0, 4, 2], [1, 2, 1, 1]]) / 2  # mean of the strands
    variance = logits.var(axis=1, ddof=1)
    expected = np.zeros((3, 2))
    expected[0, 0] = (logits[0].mean() - 2 * a) / variance[0]
    expected[1, 1] = (logits[1].mean() - c) / variance[1]
    np.testing.assert_allclose(found.targets, expected, atol=1e-6)
    assert (found.targets[2] == 0).all()  # exactly: no target reads it
    np.testing.assert_allclose(found.overall, (expected**2).mean(axis=1), rtol=1e-5)
    moved = sqrt(np.square(logits[0] - 2 * a).mean() / variance[0])
    assert found.moved[0, 0] == pytest.approx(moved, rel=1e-5)
    assert found.moved[0, 1] == 0
    assert found.loss is None


def test_where_all_is_linear_the_mean_tells_nothing():
    """Without pool and rectifier a mean in, a mean out; but single sequences do move."""
    last = np.zeros((1, 3, 3))
    last[0, 0] = 1
    found = measure(layer_of(last, 1), CODES)
    np.testing.assert_allclose(found.targets, 0, atol=1e-6)
    assert found.moved[0, 0] == pytest.approx(sqrt(3 / 4), rel=1e-5)  # (n - 1) / n of the variance


def test_the_loss():
    """Cross-entropy of the mean of the strands' probabilities, per sequence."""
    last = np.zeros((2, 3, 1))
    last[0, 0], last[1, 1] = 2, 1
    labels = np.array([[1, 0], [0, 1], [1, 1], [1, 1]], np.uint8)
    found = measure(layer_of(last, 3), CODES, labels)
    strands = [(2, 0), (0, 0), (2, 2), (2, 0)]  # logits of T0, forward and reverse
    with_it = [(sigmoid(one) + sigmoid(other)) / 2 for one, other in strands]
    without = sigmoid(2 * 5 / 24)
    rise = 0.0
    for before, label in zip(with_it, labels[:, 0], strict=True):
        rise += log(before if label else 1 - before) - log(without if label else 1 - without)
    assert found.loss[0] == pytest.approx(rise / 4, rel=1e-5)
    assert found.loss[2] == 0


def test_a_target_that_never_differs_has_no_influence():
    last = np.zeros((2, 3, 1))
    last[0, 0] = 2
    found = measure(layer_of(last, 3), CODES)
    assert np.isnan(found.targets[:, 1]).all()
    np.testing.assert_allclose(found.overall, found.targets[:, 0] ** 2)


def test_members_count_apart():
    model = turned_words(["GATTACA"], width=20, members=2)
    card = card_of(model, window=20, targets=1, output_scale="score")
    codes = np.random.default_rng(0).integers(0, 4, (50, 20), dtype=np.uint8)
    told = []
    layer = FirstLayer(model, card, threads=1)
    found = measure(layer, codes, progress=lambda *step: told.append(step))
    assert found.targets.shape == (2, 1)
    assert found.targets[0] == pytest.approx(found.targets[1], rel=1e-4)
    assert found.targets[0] != 0
    assert told[-1] == (100, 100)


def test_sequences_that_tell_nothing():
    layer = layer_of(np.ones((1, 3, 1)), 3)
    with pytest.raises(SequenceError, match="two sequences or more"):
        measure(layer, CODES[:1])
    with pytest.raises(SequenceError, match="all sequences have the same scores"):
        measure(layer, CODES[[0, 0]])
