"""Frequencies, information and trimming, worked out by hand."""

import numpy as np
import pytest

from regplug.genome.codes import encode
from regplug.motifs.motif import Motif, count_bases, information, motif_of, trimmed

A, FLAT = [1.0, 0.0, 0.0, 0.0], [0.25] * 4
HALF = [0.5, 0.5, 0.0, 0.0]


def test_counts_take_an_unknown_base_for_a_quarter_of_each():
    counts = count_bases(np.stack([encode("AC"), encode("AG"), encode("NC")]))
    np.testing.assert_array_equal(counts, [[2.25, 0.25, 0.25, 0.25], [0, 2, 1, 0]])


def test_information():
    np.testing.assert_allclose(information(np.array([A, HALF, FLAT])), [2, 1, 0])
    # 2 + .7 log2 .7 + 3 * .1 log2 .1
    np.testing.assert_allclose(
        information(np.array([[0.7, 0.1, 0.1, 0.1]])), [0.6432203], atol=1e-7
    )


def test_information_against_a_background():
    """Of 40 % G and C: a sure A is one of 0.3, a sure G one of 0.2, the background itself 0."""
    rows = np.array([A, [0, 0, 1.0, 0], [0.3, 0.2, 0.2, 0.3]])
    np.testing.assert_allclose(
        information(rows, gc=0.4), [np.log2(1 / 0.3), np.log2(5), 0], atol=1e-12
    )


def test_a_motif_of_counts_has_the_pseudocount():
    motif = motif_of("m", np.array([[3.0, 0, 0, 0], [0, 2.0, 1.0, 0]]), 3)
    expected = np.array([[3.0001, 1e-4, 1e-4, 1e-4], [1e-4, 2.0001, 1.0001, 1e-4]]) / 3.0004
    np.testing.assert_allclose(motif.frequencies, expected)
    assert (motif.name, motif.sites, motif.width) == ("m", 3, 2)
    assert motif.consensus() == "AC"


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([FLAT, A, FLAT, HALF, FLAT], [A, FLAT, HALF]),  # what lies between stays
        ([A, A], [A, A]),
        ([FLAT, [0.4, 0.2, 0.2, 0.2]], []),  # 0.078 bits, below 0.1
        ([A, [0.5, 1 / 6, 1 / 6, 1 / 6]], [A, [0.5, 1 / 6, 1 / 6, 1 / 6]]),  # 0.208, above 0.2
        ([A, [0.48, 0.52 / 3, 0.52 / 3, 0.52 / 3]], [A]),  # 0.177: over 0.1, below a tenth of 2
        ([], []),
    ],
)
def test_trimming(rows, kept):
    got = trimmed(np.array(rows).reshape(-1, 4))
    np.testing.assert_array_equal(got, np.array(kept).reshape(-1, 4))


def test_clarity_is_information_times_sites():
    assert Motif("m", np.array([A, HALF, FLAT]), 5).clarity == pytest.approx((2 + 1 + 0) * 5)
    assert motif_of("m", np.zeros((5, 4)), 0).clarity == 0


def test_nothing_was_seen():
    motif = motif_of("m", np.zeros((5, 4)), 0)
    assert (motif.width, motif.consensus(), motif.information.sum()) == (0, "", 0)


def test_consensus():
    motif = Motif("m", np.array([A, HALF, [0.0, 0.1, 0.3, 0.6]]))
    assert (motif.consensus(), motif.consensus("ACGU")) == ("ANT", "ANU")
