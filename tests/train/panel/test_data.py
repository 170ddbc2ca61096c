"""What a panel's epoch holds and how much each part counts; AUCs worked out by hand."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.deepbind_results import as_aucs, difference, published_aucs, published_table
from regplug.data.sites.windows import random_pieces
from regplug.genome.codes import reverse_complement
from regplug.train.panel.data import Mixture, PanelSource, join_bound
from regplug.train.panel.metrics import negatives_aucs

BASES = 80


def test_peaks_of_one_place_are_near_on_either_strand(random_codes):
    place = random_codes(1, 2 * BASES, seed=1)[0]
    one = random_codes(3, BASES, seed=2)
    one[1] = place[:BASES]
    other = random_codes(3, BASES, seed=3)
    for shift, near in ((30, True), (31, False)):
        other[2] = reverse_complement(place[shift : shift + BASES])  # shares 80 - shift bases
        bound = join_bound([one, other], strongest=2)
        assert bound.factor.tolist() == [0, 0, 1, 1]
        assert bound.near[:, 1].tolist() == [False, near, True, True]  # row 2 is not used, but near


def test_an_epoch(random_codes):
    windows = [random_codes(1, 300, seed=seed)[0] for seed in (5, 6)]
    sets = [random_codes(8, BASES, seed=1), random_codes(2, BASES, seed=2)]
    sets[1][1] = sets[0][3]
    mixture = Mixture(
        shuffles=0.5,
        pieces=7,
        bound=6,
        own_shuffle=9,
        other_bound=0.5,
        other_shuffle=0.25,
        genome=2,
    )
    panel = PanelSource(join_bound(sets, 10), windows, mixture)
    codes, targets, weights = panel.draw(np.random.default_rng(1))
    assert len(codes) == panel.size == 10 + 5 + 7
    heavy = np.sqrt(5 / np.array([8, 2]))  # 5 peaks a factor on average
    assert targets[:10].tolist() == [[1, 0]] * 8 + [[0, 1]] * 2
    assert not targets[10:].any()
    np.testing.assert_allclose(weights[:3], [[6 * heavy[0], 0.5]] * 3, rtol=1e-6)
    np.testing.assert_allclose(weights[3], [6 * heavy[0], 0])  # masked: also a peak of the other
    np.testing.assert_allclose(weights[8:10], [[0.5, 6 * heavy[1]], [0, 6 * heavy[1]]], rtol=1e-6)
    for row, weight in zip(codes[10:15], weights[10:15], strict=True):
        same = [(np.bincount(row) == np.bincount(codes[i])).all() for i in range(10)]
        if sum(same) > 1:
            continue  # a shuffle of 3 or of 9
        factor = int(np.argmax(same) >= 8)
        assert weight[factor] == pytest.approx(9 * heavy[factor])
        assert weight[1 - factor] == pytest.approx(0.25)
    assert (weights[15:] == 2).all()
    places = np.concatenate([sliding_window_view(one, BASES) for one in windows])
    assert all((places == row).all(1).any() for row in codes[15:])
    assert (panel.draw(np.random.default_rng(1)).codes == codes).all()
    assert (panel.draw(np.random.default_rng(2)).codes[10:] != codes[10:]).any()


def test_pieces_hold_no_unknown_base(random_codes):
    window = random_codes(1, 500, seed=1)[0]
    window[250:400] = 4
    pieces = random_pieces([window], 50, width=40, rng=np.random.default_rng(0))
    assert pieces.shape == (50, 40)
    assert (pieces < 4).all()


def test_aucs_by_hand():
    """A sequence's score is its first code, and its second; windows are of A alone."""
    bound = {
        "X": np.array([[3, 0, 0], [1, 0, 0]], np.uint8),
        "Y": np.array([[2, 1, 0], [0, 1, 0]], np.uint8),
    }
    shuffled = {"X": np.array([[1, 0, 0], [0, 0, 0]], np.uint8), "Y": bound["Y"]}
    aucs = negatives_aucs(
        lambda codes: codes[:, :2].astype(np.float32),
        bound,
        [np.zeros(9, np.uint8)],
        shuffled=shuffled,
    )
    # X: 3 > 1, 3 > 0, 1 = 1, 1 > 0; 3 > 2, 3 > 0, 1 < 2, 1 > 0; Y: 1 = 1 four times; 1 > 0
    assert aucs["X"] == {"shuffled": 3.5 / 4, "other_tfs": 3 / 4, "genome": 1.0}
    assert aucs["Y"] == {"shuffled": 0.5, "other_tfs": 1.0, "genome": 1.0}
    assert aucs["mean"] == {"shuffled": 5.5 / 8, "other_tfs": 7 / 8, "genome": 1.0}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("way", ["whole", pytest.param("scan", marks=pytest.mark.nightly)])
def test_the_published_columns_come_out_again(data, way):
    chip, genome = data / "encode_chip", data / "hg38_windows"
    table = published_table(chip / "published_models_auc.tsv")
    files = (chip, genome / "windows.fa.gz", genome / "split.tsv")
    aucs = published_aucs(data / "deepbind_v011", table, way, *files)
    told = as_aucs(table, way)
    for row in table:
        assert aucs[row["tf"]] == pytest.approx(told[row["tf"]], abs=1.1e-4)
    assert "at most 0.0" in difference(aucs, told)
