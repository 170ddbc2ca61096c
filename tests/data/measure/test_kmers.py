"""Words are counted as by hand, and the regression is scikit-learn's on them."""

from itertools import product

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from regplug.data.measure import kmers
from regplug.data.measure.kmers import PENALTY, WORDS, fit_words, word_counts
from regplug.data.sites.sites import Sites
from regplug.errors import DataError
from regplug.genome.codes import decode, encode, reverse_complement
from tests.data.sites.toy_sites import write_sites


def literal_counts(codes):
    """Return the counts of each word, the lesser of a word and its reverse complement."""
    other = str.maketrans("ACGT", "TGCA")
    names = ["".join(letters) for letters in product("ACGT", repeat=6)]
    joined = sorted({min(name, name[::-1].translate(other)) for name in names})
    place = {name: at for at, name in enumerate(joined)}
    table = np.zeros((len(codes), len(joined)), int)
    for row, letters in zip(table, map(decode, codes), strict=True):
        for at in range(len(letters) - 5):
            word = letters[at : at + 6]
            if "N" not in word:
                row[place[min(word, word[::-1].translate(other))]] += 1
    return table


def test_words(random_codes):
    codes = random_codes(20, 70, seed=1, unknown=0.05)
    codes[0, :40] = encode("A" * 40)
    assert WORDS == 2080
    np.testing.assert_array_equal(word_counts(codes), literal_counts(codes))
    np.testing.assert_array_equal(word_counts(codes), word_counts(reverse_complement(codes)))
    assert word_counts(codes[:, :5]).sum() == 0


@pytest.fixture
def planted(tmp_path, random_codes):
    """Write sites that are open where a word stands, of part train and test; return their path."""
    codes = random_codes(900, 80, seed=2)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 900)
    for row in np.flatnonzero(labels):
        for at in (5, 40):
            word = encode("TGACTC")
            codes[row, at : at + 6] = reverse_complement(word) if rng.random() < 0.5 else word
    partly = np.where(rng.random(900) < 0.4, 255, labels)
    targets = {"all": labels, "partly": partly, "never": np.zeros(900, int)}
    return write_sites(tmp_path / "s.h5", codes, targets, ["train"] * 600 + ["test"] * 300)


@pytest.mark.parametrize("together", [7, 1024])
def test_as_scikit_learn_on_the_same_words(planted, monkeypatch, together):
    monkeypatch.setattr(kmers, "TOGETHER", together)
    with Sites(planted) as sites:
        words = fit_words(sites, [1, 0, 2])
        batch = sites.read(0, 900)
    found = words.scores(batch.codes[600:])
    assert words.rows == 600
    features = np.log1p(literal_counts(batch.codes))
    scaler = StandardScaler().fit(features[:600])
    features[:] = scaler.transform(features)
    for column, target in ((0, 1), (1, 0)):
        known = np.flatnonzero(batch.targets[:600, target] != 255)
        model = LogisticRegression(C=PENALTY, max_iter=1000, tol=1e-6)
        model.fit(features[known], batch.targets[known, target])
        expected = model.decision_function(features[600:])
        np.testing.assert_allclose(found[:, column], expected, atol=0.01)
        assert roc_auc_score(batch.targets[600:, 0], found[:, column]) > 0.9
    assert np.isnan(found[:, 2]).all()


def test_a_part_of_many_tiles(planted, monkeypatch):
    monkeypatch.setattr(kmers, "ROWS", 400)
    with Sites(planted) as sites:
        words, again = fit_words(sites, [0]), fit_words(sites, [0])
        batch = sites.read(600, 900)
    assert words.rows == 400
    np.testing.assert_array_equal(words.weights, again.weights)
    assert roc_auc_score(batch.targets[:, 0], words.scores(batch.codes)[:, 0]) > 0.9


def test_nothing_to_train_on(tmp_path):
    with (
        Sites(write_sites(tmp_path / "s.h5", ["ACGTACGT"], {"x": [1]})) as sites,
        pytest.raises(DataError, match="no tiles to train on"),
    ):
        fit_words(sites, [0])
