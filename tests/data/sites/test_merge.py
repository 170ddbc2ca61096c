"""Merging is Basset's, on random peaks and on peaks worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regplug.data.sites import merge
from regplug.data.sites.merge import merged_windows
from regplug.data.sites.parts import RandomSplit
from regplug.data.sites.samples import Settings
from tests.data.sites.literal_merge import literal_sites


def merged(windows, *, count, length=600, overlap=200):
    """Return (start, set of samples) of the sites of (start, sample)."""
    starts, samples = np.array(sorted(windows), np.int64).T
    settings = Settings(split=RandomSplit(0, 0, 0), length=length, overlap=overlap)
    return [
        (start, set(np.flatnonzero(row).tolist()))
        for sites in merged_windows(starts, samples, count, settings)
        for start, row in zip(sites.starts.tolist(), sites.targets, strict=True)
    ]


@pytest.mark.parametrize(
    ("windows", "sites"),
    [
        ([(0, 0)], [(0, {0})]),
        ([(7, 0), (7, 0)], [(7, {0})]),  # twice in one sample
        ([(0, 0), (100, 1)], [(50, {0, 1})]),
        ([(0, 0), (101, 1)], [(51, {0, 1})]),  # 50.5 is rounded up
        ([(0, 0), (400, 1)], [(0, {0}), (400, {1})]),  # an overlap of 200 makes no chain
        ([(0, 0), (399, 1)], [(200, {0, 1})]),
        # 300 and 400 first: 350, of weight 3; then (2 * 0 + 3 * 350) / 5 = 210
        ([(0, 0), (300, 1), (400, 2)], [(210, {0, 1, 2})]),
        # of equals the left ones: 50, of weight 3; then (3 * 50 + 2 * 200) / 5 = 110
        ([(0, 0), (100, 1), (200, 2)], [(110, {0, 1, 2})]),
        # 390 and 500: 445 is then too far from 0
        ([(0, 0), (390, 1), (500, 2)], [(0, {0}), (445, {1, 2})]),
        # in a chain an overlap of 200 is enough: 350 and 450 are 400, just that far from 0
        ([(0, 0), (350, 1), (450, 2)], [(240, {0, 1, 2})]),
        # three samples at 100 weigh 4, one at 0 weighs 2: 400 / 6 = 66.7
        ([(0, 0), (100, 1), (100, 2), (100, 3)], [(67, {0, 1, 2, 3})]),
    ],
)
def test_by_hand(windows, sites):
    assert merged(windows, count=4) == sites


peaks = st.lists(st.tuples(st.integers(0, 3999), st.integers(0, 9)), min_size=1, max_size=60)


@given(peaks, st.sampled_from([(600, 200), (601, 0), (30, 29), (100, 50)]))
def test_as_the_literal_rule(peaks, lengths):
    length, overlap = lengths
    expected = literal_sites(peaks, length=length, overlap=overlap, contig=4000)
    windows = [(min(max(0, mid - length // 2), 4000 - length), sample) for mid, sample in peaks]
    assert merged(windows, count=10, length=length, overlap=overlap) == expected


def test_whole_chains_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    windows = [
        (int(s), int(i))
        for s, i in zip(rng.integers(0, 50_000, 400), rng.integers(0, 9, 400), strict=True)
    ]
    at_once = merged(windows, count=9)
    for together in (1, 2, 7, 399, 400):
        monkeypatch.setattr(merge, "TOGETHER", together)
        assert merged(windows, count=9) == at_once
    peaks = [(start + 300, sample) for start, sample in windows]
    assert at_once == literal_sites(peaks, length=600, overlap=200, contig=100_000)
    assert len(at_once) < 120
