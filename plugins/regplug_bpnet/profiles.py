"""Profile logits of REF and ALT ─distances→ how far apart the profiles lie, per row.

    logits (rows, targets, strands * bases) ─softmax of the bases that both alleles have→ shares
           ─Jensen-Shannon distance→ (rows, targets)

Source: variant-scorer, helpers.py, get_variant_scores and adjust_indel_jsd.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.variant import Status
from regplug.scoring.alleles import Alleles, column
from regplug.scoring.backend import Array
from regplug.scoring.coverage import Coverage, softmax

Floats = NDArray[np.float64]
_AT_ONCE = 256  # rows: their shares are held in double precision


class Place(NamedTuple):
    """Where an allele of another length than REF lies in its row.

    Attributes:
        ref, alt: bases of the alleles.
        at: of the profile's bases, the one in the variant's column.
        last: whether that is the alleles' last base, or else their first.
    """

    ref: int
    alt: int
    at: int
    last: bool


def distances(ref: Array, alt: Array, alleles: Alleles, coverage: Coverage) -> Array:
    """Return the Jensen-Shannon distance, base 2, of each row's two profiles, (rows, targets).

    Where the alleles differ in length, a base that one of them lacks is left out of the other, and
    at the far end of the first as many bases that the other does not show.

    Args:
        ref: the profile's answers to REF, (rows, *shape).
        alt: those to ALT.
        alleles: whose rows they are.
        coverage: what the profile's axes are.
    """
    window = alleles.ref.shape[1]
    at = column(window) - (window - coverage.bases) // 2
    found = np.empty((len(ref), coverage.targets), np.float32)
    before, after = (coverage.logits(side) for side in (ref, alt))
    for start in range(0, len(ref), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        found[rows] = js_distance(softmax(before[rows]), softmax(after[rows]))
    for row, owner in enumerate(alleles.owner.tolist()):
        lengths = alleles.lengths[owner]
        if lengths[0] != lengths[1] and alleles.status[owner] is Status.OK:
            last = row > 0 and alleles.owner[row - 1] == owner
            place = Place(lengths[0], lengths[1], at, last)
            kept = alike(place, coverage.bases)
            found[row] = js_distance(
                *(
                    softmax(_only(side[row], bases, coverage.bases))
                    for side, bases in zip((before, after), kept, strict=True)
                )
            )
    return found


def alike(place: Place, bases: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which of a profile's bases REF and ALT share, in order: two arrays of one length."""
    shorter, longer = sorted((place.ref, place.alt))
    first = place.at + 1 - (longer - shorter) if place.last else place.at + shorter
    extra = np.arange(max(first, 0), min(first + longer - shorter, bases))
    of_longer = np.delete(np.arange(bases), extra)
    beyond = len(extra)
    of_shorter = np.arange(beyond, bases) if place.last else np.arange(bases - beyond)
    return (of_longer, of_shorter) if place.ref > place.alt else (of_shorter, of_longer)


def js_distance(p: Floats, q: Floats) -> Floats:
    """Return the Jensen-Shannon distance of distributions along the last axis, 0 to 1 (base 2)."""
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return np.asarray(np.sqrt(np.maximum(divergence, 0)), np.float64)


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    """Return the sum of p log2(p / q) along the last axis; a share of 0 adds nothing."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    total: Floats = (p * np.log2(ratio)).sum(axis=-1)
    return total


def _only(logits: Array, kept: NDArray[np.intp], bases: int) -> Array:
    """Return the logits (targets, strands * bases) of some of the bases, of all strands."""
    targets = len(logits)
    return logits.reshape(targets, -1, bases)[:, :, kept].reshape(targets, -1)
