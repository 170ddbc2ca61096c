"""Areas of bootstraps over blocks are scikit-learn's of the rows that were drawn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from regplug.data.measure.blocks import block_areas, blocks_of, draw_blocks

tiles = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=40
)


@given(tiles)
def test_as_scikit_learn_has_them_of_the_drawn_rows(rows):
    opened, scores, blocks = np.array(rows).T
    draws = draw_blocks(5, 6, seed=1)
    assert (draws.sum(axis=1) == 5).all()
    areas = block_areas(opened.astype(np.uint8), scores.astype(np.float32), blocks, draws)
    if len(set(opened.tolist())) < 2:
        assert np.isnan(areas.values).all()
        return
    assert areas.values[0] == roc_auc_score(opened, scores)
    assert areas.values[1] == average_precision_score(opened, scores)
    for drawn, counts in zip(areas.drawn, draws, strict=True):
        again = np.repeat(np.arange(len(rows)), counts[blocks])
        if len(set(opened[again].tolist())) < 2:
            assert np.isnan(drawn).all()
        else:
            np.testing.assert_allclose(
                drawn,
                [
                    roc_auc_score(opened[again], scores[again]),
                    average_precision_score(opened[again], scores[again]),
                ],
            )


def test_blocks_are_of_neighbours():
    contigs = np.array([0, 0, 0, 1, 1], np.int32)
    starts = np.array([0, 99, 100, 0, 250])
    assert blocks_of(contigs, starts, 100).tolist() == [0, 0, 1, 2, 3]


def test_neighbours_that_are_alike_widen_the_interval():
    """Each tile stands there ten times: rows drawn alone would take that for ten facts."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=100).astype(np.float32)
    opened = (scores + rng.normal(size=100) > 1).astype(np.uint8)
    rows = np.repeat(np.arange(100), 10)

    def width(blocks):
        draws = draw_blocks(int(blocks.max()) + 1, 400)
        auroc, _ = block_areas(opened[rows], scores[rows], blocks, draws).estimates()
        return auroc.high - auroc.low

    by_tile = width(np.arange(1000))
    assert 2.5 < width(rows) / by_tile < 4  # sqrt(10) = 3.16
