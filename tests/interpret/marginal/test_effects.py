"""Effects of motifs: toys by hand, and tangermeme."""

import numpy as np
import pytest

from regplug.errors import MotifError, SequenceError
from regplug.genome.codes import decode, encode
from regplug.interpret.marginal.backgrounds import random_backgrounds, shuffled_backgrounds
from regplug.interpret.marginal.effects import (
    SHARES,
    Scorer,
    along,
    background,
    by_gc,
    check_fits,
    curve_sequences,
    marginal,
    middle,
)
from regplug.interpret.marginal.pairs import ORDERS, check_gaps, pair_sequences, spaced
from regplug.motifs.sites import site_of_letters
from regplug.scoring.effects import EFFECTS

GATA, CACC = site_of_letters("GATA"), site_of_letters("CACC")


class Counter:
    """Scores a sequence by how often each of some texts is in it; counts the sequences too."""

    def __init__(self, *texts):
        self.texts, self.seen = texts, 0

    def __call__(self, codes):
        letters = [decode(row) for row in codes]
        return np.array([[row.count(text) for text in self.texts] for row in letters], np.float32)

    @property
    def scorer(self):
        return Scorer(self, EFFECTS["diff"], self._see)

    def _see(self, sequences):
        self.seen += sequences


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def empty():
    """Return 20 backgrounds of T alone: no motif of the tests is in them, nor begins there."""
    return np.full((20, 60), 3, np.uint8)


def test_a_counter_counts_one_more(empty):
    scorer = Counter("GATA", "CACC").scorer
    found = marginal(GATA, background(empty, scorer), scorer)
    np.testing.assert_array_equal(found.effect.mean, [1, 0])
    np.testing.assert_array_equal(found.effect.low, [1, 0])
    np.testing.assert_array_equal(found.control.mean, [0, 0])  # no other order of it is GATA
    np.testing.assert_array_equal(found.above.mean, [1, 0])


def test_a_site_without_another_order_has_no_control(empty):
    scorer = Counter("AAA").scorer
    found = marginal(site_of_letters("AAA"), background(empty, scorer), scorer)
    assert found.effect.mean == [1]
    assert np.isnan([found.control.mean, found.above.mean]).all()


def test_an_interval_is_over_the_backgrounds(empty):
    """Half of them have the site already, so the changes are 0 and 1: of 20, 5 to 15 mean 0.5."""
    at = empty.copy()
    at[:10, 28:32] = encode("GATA")
    scorer = Counter("GATA").scorer
    found = marginal(GATA, background(at, scorer), scorer)
    assert found.effect.mean == [0.5]
    # The bootstrap's means are binomial: 2.5 and 97.5 % of Binomial(20, 1/2) are 6 and 14.
    np.testing.assert_allclose([found.effect.low, found.effect.high], [[0.3], [0.7]], atol=0.051)


def test_a_place_that_a_model_looks_at(empty):
    """It counts a site at column 10 alone."""

    def predict(codes):
        return np.array([[decode(row)[10:14] == "GATA"] for row in codes], np.float32)

    scorer = Scorer(predict, EFFECTS["diff"])
    curve = along(GATA, background(empty, scorer), scorer)
    assert curve.at.tolist() == list(range(57))
    assert curve.effect.effect.mean[:, 0].tolist() == [float(at == 10) for at in range(57)]


def test_places_are_as_far_apart_as_need_be():
    scorer = Counter("GATA").scorer
    at = background(np.full((2, 604), 3, np.uint8), scorer)
    curve = along(GATA, at, scorer)
    assert curve.at.tolist() == list(range(0, 601, 10))
    assert (curve.effect.effect.mean == 1).all()


def test_a_share_of_g_and_c_by_hand():
    """The model is 0 where over half of the bases are G or C, else it counts GATA."""

    def predict(codes):
        poor = np.isin(codes, (1, 2)).mean(axis=1) <= 0.5
        return Counter("GATA")(codes) * poor[:, None].astype(np.float32)

    scorer = Scorer(predict, EFFECTS["diff"])
    curve = by_gc(GATA, 40, 400, scorer)
    assert tuple(curve.at) == SHARES
    mean = curve.effect.effect.mean[:, 0]
    assert mean[0] == pytest.approx(1, abs=0.1)
    assert mean[SHARES.index(0.7)] == mean[SHARES.index(0.8)] == 0


def test_random_backgrounds_have_the_share(rng):
    for gc in (0.2, 0.41, 0.8):
        codes = random_backgrounds(200, 500, gc, rng)
        assert np.isin(codes, (1, 2)).mean() == pytest.approx(gc, abs=0.01)
        assert (codes == 0).mean() == pytest.approx((1 - gc) / 2, abs=0.01)


def test_shuffles_keep_dinucleotides_and_leave_out_unknown_bases(rng):
    real = rng.integers(0, 4, (3, 50)).astype(np.uint8)
    unknown = np.full((1, 50), 4, np.uint8)
    made = shuffled_backgrounds(np.concatenate([unknown, real]), 6, rng)

    def pairs(row):
        return tuple(np.bincount(row[:-1] * 4 + row[1:], minlength=16))

    assert sorted(map(pairs, made)) == sorted([pairs(row) for row in real] * 2)
    assert not any((row == other).all() for row in made for other in real)
    with pytest.raises(SequenceError, match="each of the 1 sequences has unknown bases"):
        shuffled_backgrounds(unknown, 2, rng)


