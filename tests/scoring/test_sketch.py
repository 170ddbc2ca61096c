import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from regplug.scoring.sketch import (
    ranks,
    rarity_among_others,
    share_among_others,
    sidak,
    sketch,
)


def counted(numbers, x):
    """Return (1 + numbers >= x) / (1 + numbers), by counting."""
    return (1 + sum(number >= x for number in numbers)) / (1 + len(numbers))


def test_ranks_are_dense_at_the_top():
    kept = ranks(5000)
    assert kept[:6].tolist() == [1, 2, 3, 4, 6, 8]
    assert kept[-1] == 5000
    assert np.diff(kept).max() <= 500
    assert len(kept) < 45
    assert ranks(3).tolist() == [1, 2, 3]


@given(
    st.lists(st.integers(-500, 500), min_size=20, max_size=300, unique=True),
    st.integers(-510, 510),
)
def test_a_share_is_near_what_counting_says(numbers, x):
    found = sketch(np.array(numbers, float))
    share = found.share(np.array([float(x)]))[0]
    assert 0 < share <= 1
    kept = found.values.tolist()
    if x in kept or x >= kept[3] or x < min(numbers):
        assert share == pytest.approx(counted(numbers, x))
    # A number between two that are kept has a share between theirs.
    above, below = [v for v in kept if v > x], [v for v in kept if v < x]
    assert not above or share >= counted(numbers, min(above)) - 1e-9
    assert not below or share <= counted(numbers, max(below)) + 1e-9


def test_shares_and_rarities_by_hand():
    found = sketch(np.array([4.0, 1.0, 3.0, 2.0]))
    x = np.array([0.5, 1, 2, 3, 4, 5, np.nan])
    shares = [1, 1, 4 / 5, 3 / 5, 2 / 5, 1 / 5, np.nan]
    assert found.share(x) == pytest.approx(shares, nan_ok=True)
    rarities = found.rarity(x)
    assert rarities[1:5] == pytest.approx(-np.log([4 / 5, 3 / 5, 2 / 5, 1 / 5]))
    # Above all: the slope is that of ln(rank), from the fourth (the last) to the fourth; none.
    assert rarities[5] == pytest.approx(np.log(5) + 1)


def test_many_equal_numbers():
    found = sketch(np.r_[np.zeros(60), np.arange(1.0, 41)])
    shares = found.share(np.array([0.0, 0.001, 40.0, 41.0]))
    assert shares == pytest.approx([1, 41 / 101, 2 / 101, 1 / 101], rel=0.05)
    same = sketch(np.zeros(30))
    assert same.share(np.array([0.0, 1.0])) == pytest.approx([1, 1 / 31])
    assert same.rarity(np.array([1.0]))[0] > np.log(30)


def test_the_tail_goes_on_exponentially():
    numbers = np.random.default_rng(0).exponential(2.0, 20_000)
    found = sketch(numbers)
    assert found.slope == pytest.approx(0.5, rel=0.3)  # of exp(-x / 2)
    beyond = found.values[0] + np.array([0.0, 2.0, 4.0])
    assert np.diff(found.rarity(beyond)) == pytest.approx(2 * found.slope)


@given(st.lists(st.integers(0, 30), min_size=3, max_size=60))
def test_among_others_a_number_is_as_a_new_one(numbers):
    numbers = np.array(numbers, float)
    found = rarity_among_others(numbers, slope=0.5)
    shares = share_among_others(numbers)
    for index, number in enumerate(numbers):
        others = np.delete(numbers, index)
        assert shares[index] == pytest.approx(counted(others, number))
        above, at_least = (others > number).sum(), (others >= number).sum()
        size = len(numbers) + 1
        if at_least > above:  # equal to others: its rank is theirs
            assert found[index] == pytest.approx(-np.log(at_least / size))
        elif above == 0:
            excess = number - others.max()
            assert found[index] == pytest.approx(np.log(size) + 0.5 * excess)
        else:  # between two of the others
            assert -np.log((above + 1) / size) - 1e-9 <= found[index]
            assert found[index] <= -np.log(above / size) + 1e-9


def test_new_numbers_have_uniform_shares():
    rng = np.random.default_rng(1)
    for draw in (rng.normal, rng.lognormal, rng.exponential):
        found = sketch(draw(size=50_000))
        assert kstest(found.share(draw(size=5000)), "uniform").pvalue > 0.01


def test_sidak():
    p = np.array([0.01, 0.5, 1.0])
    assert sidak(p, 1) == pytest.approx(p)
    assert sidak(p, 3) == pytest.approx(1 - (1 - p) ** 3)
