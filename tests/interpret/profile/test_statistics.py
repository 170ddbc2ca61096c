"""Tests, against other programs and by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from regplug.interpret.profile.scores import Layout
from regplug.interpret.profile.statistics import compare

scipy_stats = pytest.importorskip("scipy.stats")

LAYOUT = Layout(flank=4, exon=1, window=2, step=2)


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
