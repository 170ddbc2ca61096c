"""Metrics agree with scikit-learn and scipy, and their intervals with theory."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from regplug.data.measure import metrics


@pytest.fixture
def ranked():
    rng = np.random.default_rng(1)
    bound = np.arange(300) < 100
    return bound, np.round(rng.normal(size=300) + bound, 1).astype(np.float32)  # with ties


def test_an_auc_of_four():
    assert metrics.auroc(np.array([1, 1, 0, 0]), np.array([3.0, 1.0, 2.0, 1.0])) == 0.625


def test_every_bootstrap_is_an_auc(ranked, monkeypatch):
    """With the same draws, scikit-learn gives the same figures."""
    bound, scores = ranked
    monkeypatch.setattr(metrics, "BOOTSTRAPS", 20)
    interval = metrics.auroc_interval(bound, scores, seed=3)
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(20):
        parts = [rng.choice(scores[bound == label], (bound == label).sum()) for label in (1, 0)]
        drawn.append(roc_auc_score(np.repeat([1, 0], [100, 200]), np.concatenate(parts)))
    assert interval.value == pytest.approx(roc_auc_score(bound, scores))
    assert (interval.low, interval.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))


def test_areas_of_four():
    bound, scores = np.array([1, 1, 0, 0]), np.array([4.0, 2.0, 3.0, 1.0])
    auroc, auprc = metrics.ranking_intervals(bound, scores, bootstraps=0)
    assert auroc.value == 3 / 4
    assert auprc.value == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert np.isnan([*auroc[1:], *auprc[1:]]).all()


def test_every_bootstrap_has_both_areas(ranked):
    """With the same draws, scikit-learn gives the same figures."""
    bound, scores = ranked
    intervals = metrics.ranking_intervals(bound, scores, bootstraps=20, seed=3)
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(20):
        parts = [rng.choice(scores[bound == label], (bound == label).sum()) for label in (1, 0)]
        both = np.repeat([1, 0], [100, 200]), np.concatenate(parts)
        drawn.append((roc_auc_score(*both), average_precision_score(*both)))
    expected = np.percentile(drawn, [2.5, 97.5], axis=0).T
    np.testing.assert_allclose([interval[1:] for interval in intervals], expected)


def test_the_interval_of_an_auc_is_hanley_and_mcneil_s(ranked):
    """Their standard error (1982): from the AUC and the counts alone."""
    bound, scores = ranked
    value, low, high = metrics.auroc_interval(bound, scores)
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + 99 * (q1 - value**2) + 199 * (q2 - value**2)
    error = (variance / (100 * 200)) ** 0.5
    assert (high - low) / (2 * 1.96) == pytest.approx(error, rel=0.15)


def test_the_interval_of_a_correlation_is_fisher_s():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    value, low, high = metrics.pearson_interval(x, x + rng.normal(size=400))
    expected = np.tanh(np.arctanh(value) + np.array([-1.96, 1.96]) / 397**0.5)
    assert (low, high) == pytest.approx(tuple(expected), abs=0.02)