def test_effects_that_add_up_have_nothing_beyond(rng):
    """A weight per column and base: two sites side by side do what each does."""
    weights = rng.normal(size=(60, 4)).astype(np.float32)

    def predict(codes):
        return weights[np.arange(60), codes].sum(axis=1, keepdims=True).astype(np.float32)

    scorer = Scorer(predict, EFFECTS["diff"])
    at = background(random_backgrounds(10, 60, 0.5, rng), scorer)
    pair = spaced(GATA, site_of_letters("CANNTG"), range(8), at, scorer)
    np.testing.assert_allclose(pair.beyond.mean, 0, atol=1e-5)
    np.testing.assert_allclose(pair.control.mean, 0, atol=1e-5)
    assert np.abs(pair.joint.mean).max() > 0.5


@pytest.mark.parametrize("order", range(len(ORDERS)))
def test_a_pair_at_the_one_gap_and_order_that_a_model_knows(order, empty):
    text = ["GATATTTCACC", "GATATTTGGTG", "CACCTTTGATA", "GGTGTTTGATA"][order]
    scorer = Counter("GATA", text).scorer
    pair = spaced(GATA, CACC, range(6), background(empty, scorer), scorer)
    expected = np.zeros((4, 6))
    expected[order, 3] = 1
    np.testing.assert_array_equal(pair.beyond.mean[:, :, 1], expected)
    np.testing.assert_array_equal(pair.joint.mean[:, :, 1], expected)
    assert (pair.joint.mean[:, :, 0] == 1).all()
    assert (pair.beyond.mean[:, :, 0] == 0).all()
    assert (pair.control.mean == 0).all()


def test_sequences_are_counted_beforehand(empty):
    counter = Counter("GATA")
    at = background(empty, counter.scorer)
    along(GATA, at, counter.scorer)
    by_gc(GATA, 20, 60, counter.scorer)
    assert counter.seen == 20 + curve_sequences(GATA, 60, 20)
    counter.seen = 0
    spaced(GATA, CACC, range(3), at, counter.scorer)
    assert counter.seen == pair_sequences(range(3), 20)


def test_what_does_not_fit_is_named():
    check_fits([GATA], 4, "m")
    with pytest.raises(MotifError, match="GATA has 4 positions, and m reads 3 bases"):
        check_fits([GATA], 3, "m")
    check_gaps(GATA, CACC, range(5), 20, "m")
    with pytest.raises(MotifError, match=r"CACC ends outside the 20 bases .* gaps of 4 at most"):
        check_gaps(GATA, CACC, range(6), 20, "m")
    with pytest.raises(MotifError, match="GATA and CACC do not fit into the 11 bases"):
        check_gaps(GATA, CACC, range(1), 11, "m")
    with pytest.raises(MotifError, match="CACC would overlap GATA at a gap of -2"):
        check_gaps(GATA, CACC, range(-2, 3), 20, "m")


@pytest.mark.parametrize(("first", "second", "window"), [(4, 5, 31), (5, 4, 30), (6, 6, 19)])
def test_a_pair_is_inside_where_it_is_said_to_fit(first, second, window):
    """The model counts G: at the largest gap all of both motifs is there, on either side."""
    sites = [site_of_letters("G" * width) for width in (first, second)]
    room = min(middle(first, window), window - middle(first, window) - first) - second
    gaps = range(room + 1)
    check_gaps(*sites, gaps, window, "m")
    with pytest.raises(MotifError, match="outside"):
        check_gaps(*sites, range(room + 2), window, "m")
    scorer = Counter("G").scorer
    at = background(np.full((2, window), 3, np.uint8), scorer)
    pair = spaced(*sites, gaps, at, scorer)
    assert pair.joint.mean[[0, 2], -1, 0].tolist() == [first + second] * 2


def test_tangermeme_has_the_same_effects(rng):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("tangermeme.marginalize").marginalize
    space = pytest.importorskip("tangermeme.space").space
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv1d(4, 8, 7), torch.nn.ReLU(), torch.nn.AdaptiveMaxPool1d(1),
        torch.nn.Flatten(), torch.nn.Linear(8, 3),
    ).eval()  # fmt: skip

    def one_hot(codes):
        return torch.from_numpy((codes[:, None] == np.arange(4)[:, None]).astype(np.float32))

    def predict(codes):
        with torch.no_grad():
            return model(one_hot(codes)).numpy()

    scorer = Scorer(predict, EFFECTS["diff"])
    at = background(random_backgrounds(16, 61, 0.5, rng), scorer)
    for letters in ("TGACTCA", "GATNNCAG", "CACGTG"):
        before, after = theirs(model, one_hot(at.codes), letters, device="cpu")
        ours = marginal(site_of_letters(letters), at, scorer)
        np.testing.assert_allclose(
            ours.effect.mean, (after - before).mean(dim=0).numpy(), atol=1e-5
        )
    start = middle(4, 61)
    gaps = range(0, 12, 3)
    found = spaced(GATA, CACC, gaps, at, scorer)
    before, after = space(
        model, one_hot(at.codes), ["GATA", "CACC"], [[gap] for gap in gaps], start=start,
        device="cpu",
    )  # fmt: skip
    theirs_joint = (after - before[:, None]).mean(dim=0).numpy()
    np.testing.assert_allclose(found.joint.mean[0], theirs_joint, atol=1e-5)
