"""Figures of a test are those worked out by hand, or by scikit-learn."""

import msgspec
import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from regplug.data.measure.metrics import auroc_interval, pearson, roc_band
from regplug.data.sets.training import Scale, TrainingSet
from regplug.train.deepbind.measure import OF_BRIGHT, ON_INTENSITIES, figures
from tests.toy_runs import CARD


def probes(over, medians, scale):
    """Return a set whose intensities over `medians` are `over`."""
    card = msgspec.structs.replace(
        CARD, form="intensities", kind="regression", positives=None, scale=scale, rows=len(over)
    )
    n = len(over)
    targets = ((np.array(over) - scale.mean) / scale.deviation).astype(np.float32)
    codes = np.zeros((n, 20), np.uint8)
    return TrainingSet(codes, targets, np.zeros(n, np.uint8), card, np.array(medians, np.float32))


def scale(mean, deviation):
    return Scale("a", True, 100, 9.0, mean, deviation)


def test_intensities_by_hand():
    # Measured 10 * (1, 4, 0); the scores say 2 + (0, 1, -1), which makes 20, 60, 40. Deviations
    # from the means 50/3 and 40 are (-20, 70, -50) / 3 and (-20, 20, 0): r = 600 / √(7800/9 · 800).
    tested = probes([1, 2, 0], [10, 20, 40], scale(mean=1, deviation=0.5))
    scores = np.array([0, 1, -1], np.float32)
    found = figures(tested, scores, scale(mean=2, deviation=1))
    assert list(found) == ["Pearson correlation", ON_INTENSITIES]
    assert found["Pearson correlation"].value == pytest.approx(1)
    assert found[ON_INTENSITIES].value == pytest.approx(600 / (7800 / 9 * 800) ** 0.5)


def test_bright_probes_by_hand():
    # 19 probes of intensity 1 and one of 101, which is √19 > 4 deviations above the mean of 6.
    # Three of the 19 are predicted brighter: an AUC of 16/19.
    tested = probes([1] * 19 + [101], [1] * 20, scale(mean=6, deviation=475**0.5))
    scores = np.array([3] * 3 + [1] * 16 + [2], np.float32)
    found = figures(tested, scores, scale(mean=0, deviation=1))
    assert found[OF_BRIGHT].value == pytest.approx(16 / 19)


def test_fewer_probes_cannot_be_bright():
    tested = probes([1] * 15 + [101], [1] * 16, scale(mean=7.25, deviation=1))
    assert OF_BRIGHT not in figures(tested, np.arange(16, dtype=np.float32), scale(0, 1))


def test_constant_scores_correlate_with_nothing():
    assert pearson(np.arange(5), np.ones(5)) == 0


@pytest.fixture(params=[None, 1], ids=["no ties", "ties"])
def scored(request):
    rng = np.random.default_rng(3)
    bound = np.arange(90) < 40
    scores = rng.normal(size=90) + bound
    return bound, scores if request.param is None else scores.round(request.param - 1)


def test_bootstraps_are_scikit_learns(scored, monkeypatch):
    monkeypatch.setattr("regplug.data.measure.metrics.BOOTSTRAPS", 50)
    bound, scores = scored
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(bound), np.flatnonzero(~bound)]
    drawn = []
    for _ in range(50):
        rows = np.concatenate([rng.choice(part, len(part)) for part in classes])
        drawn.append(roc_auc_score(bound[rows], scores[rows]))
    expected = [roc_auc_score(bound, scores), *np.percentile(drawn, [2.5, 97.5])]
    assert auroc_interval(bound, scores) == pytest.approx(expected)


def test_the_band_holds_the_curve_and_the_interval(scored):
    bound, scores = scored
    rates = np.linspace(0, 1, 501)
    low, high = roc_band(bound, scores, rates)
    false, true, _ = roc_curve(bound, scores)
    curve = np.interp(rates, false, true)
    assert (low <= curve + 1e-12).all()
    assert (curve <= high + 1e-12).all()
    interval = auroc_interval(bound, scores)
    assert auc(rates, low) < interval.low < interval.high < auc(rates, high)


def test_the_band_of_separated_scores_has_no_width():
    bound = np.arange(20) < 10
    low, high = roc_band(bound, -np.arange(20.0), np.linspace(0, 1, 11))
    assert (low == 1).all()
    assert (high == 1).all()
