"""Folds of cross-validation: what belongs together stays in one of them."""

import numpy as np
from numpy.typing import NDArray

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.errors import DataError
from regplug.genome.codes import Codes, reverse_complement

TOGETHER = 10_000  # sequences shuffled at once

Folds = NDArray[np.uint8]


def same_sequences(codes: Codes, *, both_strands: bool) -> NDArray[np.intp]:
    """Return a number per row of codes (n, length), shape (n,): the same for the same sequence.

    With `both_strands`, a sequence and its reverse complement are the same.
    """
    if both_strands:
        other = reverse_complement(codes)
        first = (codes != other).argmax(axis=1)[:, None]  # the first base where the strands differ
        is_later = np.take_along_axis(codes, first, 1) > np.take_along_axis(other, first, 1)
        codes = np.where(is_later, other, codes)  # of the two strands the first in order of codes
    items = np.ascontiguousarray(codes + 1)  # without zeros, which numpy strips from bytes strings
    groups: NDArray[np.intp] = np.unique(
        items.view(f"S{codes.shape[1]}")[:, 0], return_inverse=True
    )[1]
    return groups


def assign_folds(
    groups: NDArray[np.intp], *, folds: int, rng: np.random.Generator, what: str
) -> Folds:
    """Return a random fold per row (n,), the same for rows with the same number in groups (n,).

    Folds differ by one group at most. `what` names the rows in the message.

    Raises:
        DataError: fewer groups than folds.
    """
    distinct, group = np.unique(groups, return_inverse=True)
    if len(distinct) < folds:
        raise DataError(
            f"{len(distinct)} different {what} for {folds} folds: give more of them, or --folds"
        )
    fold_of: NDArray[np.intp] = rng.permutation(len(distinct)) % folds
    return fold_of[group].astype(np.uint8)


def assign_by_class(
    groups: NDArray[np.intp], bound: NDArray[np.bool_], *, folds: int, seed: int
) -> Folds:
    """Return a fold per row (n,): the groups of each class are spread evenly.

    Raises:
        DataError: a class has fewer groups than folds.
    """
    rng = np.random.default_rng(seed)
    fold = np.empty(len(bound), np.uint8)
    for rows, what in ((bound, "positives"), (~bound, "negatives")):
        fold[rows] = assign_folds(groups[rows], folds=folds, rng=rng, what=what)
    return fold


def with_shuffles(
    positives: Codes, *, folds: int, seed: int, both_strands: bool = True
) -> tuple[Codes, NDArray[np.float32], Folds]:
    """Return positives (n, length) and a dinucleotide shuffle of each, their targets and folds.

    Row n + i is the shuffle of row i, and in its fold: codes (2n, length), targets and folds
    (2n,). `both_strands` is that of `same_sequences`, which share a fold.

    Raises:
        DataError: fewer different positives than folds.
    """
    for_folds, for_shuffles = np.random.default_rng(seed).spawn(2)
    groups = same_sequences(positives, both_strands=both_strands)
    fold = assign_folds(groups, folds=folds, rng=for_folds, what="positives")
    shuffled = [
        shuffle_dinucleotides(positives[start : start + TOGETHER], rng=for_shuffles)
        for start in range(0, len(positives), TOGETHER)
    ]
    targets = np.repeat(np.array([1, 0], np.float32), len(positives))
    return np.concatenate([positives, *shuffled]), targets, np.tile(fold, 2)
