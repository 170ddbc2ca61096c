"""Scores at peaks: packed into a card, and how many of them lie below a score."""

import msgspec
import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.scoring.peaks import MOST, Peaks, packed, quantiles


def peaks_of(scores, **changes):
    kept, data = packed(np.asarray(scores, np.float32))
    made = Peaks(
        created_by="x", genome="g.fa", file="p.bed", sha256="0", model="1", peaks=len(scores),
        kept=kept, data=data,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def test_shares_by_hand():
    """Of two targets; a peak that scores as much does not count, and one peak's share is least."""
    peaks = peaks_of([[3, 10], [1, 20], [2, 30], [2, 40]])
    scores = np.array([[2, 5], [2.5, 35], [0, 100], [np.nan, np.nan]], np.float32)
    wanted = [[0.25, 0.25], [0.75, 0.75], [0.25, 1], [np.nan, np.nan]]
    np.testing.assert_array_equal(quantiles(peaks, scores, "m"), np.array(wanted, np.float32))
    assert np.isnan(quantiles(None, scores, "m")).all()


def test_of_many_some_are_kept():
    rng = np.random.default_rng(0)
    many, scores = rng.normal(size=(3 * MOST + 7, 1)), rng.normal(size=(500, 1))
    peaks = peaks_of(many)
    assert (peaks.peaks, peaks.kept) == (3 * MOST + 7, MOST)
    exact = (many[:, 0] < scores.astype(np.float32)).mean(axis=1)
    found = quantiles(peaks, scores.astype(np.float32), "m")[:, 0]
    np.testing.assert_allclose(found, exact, atol=1 / MOST)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kept": 3}, "they are not as many numbers as it says"),
        ({"kept": 5}, "it keeps 5 numbers of 4"),
        ({"kept": 0}, "it keeps 0 numbers of 4"),
        ({"data": "?"}, "the peaks of m are damaged"),
        ({"data": "AAAA"}, r"measure them again \(regplug models peaks m PEAKS\)"),
        ({"data": packed(np.full((4, 1), np.inf, np.float32))[1]}, "the numbers do not rise"),
    ],
)
def test_damaged_peaks_are_named(change, message):
    peaks = peaks_of([[1], [2], [3], [4]], **change)
    with pytest.raises(ModelError, match=message):
        quantiles(peaks, np.ones((1, 1), np.float32), "m")
