"""Scores and p-values of a motif, against all sequences, and against memelite's FIMO."""

from itertools import product

import numpy as np
import pytest

from regplug.motifs.motif import Motif
from regplug.motifs.scan import BIN, bins_of, log_odds, p_value, scores_in


def random_motif(seed, width):
    return Motif(str(seed), np.random.default_rng(seed).dirichlet([0.4] * 4, width))


def test_scores_on_both_strands():
    bits = log_odds(Motif("ACG", np.eye(4)[[0, 1, 2]]))
    high, low = np.log2(4 * (1 + 1e-4)), np.log2(4e-4)
    scores = scores_in(np.array([[0, 1, 2], [1, 2, 3], [0, 0, 0]]), bits)  # ACG, CGT, AAA
    expected = [[3 * high, 3 * low, high + 2 * low], [3 * low, 3 * high, 3 * low]]
    np.testing.assert_allclose(scores, expected)


@pytest.mark.parametrize("seed", range(5))
def test_p_values_count_all_sequences(seed):
    """Of the 4,096 words of six bases, each one's p is the share that has as many bins."""
    bits = log_odds(random_motif(seed, 6))
    whole = np.round(bits / BIN)
    words = np.array(list(product(range(4), repeat=6)))
    of_all = whole[np.arange(6), words].sum(axis=1)
    for score in np.random.default_rng(seed).choice(of_all, 20):
        assert p_value(bits, int(score)) == pytest.approx((of_all >= score).mean(), rel=1e-12)
    assert p_value(bits, int(of_all.min()) - 5) == pytest.approx(1)


def test_the_best_sequence_has_a_p():
    """Each position's 1.94 bits are 19 bins, and six of them 116 > 6 × 19: p is that of a word."""
    frequencies = np.full((6, 4), 0.0139)
    frequencies[:, 2] = 1 - 3 * 0.0139
    bits = log_odds(Motif("G6", frequencies))
    (best, _) = bins_of(scores_in(np.full((1, 6), 2), bits))[:, 0]
    assert best > np.round(bits / BIN).max(axis=1).sum()
    assert p_value(bits, int(best)) == pytest.approx(4.0**-6)


@pytest.mark.slow
def test_scores_and_p_values_are_memelite_s():
    fimo = pytest.importorskip("memelite").fimo
    codes = np.random.default_rng(7).integers(4, size=60)
    motifs = [random_motif(seed, width) for seed, width in enumerate([5, 9, 14, 21])]
    one_hot = (codes == np.arange(4)[:, None]).astype(np.int8)[None]
    tables = fimo({one.name: one.frequencies.T for one in motifs}, one_hot, threshold=1.1)
    for motif, table in zip(motifs, tables, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(codes, motif.width)
        bits = log_odds(motif)
        scores = scores_in(windows, bits)
        assert len(table) == scores.size
        for strand, of_strand in zip("+-", scores, strict=True):
            theirs = table[table["strand"] == strand].sort_values("start")
            np.testing.assert_allclose(of_strand, theirs["score"], atol=1e-9)
            p = [p_value(bits, score) for score in bins_of(of_strand).tolist()]
            np.testing.assert_allclose(p, theirs["p-value"], rtol=1e-9)
