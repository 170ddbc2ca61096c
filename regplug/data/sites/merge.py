"""Windows that overlap become one: Basset's greedy merging.

On a contig, windows that overlap the next by more than `overlap` form a chain. In a chain the two
neighbours that overlap most (the left ones of equals) are merged, until none overlap by `overlap`
or more. The new centre is the weighted mean of both, rounded half up; a window weighs 1 + the
number of its samples.

Source: Basset (Kelley et al. 2016), src/preprocess_features.py. All windows are equally long, so
starts stand for centres.
"""

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.samples import Settings

TOGETHER = 50_000  # windows merged at once, or a chain's


class Merged(NamedTuple):
    """Sites of a contig, in order."""

    starts: NDArray[np.int64]  # (n,), 0-based
    targets: NDArray[np.uint8]  # (n, samples), 1 where a sample's window was merged in


def merged_windows(
    starts: NDArray[np.int64], samples: NDArray[np.int64], count: int, settings: Settings
) -> Iterator[Merged]:
    """Yield the sites of a contig, some at a time, in order.

    Args:
        starts: of the windows (n,), ascending.
        samples: which of `count` samples each window (n,) is of.
        count: of samples.
        settings: length of a window, and the overlap from which they are merged.
    """
    reach = settings.length - settings.overlap
    ends = np.append(np.flatnonzero(np.diff(starts) >= reach) + 1, len(starts))
    cuts = np.unique(ends[np.searchsorted(ends, np.arange(TOGETHER, len(starts), TOGETHER))])
    for low, high in pairwise([0, *cuts.tolist(), len(starts)]):
        if low < high:
            yield _merge(starts[low:high], samples[low:high], count, reach)


def _merge(starts: NDArray[np.int64], samples: NDArray[np.int64], count: int, reach: int) -> Merged:
    """Return the sites of whole chains. Windows at one place merge first: they overlap most."""
    places, which = np.unique(starts, return_inverse=True)
    sets = [0] * len(places)  # of samples, as bits
    bits = [1 << sample for sample in range(count)]
    for at, sample in zip(which.tolist(), samples.tolist(), strict=True):
        sets[at] |= bits[sample]
    breaks = (np.flatnonzero(np.diff(places) >= reach) + 1).tolist()
    chained = places.tolist()
    sites = [
        site
        for low, high in pairwise([0, *breaks, len(chained)])
        for site in _merge_chain(chained[low:high], sets[low:high], reach)
    ]
    width = -(-count // 8)
    packed = b"".join(samples.to_bytes(width, "little") for _, samples in sites)
    rows = np.frombuffer(packed, np.uint8).reshape(len(sites), width)
    targets = np.unpackbits(rows, axis=1, count=count, bitorder="little")
    return Merged(np.array([start for start, _ in sites], np.int64), targets)


def _merge_chain(starts: list[int], sets: list[int], reach: int) -> Sequence[tuple[int, int]]:
    """Return start and set of samples of each site; the lists are used up.

    The heap holds pairs of neighbours by distance, then by place. A pair of which one has been
    merged is passed over when it comes up.
    """
    n = len(starts)
    left, right = list(range(-1, n - 1)), list(range(1, n + 1))
    pairs = [(starts[b] - starts[a], a, b) for a, b in pairwise(range(n))]
    heapify(pairs)
    while pairs and pairs[0][0] <= reach:
        distance, a, b = heappop(pairs)
        if right[a] != b or starts[b] - starts[a] != distance:
            continue
        weights = 1 + sets[a].bit_count(), 1 + sets[b].bit_count()
        total = sum(weights)
        starts[a] = (2 * (weights[0] * starts[a] + weights[1] * starts[b]) + total) // (2 * total)
        sets[a] |= sets[b]
        sets[b] = 0
        after, right[b] = right[b], n + 1
        right[a] = after
        if after < n:
            left[after] = a
            heappush(pairs, (starts[after] - starts[a], a, after))
        if left[a] >= 0:
            heappush(pairs, (starts[a] - starts[left[a]], left[a], a))
    return [(start, samples) for start, samples in zip(starts, sets, strict=True) if samples]
