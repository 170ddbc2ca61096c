"""Words planted as filters come back as motifs, from either strand and at their place."""

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.genome.codes import encode, reverse_complement
from regplug.interpret.filters.layer import FirstLayer
from regplug.interpret.filters.motifs import FEWEST, filter_motifs, names
from regplug.motifs.matches import jaspar, match
from tests.toy_filters import basset_filters, basset_words, card_of, turned_words

WIDTH = 40
WORD = "GATTACA"


def sequences(n, *, seed=0, unknown=0.0):
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (n, WIDTH), dtype=np.uint8)
    codes[random.random(codes.shape) < unknown] = 4
    for row in codes[: n // 2]:  # the word near either end and inside, on either strand
        for at in (0, 16, WIDTH - len(WORD)):
            planted = encode(WORD)
            row[at : at + len(WORD)] = (
                planted if random.random() < 0.5 else reverse_complement(planted)
            )
    return codes


def occurrences(codes, word):
    """Return how often a word is in the sequences, on either strand."""
    wanted = [encode(word).tolist(), reverse_complement(encode(word)).tolist()]
    places = range(WIDTH - len(word) + 1)
    return sum(row[at : at + len(word)].tolist() in wanted for row in codes for at in places)


def models():
    last = np.ones((1, 2, 34 // 2))
    same = np.ones((1, 2, WIDTH // 2))
    silent = "CCCCCCC"
    yield basset_words([WORD, silent], last, width=WIDTH, pool=2), {}
    yield basset_words([WORD, silent], same, width=WIDTH, pool=2, form="same"), {}
    yield turned_words([WORD, silent], width=WIDTH), {"output_scale": "score"}


@pytest.mark.parametrize("at", [0, 1])
def test_a_planted_word(at):
    """Every occurrence counts once, with a base more everywhere."""
    model, changes = list(models())[at]
    codes = sequences(60)
    n = occurrences(codes, WORD)
    assert n > 80
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1, **changes), threads=1)
    (member,) = filter_motifs(layer, codes)
    motif, bits = member[0]
    assert (motif.consensus(), motif.sites) == (WORD, n)
    high, low = (n + 1) / (n + 4), 1 / (n + 4)
    expected = np.full((7, 4), low)
    expected[np.arange(7), encode(WORD)] = high
    np.testing.assert_allclose(motif.frequencies, expected)
    assert bits == pytest.approx(7 * (2 + high * np.log2(high) + 3 * low * np.log2(low)))


def near(codes, word, missing):
    """Return the windows (k, 7) with up to `missing` other letters than the word's, either way.

    A window that is as near in both directions is taken as it stands.
    """
    windows = np.lib.stride_tricks.sliding_window_view(codes, len(word), axis=1).reshape(-1, 7)
    forward = (windows == encode(word)).sum(1)
    other = (reverse_complement(windows) == encode(word)).sum(1)
    best = np.maximum(forward, other)
    chosen = np.where((forward >= other)[:, None], windows, reverse_complement(windows))
    return chosen[best >= len(word) - missing]


def test_a_filter_that_reads_both_directions():
    """Answers are numbers of letters, so the threshold lies between two of them."""
    model = turned_words([WORD, "CCCCCCC"], width=WIDTH, members=2)
    card = card_of(model, window=WIDTH, targets=1, output_scale="score")
    layer = FirstLayer(model, card, threads=1)
    codes = sequences(60)
    first, second = filter_motifs(layer, codes)
    wanted = near(codes, WORD, 2)  # 5 letters of 7: above the mean of 3.0 and half of the way to 7
    motif, _ = first[0]
    assert (motif.consensus(), motif.sites) == (WORD, len(wanted))
    counts = np.stack([(wanted == base).sum(0) for base in range(4)], 1) + 1.0
    np.testing.assert_allclose(motif.frequencies, counts / (len(wanted) + 4))
    np.testing.assert_array_equal(second[0][0].frequencies, motif.frequencies)
    assert names(layer.members) == ["1.0", "1.1", "2.0", "2.1"]


def test_turned_filters_see_each_strand_alike():
    model = turned_words([WORD], width=WIDTH)
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1, output_scale="score"))
    codes = sequences(40)
    here, there = (filter_motifs(layer, one)[0][0][0] for one in (codes, reverse_complement(codes)))
    assert here.sites == there.sites
    assert here.consensus() == there.consensus() == WORD


def test_an_unknown_base_is_a_quarter_of_each():
    """GANTACA is as near GATTACA as a filter of GA.TACA can tell."""
    model = basset_words(["GANTACA"], np.ones((1, 1, 34)), width=WIDTH, pool=1)
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1), threads=1)
    codes = np.full((20, WIDTH), 1, np.uint8)
    codes[:, 10:17] = encode("GATTACA")
    codes[:5, 12] = 4
    motif, _ = filter_motifs(layer, codes)[0][0]
    assert motif.sites == 20
    np.testing.assert_allclose(motif.frequencies[2], np.array([2.25, 2.25, 2.25, 17.25]) / 24)


