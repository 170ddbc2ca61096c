import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regplug.genome.variant import Status
from regplug.scoring.effects import EFFECTS, Scores, most_extreme, stronger

SOME = arrays(np.float32, (3, 2), elements=st.floats(0, 1, width=32))


def array(*rows):
    return np.array(rows, np.float32)


@given(SOME, SOME)
def test_differences_change_sign_when_ref_and_alt_swap(ref, alt):
    for name in ("diff", "logit", "log2fc"):
        forth, back = EFFECTS[name](ref, alt), EFFECTS[name](alt, ref)
        np.testing.assert_allclose(forth, -back, atol=1e-5)


@given(SOME)
def test_no_change_is_exactly_zero(ref):
    for name in ("diff", "logit", "log2fc"):
        assert not EFFECTS[name](ref, ref).any()


def test_by_hand():
    ref, alt = array([0.5, 0.2]), array([0.8, 0.1])
    np.testing.assert_allclose(EFFECTS["diff"](ref, alt), [[0.3, -0.1]], atol=1e-6)
    logits = [[np.log(4), np.log(1 / 9) - np.log(1 / 4)]]
    np.testing.assert_allclose(EFFECTS["logit"](ref, alt), logits, atol=1e-5)
    np.testing.assert_allclose(EFFECTS["log2fc"](ref, alt), [[np.log2(1.6), -1]], atol=1e-5)
    assert EFFECTS["ref"](ref, alt) is ref
    assert EFFECTS["alt"](ref, alt) is alt


def test_logarithms_are_never_infinite():
    ref, alt = array([0, 1]), array([1, 0])
    assert np.isfinite(EFFECTS["logit"](ref, alt)).all()
    assert np.isfinite(EFFECTS["log2fc"](ref, alt)).all()


def test_logarithms_stop_at_1e_7():
    """By hand: logit(1e-7) = -ln(1e7 - 1); a probability of 0 or 1 counts as 1e-7 from it."""
    ref, alt = array([0, 1e-9]), array([1, 0.5])
    ends = np.log(1e7 - 1)
    np.testing.assert_allclose(EFFECTS["logit"](ref, alt), [[2 * ends, ends]], rtol=1e-6)
    np.testing.assert_allclose(EFFECTS["log2fc"](ref, alt), [[np.log2(1e7), np.log2(5e6)]])
    close = np.float32([[0.999999]]), np.float32([[0.9999991]])  # 1 - p is 1.0e-6 and 0.9e-6
    exact = [np.log(float(p[0, 0]) / (1 - float(p[0, 0]))) for p in close]
    np.testing.assert_allclose(EFFECTS["logit"](*close), [[exact[1] - exact[0]]], rtol=1e-6)


def test_missing_stays_missing():
    nothing = array([np.nan, np.nan])
    assert all(np.isnan(effect(nothing, nothing)).all() for effect in EFFECTS.values())


def test_most_extreme_is_relative_to_the_spread():
    differences = array([1, -3, 2], [1, -0.1, 0.1], [np.nan, np.nan, np.nan])
    assert most_extreme(differences, array(1, 1, 1)).tolist() == [1, 0, -1]
    assert most_extreme(differences, array(0.1, 1, 1)).tolist() == [0, 0, -1]


def test_stronger_takes_the_larger_change_per_target():
    plus = Scores(array([0, 0], [1, 1]), array([1, -2], [1, 1]), [Status.OK, Status.OK])
    minus = Scores(array([0, 5], [2, 2]), array([-3, 6], [2, 3]), [Status.OK, Status.OK])
    both = stronger(plus, minus)
    assert (both.alt - both.ref).tolist() == [[-3, -2], [0, 1]]


@pytest.mark.parametrize("swap", [False, True])
def test_stronger_takes_the_strand_that_has_a_score(swap):
    nan = np.nan
    one = Scores(array([0, 0]), array([0, 0]), [Status.OK])
    none = Scores(array([nan, nan]), array([nan, nan]), [Status.NO_TRANSCRIPT])
    both = stronger(*((none, one) if swap else (one, none)))
    assert both.status == [Status.OK]
    assert both.ref.tolist() == [[0, 0]]


def test_stronger_is_ok_where_one_strand_is():
    """Of an even window one strand's may be mostly N, and the other's just not."""
    scored = Scores(array([1]), array([2]), [Status.OK])
    unknown = Scores(array([np.nan]), array([np.nan]), [Status.MOSTLY_N])
    for both in (stronger(scored, unknown), stronger(unknown, scored)):
        assert (both.status, both.alt.tolist()) == ([Status.OK], [[2]])
    assert stronger(unknown, unknown).status == [Status.MOSTLY_N]


def test_stronger_takes_plus_of_a_tie():
    """A>T in a run of A is its own mirror image: both strands change by as much, up to rounding."""
    plus = Scores(array([1, 2000]), array([2, 2100]), [Status.OK])
    minus = Scores(array([2, 2100]), array([1 - 1e-5, 2000 - 0.05]), [Status.OK])
    both = stronger(plus, minus)
    assert (both.alt - both.ref).tolist() == [[1, 100]]
    minus = Scores(array([2, 2100]), array([1 - 1e-3, 1999]), [Status.OK])
    assert (stronger(plus, minus).alt - plus.ref < 0).all()


def test_stronger_without_any_score():
    nothing = array([np.nan])
    none = Scores(nothing, nothing, [Status.NO_TRANSCRIPT])
    assert stronger(none, none).status == [Status.NO_TRANSCRIPT]
    assert np.isnan(stronger(none, none).ref).all()
