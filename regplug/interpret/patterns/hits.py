"""Where patterns are: their motifs' placements (FIMO) that contribute as the pattern does.

A placement counts if its bases fit (p < P, and a score above 0), and if what they contribute is
like the pattern: the cosine of the two, over bases and columns, is SIMILAR or more.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Floats
from regplug.interpret.attribute.file import Stored
from regplug.interpret.patterns.find import Pattern
from regplug.motifs.scan import bins_of, log_odds, p_value, scores_in

P = 1e-4  # of a placement, FIMO's own threshold
SIMILAR = 0.7  # a cosine
TOGETHER = 200  # sequences in memory


class PatternHit(NamedTuple):
    """A place of a pattern.

    Attributes:
        pattern: its number among the patterns.
        row: of the sequence.
        place: in the genome, 0-based and half-open; of a sequence without one, in the sequence, by
            its name.
        strand: on which the pattern reads as it is.
        bits: of FIMO.
        p: of the placement.
        contribution: the sum over its bases.
        similarity: the cosine of its contributions and the pattern's.
    """

    pattern: int
    row: int
    place: Interval
    strand: str
    bits: float
    p: float
    contribution: float
    similarity: float


def find_pattern_hits(patterns: Sequence[Pattern], stored: Stored) -> list[PatternHit]:
    """Return the hits of all patterns, by place; one that lies in two sequences stands once."""
    codes = codes_of(stored)
    own = stored.hypothetical * stored.letters
    found: dict[tuple[object, ...], PatternHit] = {}
    for number, pattern in enumerate(patterns):
        for row, start, is_reverse, bits, p in _placements(pattern, codes):
            end = start + pattern.motif.width
            here = own[row, start:end]
            similarity = cosine(here[::-1, ::-1] if is_reverse else here, pattern)
            place, strand = place_of(stored, row, start, end), "+-"[is_reverse]
            key = (number, place, strand)
            if similarity >= max(SIMILAR, found[key].similarity if key in found else 0):
                found[key] = PatternHit(
                    *(number, row, place, strand, bits, p, float(here.sum()), similarity)
                )
    return sorted(found.values(), key=lambda hit: (_order(hit.place), hit.pattern, hit.strand))


def _placements(pattern: Pattern, codes: Codes) -> Iterator[tuple[int, int, bool, float, float]]:
    """Yield row, start, whether it is on the other strand, bits and p of placements with p < P."""
    motif = pattern.motif
    bits = log_odds(motif)
    for first in range(0, len(codes) if motif.width <= codes.shape[1] else 0, TOGETHER):
        windows = sliding_window_view(codes[first : first + TOGETHER], motif.width, axis=1)
        rows, starts = np.nonzero((windows != UNKNOWN).all(axis=2))
        scores = scores_in(windows[rows, starts].astype(np.intp), bits)
        bins, which = np.unique(bins_of(scores), return_inverse=True)
        p_of_bins = np.array([p_value(bits, int(score)) for score in bins])
        p = p_of_bins[which.reshape(scores.shape)]
        for strand, at in np.argwhere((p < P) & (scores > 0)).tolist():
            yield (
                *(first + int(rows[at]), int(starts[at]), bool(strand)),
                *(float(scores[strand, at]), float(p[strand, at])),
            )


def _order(place: Interval) -> tuple[str, int, int]:
    return place.chrom, place.start, place.end


def codes_of(stored: Stored) -> Codes:
    """Return the codes (n, bases) of one-hot sequences."""
    known = stored.letters.any(axis=2)
    return np.where(known, stored.letters.argmax(axis=2), UNKNOWN).astype(np.uint8)


def cosine(contributions: Floats, pattern: Pattern) -> float:
    """Return the cosine of contributions (columns, 4) and those of a pattern's core."""
    wanted = pattern.contributions[pattern.core]
    sizes = np.linalg.norm(contributions) * np.linalg.norm(wanted)
    return float((contributions * wanted).sum() / sizes) if sizes else 0.0


def place_of(stored: Stored, row: int, start: int, end: int) -> Interval:
    """Return where [start, end) of a sequence lies: in the genome, or else in the sequence."""
    if not stored.sequences:
        return Interval(f"sequence{row}", start, end)
    name, place = stored.sequences[row]
    if place is None:
        return Interval(name, start, end)
    return Interval(place.chrom, place.start + start, place.start + end)
