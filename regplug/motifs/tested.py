"""Many tests at once: p-values ─benjamini_hochberg→ q-values."""

import numpy as np
from numpy.typing import NDArray


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return q-values of tests, shape as `p`: the share of false ones among all as small as this.

    Source: Benjamini and Hochberg 1995: p × tests / rank, and the smallest of those from there on.
    """
    order = np.argsort(p, axis=None)
    ranks = np.arange(1, p.size + 1)
    q = np.empty(p.size)
    q[order] = np.minimum.accumulate((p.ravel()[order] * (p.size / ranks))[::-1])[::-1]
    return q.clip(0, 1).reshape(p.shape)
