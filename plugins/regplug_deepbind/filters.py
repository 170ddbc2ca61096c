"""The filters of a group of networks, ready for the graph.

The mean of every filter column over the four bases is subtracted from it and added to the
threshold. Then a column adds exactly 0 on an unknown base (0.25 of each), and unknown bases and
padding can be zeros in the graph, or left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regplug_deepbind.network import Network


@dataclass(frozen=True, eq=False)
class FilterBank:
    """The filters of networks of the same motif length; a row is a filter on one strand.

    Attributes:
        weights: float32, shape (rows, length, 4); every column sums to 0.
        thresholds: float32, shape (rows, 1); added to the sum of the columns.
        best: float64, shape (rows, length); the most that each column can add.
    """

    weights: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    best: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """Return the number of filters, both strands counted."""
        return int(self.weights.shape[0])

    @property
    def length(self) -> int:
        """Return the motif length in bases."""
        return int(self.weights.shape[1])

    def least_first(self) -> NDArray[np.int64]:
        """Return how many first columns a positive sum takes at least, shape (rows,)."""
        return self._least(self.best)

    def least_last(self) -> NDArray[np.int64]:
        """Return how many last columns a positive sum takes at least, shape (rows,)."""
        return self._least(self.best[:, ::-1])

    def _least(self, best: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the least column count whose best sum exceeds 0; length + 1 if there is none.

        A column's best is at least its mean, which is 0: with more columns the best sum stays.
        """
        positive = np.cumsum(best, axis=1) + self.thresholds > 0
        return np.where(positive.any(axis=1), positive.argmax(axis=1) + 1, self.length + 1)


def stack_filters(networks: Sequence[Network], reverse_complement: bool) -> FilterBank:
    """Return the filters of networks of equal length and filter count.

    Rows are ordered (strand, network, filter). With `reverse_complement` there are rows for the
    second strand, which are turned: both strands are read from the forward bases.
    """
    detectors = np.stack([network.detectors for network in networks]).astype(np.float64)
    thresholds = np.concatenate([network.thresholds for network in networks]).astype(np.float64)
    forward = detectors.transpose(0, 3, 1, 2).reshape(
        len(thresholds), -1, 4
    )  # (networks * filters, length, 4)
    strands = [forward, forward[:, ::-1, ::-1]] if reverse_complement else [forward]
    filters = np.concatenate(strands)
    means = filters.mean(axis=2, keepdims=True)
    return FilterBank(
        weights=(filters - means).astype(np.float32),
        thresholds=(np.tile(thresholds, len(strands)) + means.sum(axis=(1, 2))).astype(np.float32)[
            :, np.newaxis
        ],
        best=(filters - means).max(axis=2),
    )
