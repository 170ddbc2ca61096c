"""Bins agree with scikit-learn, intervals with Wilson's formula, errors with a sum by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from regplug.data.measure.calibration import calibrate


@pytest.mark.parametrize("high", [1.0, 0.3])
def test_bins_are_scikit_learn_s(high):
    rng = np.random.default_rng(1)
    probabilities = np.append(rng.uniform(0, high, 500), np.linspace(0, 1, 11)).astype(np.float32)
    bound = (rng.random(511) < probabilities**2).astype(np.uint8)
    found = calibrate(bound, probabilities)
    there = found.sites > 0
    observed, predicted = calibration_curve(bound, probabilities, n_bins=10)
    np.testing.assert_allclose(found.observed[there], observed)
    np.testing.assert_allclose(found.predicted[there], predicted, rtol=1e-6)
    assert found.sites.sum() == 511
    assert np.isnan(found.predicted[~there]).all()


def test_an_error_by_hand():
    found = calibrate(np.array([0, 1, 1, 1]), np.array([0.02, 0.08, 0.85, 1.0]))
    assert found.sites.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    # 0.05 predicted and 1 of 2 open; 0.85 and 1 open, both of 1
    assert found.error == pytest.approx((2 * 0.45 + 0.15 + 0) / 4)


def test_intervals_are_wilson_s():
    z2 = 1.959964**2
    low, high = calibrate(np.zeros(10), np.full(10, 0.05)).interval()
    assert (low[0], high[0]) == pytest.approx((0, z2 / (10 + z2)), abs=1e-5)
    low, high = calibrate(np.repeat([0, 1], 50), np.full(100, 0.95)).interval()
    half = (z2 / 400 + z2**2 / 40_000) ** 0.5 / (1 + z2 / 100)
    assert (low[9], high[9]) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)
    assert np.isnan(low[:9]).all()
