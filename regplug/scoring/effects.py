"""What a variant does to a prediction: REF and ALT predictions → one number per ALT and target.

All arrays are float32 of shape (n, targets); NaN where an ALT has no score.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.variant import Status

Array = NDArray[np.float32]
TINY = 1e-7  # predictions are kept this far from 0, and probabilities from 1, before a logarithm


class Scores(NamedTuple):
    """The predictions for n ALTs.

    Attributes:
        ref: of REF, shape (n, targets).
        alt: of ALT, shape (n, targets).
        status: n entries.
        kinds: of `kinds.KINDS`, n entries; none where all are SNVs.
        pairs: what an adapter tells of REF and ALT together, such as how far two profiles lie
            apart: its name → shape (n, targets).
    """

    ref: Array
    alt: Array
    status: list[Status]
    kinds: Sequence[str] = ()
    pairs: Mapping[str, Array] = {}


_TIE = 4e-5  # of a prediction; four of them, each within 1e-5, are compared


def difference(ref: Array, alt: Array) -> Array:
    """Return ALT − REF (Basset's SAD where the predictions are probabilities)."""
    return alt - ref


def logit_difference(ref: Array, alt: Array) -> Array:
    """Return ln(ALT/(1−ALT)) − ln(REF/(1−REF)), for probabilities clipped to 1e-7 and 1 − 1e-7."""
    change: Array = (_logit(alt) - _logit(ref)).astype(np.float32)
    return change


def log2_fold_change(ref: Array, alt: Array) -> Array:
    """Return log2(ALT / REF), for predictions above zero (clipped at 1e-7)."""
    before, after = (np.maximum(side.astype(np.float64), TINY) for side in (ref, alt))
    change: Array = np.log2(after / before).astype(np.float32)
    return change


def most_extreme(differences: Array, spread: Array) -> NDArray[np.intp]:
    """Return each ALT's target of largest |difference| / spread, shape (n,); -1 without a score.

    Args:
        differences: shape (n, targets).
        spread: shape (targets,): each target's standard deviation over random SNVs.
    """
    size = np.abs(differences) / spread
    scored = ~np.isnan(size).any(axis=1)
    best = np.full(len(size), -1, np.intp)
    best[scored] = size[scored].argmax(axis=1)
    return best


def stronger(plus: Scores, minus: Scores) -> Scores:
    """Return, per ALT and target, the scores of the strand with the larger |ALT − REF|.

    A strand without a score counts as the smaller; of equal ones `plus` is taken. They are equal
    where engines may differ by as much: in a sequence that is its own reverse complement, rounding
    would choose.
    """
    is_minus = second_is_larger(plus[:2], minus[:2])
    status = [
        on_minus if on_plus is Status.NO_TRANSCRIPT or on_minus.has_score else on_plus
        for on_plus, on_minus in zip(plus.status, minus.status, strict=True)
    ]
    return Scores(
        np.where(is_minus, minus.ref, plus.ref),
        np.where(is_minus, minus.alt, plus.alt),
        status,
        pairs={
            name: np.where(is_minus, minus.pairs[name], plus.pairs[name]) for name in plus.pairs
        },
    )


def second_is_larger(first: tuple[Array, Array], second: tuple[Array, Array]) -> NDArray[np.bool_]:
    """Return where the second of two pairs (REF, ALT) has the larger |ALT - REF|, (n, targets).

    Pairs that differ by no more than engines may are equal, and NaN is the smallest.
    """
    size, other = (np.abs(alt - ref) for ref, alt in (first, second))
    largest = np.abs(np.stack([*first, *second])).max(axis=0)
    larger: NDArray[np.bool_] = ~((other - size <= _TIE * np.maximum(1, largest)) | np.isnan(other))
    return larger


def _logit(probability: Array) -> NDArray[np.float64]:
    clipped = np.clip(probability.astype(np.float64), TINY, 1 - TINY)
    logit: NDArray[np.float64] = np.log(clipped) - np.log1p(-clipped)
    return logit


EFFECTS: dict[str, Callable[[Array, Array], Array]] = {
    "ref": lambda ref, alt: ref,
    "alt": lambda ref, alt: alt,
    "diff": difference,
    "logit": logit_difference,
    "log2fc": log2_fold_change,
}
