"""The picture of a set: classes of few sites are as plain to see as those of many."""

import numpy as np
import pytest

from regplug.data.sites.summary import NAMED, Counts, picture

pytest.importorskip("matplotlib")

OF_SAMPLE = np.array([[27, 0, 0], [210_345, 11_000, 11_200], [0, 0, 0]])
OPEN_IN = np.array([[0, 0, 0], [205_000, 10_999, 11_199], [5_350, 0, 1], [1, 1, 0]])


def counts_of(of_sample, open_in):
    names = [f"s{i}" for i in range(len(of_sample))]
    peaks = np.zeros(len(names), np.int64)
    return Counts(names, peaks, open_in.sum(axis=0), of_sample, open_in, of_sample * 0)


def drawn(axis):
    """Return the (x, y) of every mark that lies within the axis."""
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    points = (point for line in axis.lines for point in zip(*line.get_data(), strict=True))
    return {(x, y) for x, y in points if left < x < right and bottom < y < top}


def test_one_site_is_seen_beside_two_hundred_thousand():
    figure = picture(counts_of(OF_SAMPLE, OPEN_IN))
    left, middle, right = figure.axes
    assert drawn(left) == {(0, 210_345), (0, 11_000), (0, 11_200), (1, 27)}
    assert drawn(middle) == {(1, 205_000), (1, 10_999), (1, 11_199), (2, 5_350), (2, 1), (3, 1)}
    assert drawn(right) == {(0, 210_351), (1, 11_000), (2, 11_200)}
    sums = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert sums == [
        ["232,545", "27", "0"],
        ["227,198", "5,351", "2"],
        ["210,351", "11,000", "11,200"],
    ]
    figure.draw_without_rendering()
    for axis in figure.axes:
        inside = axis.get_window_extent()
        for text in axis.texts:
            assert inside.y0 < text.get_window_extent().y0 < inside.y1
            assert text.get_window_extent().y1 < inside.y1 + 2


def test_many_samples_have_no_counts_above():
    many = NAMED + 1
    figure = picture(counts_of(np.ones((many, 3), int), np.ones((many + 1, 3), int)))
    assert [len(axis.texts) for axis in figure.axes] == [0, 0, 3]
