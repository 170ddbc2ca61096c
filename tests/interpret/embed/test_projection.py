"""Pictures of hidden layers: against linear algebra, and of sequences that differ on purpose."""

import numpy as np
import pytest

from regplug.errors import SequenceError
from regplug.genome.codes import encode
from regplug.interpret.embed.projection import NO_LABEL, pca, project, silhouette
from regplug_deepbind.graph import hidden_graph
from tests.plugins.deepbind.test_graph import opened, random_codes, run, toy

pytest.importorskip("sklearn")

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("units", [2, 5, 80])
def test_pca_is_the_singular_value_decomposition(units):
    values = RANDOM.normal(size=(60, units)).astype(np.float32) * np.linspace(1, 3, units)
    components, shares = pca(values, 50)
    left, singular, _ = np.linalg.svd(values - values.mean(0), full_matrices=False)
    count = min(50, units)
    assert components.shape == (60, count)
    np.testing.assert_allclose(np.abs(components), np.abs(left * singular)[:, :count], atol=1e-9)
    np.testing.assert_allclose(shares, (singular**2 / (singular**2).sum())[:count])


@pytest.mark.slow
def test_one_unit():
    values = np.arange(6, dtype=np.float32)[:, None]
    components, shares = pca(values, 50)
    np.testing.assert_allclose(np.abs(components[:, 0]), np.abs(values[:, 0] - 2.5))
    assert (components[:, 1].tolist(), shares.tolist()) == ([0] * 6, [1, 0])
    assert np.isfinite(project(values, most=6).tsne).all()


def planted(word: str, seed: int) -> np.ndarray:
    """Return 40 random sequences of 30 bases, each with the word somewhere."""
    codes, random = random_codes(seed, 40, 30), np.random.default_rng(seed)
    for row in codes:
        start = random.integers(30 - len(word))
        row[start : start + len(word)] = encode(word)
    return codes


def neighbours_agree(points: np.ndarray, labels: np.ndarray) -> float:
    """Return how often most of a point's 5 nearest others have its label (two labels, 0 and 1)."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = labels[np.argsort(apart, axis=1)[:, :5]]
    return float(((nearest.mean(axis=1) > 0.5) == labels).mean())


@pytest.mark.slow
def test_two_planted_words_make_two_clusters():
    words = ("TGACTCAGCA", "GATAAGATTC")
    network = toy(
        detectors=np.stack([np.eye(4)[encode(word)] for word in words], axis=2).astype(np.float32),
        thresholds=np.array([-2, -2], np.float32),
        weights1=np.ones((2, 1), np.float32),
        reverse_complement=True,
    )
    codes = np.concatenate([planted(word, seed) for seed, word in enumerate(words)])
    labels = np.repeat([0, 1], 40)
    projection = project(run(opened(hidden_graph(network)), codes), most=80)
    assert (projection.pca.shape, projection.tsne.shape) == ((80, 2), (80, 2))
    assert projection.perplexity == pytest.approx(79 / 3)
    for points in (projection.pca, projection.tsne):
        assert neighbours_agree(points, labels) > 0.95
        assert neighbours_agree(points, RANDOM.permutation(labels)) < 0.8  # so it can fail


@pytest.mark.slow
def test_the_same_again_and_no_more_than_asked_for():
    units = RANDOM.normal(size=(40, 3)).astype(np.float32)
    first, again = project(units, most=15, seed=1), project(units, most=15, seed=1)
    np.testing.assert_array_equal(first.tsne, again.tsne)
    np.testing.assert_array_equal(first.drawn, again.drawn)
    assert len(set(first.drawn)) == len(first.tsne) == 15
    assert (np.diff(first.drawn) > 0).all()
    assert first.pca.shape == (40, 2)
    assert first.drawn.tolist() != project(units, most=15, seed=2).drawn.tolist()


def test_silhouette():
    """By hand: at 0, 0 | 4, 4 each point is 0 from its own and 4 from the others: (4 - 0) / 4."""
    points = np.array([[0, 0], [0, 0], [4, 0], [4, 0], [9, 9.0]])
    assert silhouette(points, ["a", "a", "b", "b", NO_LABEL]) == 1
    assert silhouette(points[:4], ["a"] * 4) is None
    assert silhouette(points[:4], list("abcd")) is None
    assert silhouette(points[:4], [NO_LABEL] * 4) is None


def test_nothing_to_draw():
    with pytest.raises(SequenceError, match="4 sequences: it takes 5"):
        project(np.eye(4, dtype=np.float32), most=10)
    with pytest.raises(SequenceError, match="the same for all 6 sequences"):
        project(np.ones((6, 3), np.float32), most=10)
