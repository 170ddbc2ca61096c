"""Are a network's channels A C G T, or in another order? What the two strands tell of it.

A network that was trained on both strands answers alike to a sequence and its reverse complement.
In a wrong order of the letters it does not, if A and T, or C and G, are no pairs in it. An order
in which they are pairs (TGCA, for one) cannot be told this way: golden answers tell it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes, reverse_complement

ORDERS = ((0, 3, 2, 1), (0, 1, 3, 2))  # with other pairs: C and T change places, or G and T
CLEAR, BETTER = 0.5, 0.3  # correlations that are one, and by how much more than the order given


def read_as(codes: Codes, order: Sequence[int]) -> Codes:
    """Return codes that stand for others: `order[code]` in the place of each code below 4."""
    new: Codes = np.array([*order, 4], np.uint8)[codes]
    return new


def letters_read(letters: str, order: Sequence[int]) -> str:
    """Return the channels of a network that has channels `letters` where codes are read so."""
    return "".join("ACGT"[list(order).index("ACGT".index(letter))] for letter in letters)


def doubts_about_letters(
    predict: Callable[[Codes], NDArray[np.float32]], codes: Codes, letters: str
) -> list[str]:
    """Return a warning if the strands agree far better in another order of the letters.

    Args:
        predict: of sequences as they stand, on one strand.
        codes: random sequences (n, width).
        letters: the order in which the network is to read them.
    """
    given = _agreement(predict, codes, (0, 1, 2, 3))
    agreed, best = max((_agreement(predict, codes, order), order) for order in ORDERS)
    if agreed < CLEAR or agreed < given + BETTER:
        return []
    return [
        f"the strands of random sequences agree far better with channels such as "
        f"{letters_read(letters, best)} (r = {agreed:.2f}) than with {letters} (r = {given:.2f}): "
        "check --letters; --golden tells which is right"
    ]


def _agreement(
    predict: Callable[[Codes], NDArray[np.float32]], codes: Codes, order: Sequence[int]
) -> float:
    """Return the mean over targets of the correlation of the two strands' answers."""
    sides = [predict(read_as(side, order)) for side in (codes, reverse_complement(codes))]
    ours, theirs = (side.astype(np.float64) - side.mean(0, dtype=np.float64) for side in sides)
    size = np.sqrt((ours**2).sum(0) * (theirs**2).sum(0))
    return float(np.mean((ours * theirs).sum(0) / np.maximum(size, 1e-12)))
