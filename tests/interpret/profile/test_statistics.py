"""Bands and tests, against other programs and by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from regplug.interpret.profile.scores import Layout
from regplug.interpret.profile.statistics import band, compare

scipy_stats = pytest.importorskip("scipy.stats")

LAYOUT = Layout(flank=4, exon=1, window=2, step=2)


def test_a_band_by_hand():
    """Of two exons, a quarter of the draws are (1, 1), a quarter (3, 3), the others mean 2."""
    values = np.array([[1, 5, np.nan, np.nan], [3, 5, 7, np.nan]], np.float32)
    found = band(values)
    np.testing.assert_array_equal(found.mean, [2, 5, 7, np.nan])
    np.testing.assert_array_equal(found.low, [1, 5, 7, np.nan])
    np.testing.assert_array_equal(found.high, [3, 5, 7, np.nan])
    np.testing.assert_array_equal(found.exons, [2, 2, 1, 0])


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


def sides(up, down):
    return {"upstream": np.array(up, np.float32), "downstream": np.array(down, np.float32)}


def test_compare_by_hand():
    """Positions upstream -4 to 0, downstream -1 to 3; a mean over two bases each."""
    low, high = [0, 1, 2], [10, 20, 30]
    flat = [[5] * 5] * 3
    control = sides(flat, [[9, each, each, 5, 5] for each in low])
    group = sides(flat, [[0, each - 1, each + 1, 5, 5] for each in high])
    first, *others = sorted(compare({"g": group, "c": control}, "c", LAYOUT), key=lambda t: t.p)
    assert first[:8] == ("g", "downstream", 0, 2, 3, 3, 20, 1)
    assert (first.auc, first.p) == (1, pytest.approx(2 / 20))  # the most extreme of 6! / (3! 3!)
    assert first.q == pytest.approx(4 * 2 / 20)  # the smallest of four
    assert [(t.side, t.start, t.end) for t in others] == [
        ("upstream", -4, -2),
        ("upstream", -2, 0),
        ("downstream", 2, 4),
    ]
    assert all((t.auc, t.p, t.q) == (0.5, 1, 1) for t in others)


def test_compare_is_scikit_learns_auc():
    random = np.random.default_rng(0)
    control = sides(*random.normal(size=(2, 50, 5)))
    groups = {f"g{i}": sides(*random.normal(i / 2, size=(2, 30, 5))) for i in range(3)}
    tests = compare({"c": control} | groups, "c", LAYOUT)
    assert [test.group for test in tests] == ["g0"] * 4 + ["g1"] * 4 + ["g2"] * 4
    for test in tests:
        at = test.start + (4 if test.side == "upstream" else 1)
        ours, theirs = (
            each[test.side][:, at : at + 2].mean(axis=1) for each in (groups[test.group], control)
        )
        truth = [1] * 30 + [0] * 50
        assert test.auc == pytest.approx(roc_auc_score(truth, np.concatenate([ours, theirs])))
    ranked = sorted(tests, key=lambda test: test.p)
    for rank, test in enumerate(ranked, start=1):  # Benjamini and Hochberg 1995, by its definition
        q = min(1, *(later.p * 12 / k for k, later in enumerate(ranked[rank - 1 :], start=rank)))
        assert test.q == pytest.approx(q)
