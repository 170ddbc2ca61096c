"""Areas under curves with intervals that know that neighbouring tiles are alike.

A bootstrap draws whole blocks of neighbours: labels, scores, blocks ─block_areas→ BlockAreas
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from regplug.data.measure.metrics import PERCENTILES, Estimate


class BlockAreas(NamedTuple):
    """The areas under the ROC curve and the precision-recall curve, and those of bootstraps."""

    values: NDArray[np.float64]  # (2,)
    drawn: NDArray[np.float64]  # (bootstraps, 2), nan where a bootstrap has one class alone

    def estimates(self) -> tuple[Estimate, Estimate]:
        """Return both areas with their intervals."""
        return _estimate(self.values[0], self.drawn[:, 0]), _estimate(
            self.values[1], self.drawn[:, 1]
        )

    def above(self, other: "BlockAreas") -> tuple[Estimate, Estimate]:
        """Return by how much both areas are larger; the bootstraps must be of the same blocks."""
        return BlockAreas(self.values - other.values, self.drawn - other.drawn).estimates()


NO_AREAS = BlockAreas(np.full(2, np.nan), np.empty((0, 2)))


def blocks_of(
    contigs: NDArray[np.int32], starts: NDArray[np.int64], block: int
) -> NDArray[np.int64]:
    """Return the block of each tile (n,), from 0: `block` bases of a contig, by a tile's start."""
    places = np.stack([contigs.astype(np.int64), starts // block], axis=1)
    blocks: NDArray[np.int64] = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
    return blocks


def draw_blocks(blocks: int, bootstraps: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Return how often each block is drawn in each bootstrap, (bootstraps, blocks)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, blocks, (bootstraps, blocks))
    counts = np.zeros((bootstraps, blocks), np.int64)
    np.add.at(counts, (np.arange(bootstraps)[:, None], drawn), 1)
    return counts


def block_areas(
    opened: NDArray[np.uint8],
    scores: NDArray[np.float32],
    blocks: NDArray[np.int64],
    draws: NDArray[np.int64],
) -> BlockAreas:
    """Return the areas of scores (n,) for labels (n,), 0 or 1; nan if all are of one class.

    Args:
        opened: labels.
        scores: higher for open.
        blocks: of each tile (n,).
        draws: how often each block is drawn, see `draw_blocks`.
    """
    if len(np.unique(opened)) < 2 or not np.isfinite(scores).all():
        return NO_AREAS
    levels, level = np.unique(-scores, return_inverse=True)
    drawn = np.full((len(draws), 2), np.nan)
    for row, counts in zip(drawn, draws, strict=True):
        weights = counts[blocks].astype(np.float64)
        positives, negatives = (
            np.bincount(level, weights * (opened == label), minlength=len(levels))
            for label in (1, 0)
        )
        true, false = positives.cumsum(), negatives.cumsum()
        if true[-1] and false[-1]:
            row[0] = negatives @ (true - positives / 2) / (true[-1] * false[-1])  # a tie: half
            row[1] = positives @ (true / np.maximum(true + false, 1)) / true[-1]
    values = roc_auc_score(opened, scores), average_precision_score(opened, scores)
    return BlockAreas(np.array(values), drawn)


def _estimate(value: float, drawn: NDArray[np.float64]) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, PERCENTILES) if len(known) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high))
