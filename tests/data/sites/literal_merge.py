"""Basset's merging of peaks, word for word: slow, with windows, midpoints and sets."""

from fractions import Fraction
from itertools import pairwise
from math import floor


def literal_sites(peaks, *, length, overlap, contig):
    """Return (start, set of samples) of the sites of `peaks`, (midpoint, sample) on a contig."""
    windows = sorted(
        ([*window(midpoint, length, contig), {sample}] for midpoint, sample in peaks),
        key=lambda one: one[0],
    )
    chains = []
    for one in windows:
        if chains and chains[-1][-1][1] - overlap > one[0]:
            chains[-1].append(one)
        else:
            chains.append([one])
    return [
        (start, open_in)
        for chain in chains
        for start, _, open_in in merge(chain, length, overlap, contig)
    ]


def window(midpoint, length, contig):
    """Return start and end of the window around a midpoint, moved into its contig."""
    start = max(0, midpoint - length // 2)
    return (contig - length, contig) if start + length > contig else (start, start + length)


def merge(chain, length, overlap, contig):
    """Return a chain's windows after the two that overlap most were merged, again and again."""
    while len(chain) > 1:
        overlaps = [left[1] - right[0] for left, right in pairwise(chain)]
        most = max(overlaps)
        if most < overlap:
            break
        at = overlaps.index(most)
        left, right = chain[at : at + 2]
        weights = [1 + len(left[2]), 1 + len(right[2])]
        midpoints = [(one[0] + one[1]) // 2 for one in (left, right)]
        total = sum(w * m for w, m in zip(weights, midpoints, strict=True))
        middle = floor(Fraction(total, sum(weights)) + Fraction(1, 2))
        chain = [
            *chain[:at],
            [*window(middle, length, contig), left[2] | right[2]],
            *chain[at + 2 :],
        ]
    return chain
