"""Labels of tiles are those of the literal rule; draws are exact and even."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regplug.data.sites.drawn import BINS, Draw, bins_of
from regplug.data.sites.tiles import Along, Spans, joined_spans, labels, tile_starts
from tests.data.sites.literal_tiles import literal_tiles

SIZE = 300
peaks = st.lists(
    st.integers(0, SIZE - 1).flatmap(
        lambda start: st.integers(start + 1, SIZE).flatmap(
            lambda end: st.tuples(
                st.just("c"), st.just(start), st.just(end), st.integers(0, end - start - 1)
            )
        )
    ),
    max_size=8,
)


@given(
    peaks,
    st.tuples(st.integers(0, 100), st.integers(0, SIZE)),
    st.sampled_from([(40, 20, 10), (41, 7, 41), (30, 45, 7), (1, 1, 1)]),
    st.sampled_from([("summit", 0.5), ("overlap", 0.5), ("overlap", 1.0), ("overlap", 0.01)]),
)
def test_as_the_literal_rule(peaks, region, sizes, how):
    (low, high), (length, step, centre), (label, share) = region, sizes, how
    expected = literal_tiles(
        {"c": "A" * SIZE}, [("c", low, high)], {"x": peaks},
        length=length, step=step, centre=centre, label=label, share=share,
    )  # fmt: skip
    along = Along(step=step, centre=centre, label=label, share=share)
    starts = tile_starts(low, high, length=length, step=step)
    places = [(start, end, start + summit) for _, start, end, summit in peaks]
    begins, ends, summits = np.array(places, np.int64).reshape(-1, 3).T
    if label == "summit":
        spans = Spans(np.sort(summits), np.sort(summits) + 1)
    elif len(begins):
        spans = joined_spans(begins, ends)
    else:
        spans = Spans(begins, ends)
    found = labels(starts, spans, along, length=length)
    assert [("c", s, "x" * o) for s, o in zip(starts.tolist(), found.tolist(), strict=True)] == (
        expected
    )


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=12))
def test_joined_spans(given_spans):
    starts = np.array([start for start, _ in given_spans])
    spans = joined_spans(starts, starts + np.array([width for _, width in given_spans]))
    bases = {base for start, width in given_spans for base in range(start, start + width)}
    assert [b for s, e in zip(*spans, strict=True) for b in range(s, e)] == sorted(bases)
    assert (spans.starts[1:] > spans.ends[:-1]).all()


# -- draws -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3), max_size=80), st.floats(0, 4), st.integers(1, 30))
def test_draws_are_exact(bins, rate, together):
    bins = np.array(bins, np.int64)
    opened = np.zeros(BINS, np.int64)
    opened[:3] = 5, 0, 7
    closed = np.bincount(bins, minlength=BINS)
    draw = Draw(opened, closed, rate=rate, seed=1)
    kept = [draw.keep(bins[at : at + together]) for at in range(0, len(bins), together)]
    taken = np.bincount(bins[np.concatenate([*kept, np.empty(0, bool)])], minlength=BINS)
    wanted = np.floor(rate * opened + 0.5)
    assert (taken == np.minimum(wanted, closed)).all()
    assert draw.missing == (wanted - taken).sum()


def test_each_tile_is_as_likely():
    opened, closed, bins = np.zeros(BINS, int), np.zeros(BINS, int), np.zeros(10, int)
    opened[0], closed[0] = 3, 10
    taken = np.zeros(10)
    for seed in range(2000):
        draw = Draw(opened, closed, rate=1, seed=seed)
        taken += np.concatenate([draw.keep(bins[:4]), draw.keep(bins[4:])])
    # 3 of 10: 600 of 2000 each, standard deviation 20
    assert (abs(taken - 600) < 5 * 20.5).all()
    assert taken.sum() == 6000


def test_bins():
    gc, repeats = np.array([0, 0.04, 0.06, 1, 0.5]), np.array([0, 0.3, 0, 1, 0.99])
    assert bins_of(gc, repeats, ("gc",)).tolist() == [0, 0, 5, 95, 50]
    assert bins_of(gc, repeats, ("repeats",)).tolist() == [0, 1, 0, 4, 4]
    assert bins_of(gc, repeats, ("gc", "repeats")).tolist() == [0, 1, 5, 99, 54]
    assert bins_of(gc, repeats, ()).tolist() == [0] * 5
