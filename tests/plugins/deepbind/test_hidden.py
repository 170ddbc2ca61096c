"""The hidden layer of a network: by hand, and against the independent scorer."""

from dataclasses import replace

import numpy as np
import pytest

from regplug_deepbind.graph import hidden_graph
from tests.plugins.deepbind.reference import score
from tests.plugins.deepbind.test_graph import PANEL, encode, opened, random_codes, run, toy

# Two filters, for AC and for GG; a sub-window is 3 bases. AC counts 2, GG counts 1.
PAIR = toy(
    detectors=np.array([[[1, 0], [0, 0], [0, 1], [0, 0]], [[0, 0], [1, 0], [0, 1], [0, 0]]]),
    thresholds=np.array([-1, -1], np.float32),
    weights1=np.array([[2], [1]], np.float32),
)


@pytest.mark.parametrize(
    ("sequence", "both", "expected"),
    [
        ("AC", False, [1, 0]),
        ("GG", False, [0, 1]),
        ("GGTACT", False, [1, 0]),  # the sub-windows of AC score more than those of GG
        ("ACGG", False, [1, 0.25]),  # ACG: G, then an unknown base of padding
        ("ACTCC", True, [1, 0]),  # GG is on the other strand, and scores less
        ("GTTGG", True, [1, 0]),  # AC is on the other strand, and scores more
        ("TTTT", False, [0, 0]),
    ],
)
def test_units_of_the_winner(sequence, both, expected):
    network = replace(PAIR, reverse_complement=both)
    units = run(opened(hidden_graph(network)), encode(sequence))
    np.testing.assert_allclose(units, [expected], atol=1e-6)


@pytest.mark.parametrize("index", range(len(PANEL)))
@pytest.mark.parametrize("length", [1, 4, 9, 20])
def test_the_last_layer_makes_the_scores(index, length):
    network, codes = PANEL[index], random_codes(index, 12, length)
    units = run(opened(hidden_graph(network)), codes)
    assert units.shape == (12, network.units)
    weights = network.weights1[:, 0] if network.weights2 is None else network.weights2
    bias = network.biases1[0] if network.weights2 is None else network.bias2
    np.testing.assert_allclose(units @ weights + bias, score(network, codes), atol=1e-5, rtol=1e-5)
    assert (units >= 0).all()