def test_few_sites_say_nothing():
    model, changes = next(models())
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1, **changes), threads=1)
    codes = np.full((FEWEST, WIDTH), 2, np.uint8)  # G: C on the other strand
    codes[: FEWEST - 1, 5:12] = encode(WORD)
    (few, none), (silent, zero) = filter_motifs(layer, codes)[0]
    assert (few.sites, few.width, none) == (FEWEST - 1, 0, 0)
    assert silent.sites > 100  # CCCCCCC is on every other strand
    high, low = (silent.sites + 1) / (silent.sites + 4), 1 / (silent.sites + 4)
    assert zero == pytest.approx(7 * (2 + high * np.log2(high) + 3 * low * np.log2(low)))
    codes[-1, 5:12] = encode(WORD)
    (enough, bits), _ = filter_motifs(layer, codes)[0]
    assert (enough.sites, enough.consensus(), bits > 0) == (FEWEST, WORD, True)


def test_a_background():
    model, changes = next(models())
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1, **changes), threads=1)
    codes = np.tile(encode("C" * 10 + WORD + "C" * 23), (5000, 1))
    (_, bits), _ = filter_motifs(layer, codes, gc=0.4)[0]
    # GATTACA: two of G and C at log2(1 / 0.2) bits, five of A and T at log2(1 / 0.3)
    assert bits == pytest.approx(2 * np.log2(5) + 5 * np.log2(1 / 0.3), abs=0.1)


def test_progress_ends():
    model, changes = next(models())
    layer = FirstLayer(model, card_of(model, window=WIDTH, targets=1, **changes), threads=1)
    told = []
    filter_motifs(layer, sequences(50), progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1] == (100, 100)


def test_models_of_any_length_are_refused():
    model, _ = next(models())
    card = card_of(model, window=None, targets=1)
    with pytest.raises(ModelError, match="filters of words cannot be looked at: it scans"):
        FirstLayer(model, card)


@pytest.mark.slow
def test_a_known_motif_is_found_again():
    """A filter of CTCF's log odds, in random sequences with a site drawn from the matrix each."""
    pytest.importorskip("memelite")
    known = jaspar()
    (ctcf,) = (one for one in known.motifs if one.name == "MA0139.2")
    odds = np.log2((ctcf.frequencies + 0.01) / 1.04 / 0.25)
    width, random = 60, np.random.default_rng(0)
    codes = random.integers(0, 4, (400, width), dtype=np.uint8)
    for row in codes:
        site = np.array([random.choice(4, p=share) for share in ctcf.frequencies], np.uint8)
        at = random.integers(0, width - ctcf.width)
        row[at : at + ctcf.width] = site if random.random() < 0.5 else reverse_complement(site)
    bias = np.array([-0.3 * odds.max(axis=1).sum()])
    model = basset_filters(odds.T[None], bias, np.ones((1, 1, 1)), width=width, pool=40)
    layer = FirstLayer(model, card_of(model, window=width, targets=1), threads=1)
    motif, bits = filter_motifs(layer, codes)[0][0]
    assert motif.sites > 200
    assert bits > 10
    found = match([motif], known)
    assert known.motifs[found.ranked(0)[0]].also in ("CTCF", "CTCFL")
    assert found.like(0)
    assert found.q[0].min() < 1e-4
