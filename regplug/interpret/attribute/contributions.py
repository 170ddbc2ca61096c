"""Contributions of bases: differences or multipliers → hypothetical → those of the bases there.

A hypothetical contribution is what a base would add to the score if it stood there, beside the
mean of the four (of DeepLIFT: beside the references). That of the base that is there is its own.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.genome.variant import Interval

Floats = NDArray[np.float32]


class Contributions(NamedTuple):
    """What the bases of n sequences add to the scores of some targets.

    Attributes:
        hypothetical: of each base (A, C, G, T) at each place, shape (n, targets, bases, 4); 0 where
            there is no score.
        predictions: for the sequences, shape (n, targets), on the card's scale.
        references: of DeepLIFT, the mean predictions for the references; else NaN.
    """

    hypothetical: Floats
    predictions: Floats
    references: Floats


class Named(NamedTuple):
    """A sequence's name, and its place in the genome; None: it has none."""

    name: str
    place: Interval | None


def from_differences(differences: Floats) -> Floats:
    """Return hypothetical contributions: the differences less the mean of the four, NaN as 0.

    Args:
        differences: shape (..., 4): the score with that base there less the score; 0 at the base
            that is there.
    """
    centred: Floats = differences - differences.mean(axis=-1, keepdims=True)
    return np.nan_to_num(centred, nan=0.0)


def one_hot(codes: Codes) -> NDArray[np.int8]:
    """Return codes (...) as letters A, C, G, T, shape (..., 4); an unknown base is 0 0 0 0."""
    letters: NDArray[np.int8] = (codes[..., None] == np.arange(4)).astype(np.int8)
    return letters


def actual(hypothetical: Floats, codes: Codes) -> Floats:
    """Return the contributions of the bases that are there, shape (..., bases).

    Args:
        hypothetical: shape (..., bases, 4).
        codes: shape (..., bases).
    """
    found: Floats = (hypothetical * one_hot(codes)).sum(axis=-1)
    return found
