"""What both strands have in common: which tensors are each other's on the other strand.

A network that reads both strands, and each with its filters and these turned round, computes each
of its first numbers twice: a filter turned round finds on a strand what the filter finds on the
other, from end to start. These functions tell where that is so, by the graph's own arrays.
"""

import numpy as np

from regplug.models.variants.tensor import Constant, Tensor


def complements(plus: Tensor, minus: Tensor) -> Constant | None:
    """Return the complement of each code, if `minus` is of those of `plus`; else None."""
    array, codes = minus.looked_up or (None, None)
    if array is None or codes is not plus or array.ndim != 1 or plus.channels is not None:
        return None
    known = array.dtype.kind in "iu" and set(array.tolist()) == {*range(len(array))}
    return array if known and (array[array] == np.arange(len(array))).all() else None


def is_own(codes: Constant | None, code: float) -> bool:
    """Tell whether a code is its own complement."""
    return codes is not None and code in range(len(codes)) and codes[int(code)] == code


def channels(codes: Constant | None, letters: Constant) -> Constant | None:
    """Return which channel is which on the other strand, of an array (codes, channels); or None."""
    if codes is None or letters.ndim != 2 or len(letters) != len(codes):
        return None
    turned = np.arange(letters.shape[1])[::-1]
    return turned if np.array_equal(letters[codes], letters[:, turned]) else None


def turned_round(filters: Constant, channels: Constant) -> Constant:
    """Return filters (outputs, channels, taps ...) as they read the other strand."""
    return np.flip(filters[:, channels], axis=tuple(range(2, filters.ndim)))
