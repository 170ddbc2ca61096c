"""How far two models agree: by hand, and as scipy has it; which targets are the same."""

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.interpret.compare.agreement import agreement, outliers, side
from regplug.interpret.compare.shared import Shared, shared_targets
from regplug.scoring.card import ModelCard, Target

scipy_stats = pytest.importorskip("scipy.stats")

NAN = np.nan


def sides(one, other, spreads=(1.0, 1.0)):
    pairs = zip((one, other), spreads, strict=True)
    return [side(np.array(values, np.float32), spread) for values, spread in pairs]


def test_correlations_are_scipys():
    """With ties, as effects of 0 are."""
    rng = np.random.default_rng(0)
    one = np.round(rng.normal(size=200), 1)
    other = np.round(one + rng.normal(size=200), 1)
    found = agreement(*sides(one, other))
    assert found.spearman == pytest.approx(scipy_stats.spearmanr(one, other).statistic)
    assert found.pearson == pytest.approx(scipy_stats.pearsonr(one, other).statistic, abs=1e-6)
    theirs = scipy_stats.bootstrap(
        (scipy_stats.rankdata(one), scipy_stats.rankdata(other)),
        lambda x, y: scipy_stats.pearsonr(x, y).statistic, paired=True, vectorized=False,
        method="percentile", n_resamples=2000, rng=0,
    ).confidence_interval  # fmt: skip
    assert found.low == pytest.approx(theirs.low, abs=0.02)
    assert found.high == pytest.approx(theirs.high, abs=0.02)


def test_whatever_rises_alike_agrees():
    one = [-3.0, -1, 0, 2, 5]
    found = agreement(*sides(one, np.exp(one)))
    assert (found.n, found.spearman, found.high) == (5, pytest.approx(1), pytest.approx(1))
    assert agreement(*sides(one, [-value for value in one])).spearman == pytest.approx(-1)


def test_what_is_large_in_both_and_goes_the_same_way():
    """In units of 1 and 2: rows 0 and 1 are large in both, and row 0 goes the same way."""
    found = agreement(*sides([3, 3, 3, 0.5], [5, -5, 1.5, 9], spreads=(1.0, 2.0)))
    assert (found.large, found.same_sign) == (2, 0.5)
    assert np.isnan(agreement(*sides([0.1, 0.2, 0.3], [1, 2, 3])).same_sign)


def test_what_has_no_score_is_left_out():
    found = agreement(*sides([1, 2, 3, NAN, 9], [1, 2, 3, 4, NAN]))
    assert (found.n, found.spearman) == (3, pytest.approx(1))


@pytest.mark.parametrize("other", [[2, 2, 2, 2], [1, NAN, NAN, 2]])
def test_a_constant_or_too_few_have_none(other):
    found = agreement(*sides([1, 2, 3, 4], other))
    assert np.isnan([found.spearman, found.low, found.pearson]).all()


def test_outliers_are_those_that_differ_most_in_units():
    one, other = sides([4, 0, 1, NAN, 0], [0, 10, 10, 5, 0], spreads=(1.0, 10.0))
    assert outliers(one, other, 2) == [0, 1]  # 4 - 0, 0 - 1; 1 - 1 is none
    assert outliers(one, other, 9) == [0, 1]


def test_without_a_spread_the_unit_is_the_deviation():
    values = np.array([1, 3, NAN], np.float32)
    assert side(values, None).unit == 1
    assert side(values, 4.0).unit == 4
    assert side(np.zeros(3, np.float32), None).unit == 1


def card(name, *targets):
    return ModelCard(
        name=name, version="1", family="toy", window=9, targets=targets, strand="none",
        output_scale="score", max_batch_size=1, sha256="",
    )  # fmt: skip


def target(label, **about):
    return Target(label, 1.0, about=about)


def test_targets_of_the_same_thing():
    first = card(
        "a", target("K", cell="K562", assay="DNase-seq"), target("G", cell="GM12878"),
        target("plain"), target("own"),
    )  # fmt: skip
    second = card(
        "b", target("x", cell="k562", assay="DNASE-seq"), target("K", cell="K562", assay="ATAC"),
        target("plain"), target("G", protein="P", cell="GM12878"),
    )  # fmt: skip
    assert shared_targets(first, second) == [
        Shared(0, 0, "K = x"),
        Shared(2, 2, "plain"),
    ]


def test_of_several_the_one_of_the_same_label():
    about = {"cell": "HepG2", "assay": "DNase-seq"}
    first = card("a", target("one", **about), target("HepG2", **about))
    second = card("b", target("two", **about), target("HepG2", **about))
    assert [pair[:2] for pair in shared_targets(first, second)] == [(0, 0), (1, 1)]
    second = card("b", target("HepG2", **about))
    assert [pair[:2] for pair in shared_targets(first, second)] == [(1, 0)]


def test_pairs_that_are_asked_for():
    first, second = card("a", target("T0"), target("T1")), card("b", target("U"))
    assert shared_targets(first, second, ["T1=U", "T1=U"]) == [Shared(1, 0, "T1 = U")]
    with pytest.raises(ModelError, match=r"a and b have no target in common .* --pair T0=U"):
        shared_targets(first, second)
    with pytest.raises(ModelError, match="T1 is no pair"):
        shared_targets(first, second, ["T1"])
    with pytest.raises(ModelError, match="b has no target V"):
        shared_targets(first, second, ["T1=V"])
