"""Means and bootstrap bands, by hand and against scipy."""

import numpy as np
import pytest

from regplug.data.measure.bands import band

scipy_stats = pytest.importorskip("scipy.stats")


def test_a_band_by_hand():
    """Of two rows, a quarter of the draws are (1, 1), a quarter (3, 3), the others mean 2."""
    values = np.array([[1, 5, np.nan, np.nan], [3, 5, 7, np.nan]], np.float32)
    found = band(values)
    np.testing.assert_array_equal(found.mean, [2, 5, 7, np.nan])
    np.testing.assert_array_equal(found.low, [1, 5, 7, np.nan])
    np.testing.assert_array_equal(found.high, [3, 5, 7, np.nan])
    np.testing.assert_array_equal(found.rows, [2, 2, 1, 0])


def test_a_band_is_scipys():
    """Over 40 positions, as draws are random; a band of 90 % would end 0.04 nearer."""
    values = np.random.default_rng(1).exponential(size=(60, 40)).astype(np.float32)
    found = band(values)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=2000, rng=0
    ).confidence_interval
    assert np.mean(found.low - theirs.low) == pytest.approx(0, abs=0.01)
    assert np.mean(found.high - theirs.high) == pytest.approx(0, abs=0.01)
    np.testing.assert_array_equal(found.low, band(values).low)


def test_many_columns_are_as_few_are():
    """They are drawn in pieces, with the same rows in each."""
    values = np.random.default_rng(2).normal(size=(5, 9000)).astype(np.float32)
    of_all, of_last = band(values), band(values[:, 8999:])
    for together, alone in zip(of_all, of_last, strict=True):
        np.testing.assert_allclose(together[8999:], alone)
