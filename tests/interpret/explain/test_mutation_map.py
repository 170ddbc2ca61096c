"""Mutation maps: both papers' formulas by hand, and the very numbers of `regplug annotate`."""

import numpy as np
import pytest

from regplug.genome.codes import encode
from regplug.genome.variant import Interval
from regplug.interpret.explain.mutation_map import BASES, MutationMap, mutation_maps
from regplug.models.embedded import regplug_open_backend
from regplug.scoring.adapter import FieldOptions, VariantEffect
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import Model
from tests.toy_genomes import random_letters

NAN = np.nan


@pytest.fixture
def model(toy_repo):
    """Return a maker of opened models: `model("centre")`."""
    opened = []

    def make(name):
        backend = regplug_open_backend(str(toy_repo), name, BackendOptions(threads=1))
        opened.append(backend)
        return Model(backend, VariantEffect(), FieldOptions())

    yield make
    for backend in opened:
        backend.close()


def test_a_map_by_hand(model, genome_of):
    """The model reads the base in the middle alone: A C G T = 1 2 4 8."""
    genome = genome_of(chr1="T" * 30 + "ACGNT" + "T" * 30)
    (made,) = mutation_maps(model("centre"), genome, Interval("chr1", 30, 35))
    assert made.interval == Interval("chr1", 30, 35)
    assert made.codes.tolist() == [0, 1, 2, 4, 3]
    assert made.score == 4  # G, the middle base
    np.testing.assert_array_equal(
        made.differences,
        [[0, 1, 3, 7], [-1, 0, 2, 6], [-3, -2, 0, 4], [NAN] * 4, [-7, -6, -4, 0]],
    )
    np.testing.assert_array_equal(made.scores, [1, 2, 4, NAN, 8])
    np.testing.assert_array_equal(made.loss, [0, 1, 3, NAN, 7])
    np.testing.assert_array_equal(made.gain, [7, 6, 4, NAN, 0])
    # DeepBind: C to A is (1 - 2) * max(0, 1, 2); G to A (1 - 4) * 4; T to A (1 - 8) * 8
    np.testing.assert_array_equal(made.height, [0, 2, 12, NAN, 56])
    np.testing.assert_array_equal(made.weighted[1], [-2, 0, 2 * 4, 6 * 8])
    assert not np.signbit(made.loss[0])


def test_what_neither_binds_weighs_nothing():
    differences = np.array([[0, 1, -2, 5]], np.float32)
    made = MutationMap(Interval("c", 0, 1), encode("A"), -3.0, differences)
    np.testing.assert_array_equal(made.weighted, [[0, 0, 0, 5 * 2]])
    assert made.height.tolist() == [0]
    assert made._replace(score=1.0).height.tolist() == [2]  # -2 * max(0, -1, 1)


def test_a_map_is_longer_than_window_and_batch(model, genome_of):
    """A change of one G or C into A or T takes one from the number of G and C around."""
    letters = random_letters(BASES + 100, seed=1)
    seen = []
    made, twice = mutation_maps(
        *(model("gc"), genome_of(c=letters), Interval("c", 20, BASES + 80)), progress=seen.append
    )
    strong = np.array([0, 1, 1, 0])
    np.testing.assert_array_equal(made.differences, strong - strong[made.codes][:, None])
    np.testing.assert_array_equal(twice.differences, 2 * made.differences)
    assert sum(seen) == BASES + 60


def test_unknown_bases_take_the_score_with_them(model, genome_of):
    """Three of 21 bases are over a tenth."""
    genome = genome_of(c="A" * 40 + "NNN" + "A" * 40)
    (made, _) = mutation_maps(model("gc"), genome, Interval("c", 0, 83))
    without = np.isnan(made.differences).all(axis=1)
    assert np.flatnonzero(without).tolist() == list(range(41 - 10 + 1, 41 + 10))
    np.testing.assert_array_equal(np.isnan(made.loss), without)
