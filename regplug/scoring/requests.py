"""Alleles ─requests→ Requests: SNVs in the order of the genome, as stretches that windows share.

A window goes on with the stretch of the one before where the codes that both have are the same.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.scoring.alleles import Alleles
from regplug.scoring.stretches import NUMBERS, Index, Request, Sizes

IN_CACHE = 3 << 20  # numbers, from which on a request of ENOUGH ALTs grows no more
FEW, ENOUGH, ALTS = 16, 64, 192  # in a request
LONG = 2  # windows; the bases of shorter stretches are worth sharing among more ALTs
_ROOM = 1 << 22  # codes that are compared at once


def requests(alleles: Alleles, rows: NDArray[np.intp], sizes: Sizes) -> Iterator[Request]:
    """Yield the rows of alleles that are SNVs as requests, in the order of the genome."""
    window = alleles.ref.shape[1]
    places = [alleles.variants[owner] for owner in alleles.owner[rows].tolist()]
    numbers = {chrom: at for at, chrom in enumerate(sorted({place.chrom for place in places}))}
    contigs = np.array([numbers[place.chrom] for place in places], np.int64)
    starts = np.array([place.pos for place in places], np.int64)
    order = np.lexsort((starts, contigs))
    rows, moved = rows[order], np.diff(starts[order])
    is_near = (np.diff(contigs[order]) == 0) & (moved < window)
    new = np.full(len(rows), window, np.int64)  # bases of each that the one before has not
    goes_on = 1 + _that_go_on(alleles.ref, rows, moved, np.flatnonzero(is_near))
    new[goes_on] = moved[goes_on - 1]
    first = 0
    while first < len(rows):
        most = new[first : first + ALTS].copy()
        most[0] = window
        count = _that_fit(most, sizes, window)
        yield _request(alleles, rows[first : first + count], most[:count], sizes.column)
        first += count


def at_once(sizes: Sizes, window: int) -> int:
    """Return how many requests may run side by side: they read NUMBERS together, as one may."""
    largest = int(sizes.numbers(ENOUGH * window, ENOUGH, ENOUGH).max())
    return NUMBERS // max(IN_CACHE, min(largest, _room(sizes, window)))


def _room(sizes: Sizes, window: int) -> int:
    """Return how many numbers a request may read: half of NUMBERS if there is room for FEW ALTs."""
    fits = int(sizes.numbers(FEW * window, FEW, FEW).max()) <= NUMBERS // 2
    return NUMBERS // 2 if fits else NUMBERS


def _that_go_on(
    ref: Codes, rows: NDArray[np.intp], moved: Index, near: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return those of `near` after whose window the next one has the codes that both have.

    Args:
        ref: codes, shape (n, window).
        rows: of the windows, in order.
        moved: by how many bases the next window lies behind, at least 0.
        near: among `rows`, those whose next window overlaps them.
    """
    window, found = ref.shape[1], [np.empty(0, np.intp)]
    size = max(1, _ROOM // window)
    for start in range(0, len(near), size):
        piece = near[start : start + size]
        before = np.append(ref[rows[piece]], np.zeros(window, np.uint8))
        shifted = np.arange(len(piece)) * window + moved[piece]
        same = sliding_window_view(before, window)[shifted] == ref[rows[piece + 1]]
        same |= np.arange(window) >= (window - moved[piece])[:, None]
        found.append(piece[same.all(axis=1)])
    return np.concatenate(found)


def _that_fit(new: Index, sizes: Sizes, window: int) -> int:
    """Return how many of the next rows a request takes: one, and more while it has room.

    Args:
        new: bases that each adds to the stretches, shape (n,).
        sizes: what a request costs.
        window: bases of a window.
    """
    alts = np.arange(1, len(new) + 1)
    windows = np.append(0, np.cumsum(new > 0)[:-1]) + 1
    bases = np.cumsum(new)
    is_large = (alts > ENOUGH) & (bases > LONG * window)
    fits = sizes.numbers(bases, windows, alts) <= np.where(is_large, IN_CACHE, _room(sizes, window))
    fits[0] = True
    return len(fits) if fits.all() else int(fits.argmin())


def _request(alleles: Alleles, rows: NDArray[np.intp], new: Index, column: int) -> Request:
    """Return the request of rows, each of which adds so many bases."""
    window = alleles.ref.shape[1]
    parts = [
        alleles.ref[row, window - bases :]
        for row, bases in zip(rows.tolist(), new.tolist(), strict=True)
        if bases
    ]
    starts = np.cumsum(new)[new > 0] - window
    of = np.cumsum(new > 0) - 1
    return Request(np.concatenate(parts), starts, of, alleles.alt[rows, column], rows)
