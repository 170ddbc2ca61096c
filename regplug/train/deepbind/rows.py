"""Rows to train on: those of a set, or its positives repeated, each time with a new shuffle.

TrainingSet ─training_rows→ Rows, in the order in which they are taken
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.data.sets.training import TrainingSet
from regplug.genome.codes import Codes

TOGETHER = 10_000  # sequences shuffled at once


class Rows(NamedTuple):
    """Sequences and what to predict for them."""

    codes: Codes  # (n, length)
    targets: NDArray[np.float32]  # (n,)


def training_rows(
    data: TrainingSet, chosen: NDArray[np.bool_], *, at_least: int, seed: int
) -> Rows:
    """Return rows to train on, made of those of `data` that are chosen, in random order.

    Where the set's negatives are shuffles, its positives are repeated until there are `at_least`
    of them, and each is followed by a shuffle of its own (Alipanahi et al. 2015). Rows of other
    sets are taken once.

    Args:
        data: the set, of n rows.
        chosen: shape (n,), True for the rows to take.
        at_least: positives, where negatives are shuffles.
        seed: of the order and the shuffles.
    """
    order_rng, shuffle_rng = np.random.default_rng(seed).spawn(2)
    if data.card.negatives != "shuffles":
        order = order_rng.permutation(np.flatnonzero(chosen))
        return Rows(data.codes[order], data.targets[order])
    positives = np.flatnonzero(chosen & (data.targets == 1))
    times = -(-max(at_least, len(positives)) // len(positives))
    order = np.concatenate([order_rng.permutation(positives) for _ in range(times)])
    order = order[: max(at_least, len(positives))]
    codes = np.empty((len(order), 2, data.codes.shape[1]), np.uint8)
    codes[:, 0] = data.codes[order]
    for start in range(0, len(order), TOGETHER):
        some = codes[start : start + TOGETHER]
        some[:, 1] = shuffle_dinucleotides(some[:, 0], rng=shuffle_rng)
    targets = np.tile(np.array([1, 0], np.float32), len(order))
    return Rows(codes.reshape(len(targets), -1), targets)
