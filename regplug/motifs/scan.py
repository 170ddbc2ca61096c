"""How well a motif fits a sequence: Motif ─log_odds→ bits per base ─p_value→ how seldom so well.

Scores and p-values are FIMO's (Grant, Bailey and Noble 2011) with a background of a quarter each,
as memelite 0.5 computes them.
"""

import numpy as np
from numpy.typing import NDArray

from regplug.motifs.motif import Frequencies, Motif

PSEUDOCOUNT = 1e-4  # added to each frequency
BIN = 0.1  # bits; in whole bins, scores of all sequences can be counted

Bits = NDArray[np.float64]


def log_odds(motif: Motif) -> Bits:
    """Return what each base at each position adds to the score, in bits, shape (width, 4)."""
    frequencies: Frequencies = motif.frequencies + PSEUDOCOUNT
    bits: Bits = np.log2(frequencies) - np.log2(0.25)
    return bits


def scores_in(windows: NDArray[np.intp], bits: Bits) -> Bits:
    """Return the scores of known bases (n, width), shape (2 strands, n); bits as of `log_odds`."""
    at = np.arange(len(bits))[:, None]
    return np.stack([one[at, windows.T].sum(axis=0) for one in (bits, bits[::-1, ::-1])])


def bins_of(scores: Bits) -> NDArray[np.intp]:
    """Return scores in whole bins; all in one bin have one p-value."""
    bins: NDArray[np.intp] = np.trunc(scores / BIN).astype(np.intp)
    return bins


def p_value(bits: Bits, score: int) -> float:
    """Return the share of all sequences as wide as the motif that score `score` bins or more.

    Each position's bits are rounded to bins, which are added up for all sequences at once: the
    distribution of a position more is four copies of the one before, each moved by a base's bins.
    """
    steps = np.round(bits / BIN).astype(np.intp)
    score -= steps.min(axis=1).sum()  # from the lowest
    shares = np.ones(1)
    for moves in (steps - steps.min(axis=1, keepdims=True)).tolist():
        longer = np.zeros(len(shares) + max(moves))
        for move in moves:
            longer[move : move + len(shares)] += shares / 4
        shares = longer
    # The best sequence may score a bin more than its rounded positions do together.
    return float(shares[min(max(score, 0), len(shares) - 1) :].sum())
