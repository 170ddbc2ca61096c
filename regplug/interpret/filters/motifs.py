"""What the filters of a convolutional model recognise: sequences ─filter_motifs→ a Motif each.

As Basset makes them (basset_motifs.py): of every placement, on either strand, where a filter
answers more than mean + 0.5 (max - mean) of its answers, the bases under it count, as that strand
reads. Placements that hang over an end do not count. A base of the counts more everywhere, and
fewer than 10 placements say nothing.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.interpret.filters.find import Filters
from regplug.interpret.filters.layer import FirstLayer, Maps
from regplug.motifs.motif import FEWEST, Frequencies, Motif, information, trimmed

LOUD = 0.5  # of the way from a filter's mean answer to its largest
PSEUDOCOUNT = 1.0  # of each base at each position
TOGETHER = 32  # sequences that are read at once


def filter_motifs(
    model: FirstLayer,
    codes: Codes,
    *,
    gc: float = 0.5,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[list[tuple[Motif, float]]]:
    """Return each member's motifs, and the information of each in bits.

    The motif is trimmed; the information is that of all its positions, against a background of the
    share `gc` of G and C. `progress` is told the sequences read, and those to read.

    Args:
        model: the opened model.
        codes: (n, window).
        gc: 0.5 counts 2 bits for a sure base, as the paper does.
        progress: told.
    """
    loud = _thresholds(model, codes, lambda done: progress(done, 2 * len(codes)))
    counts = [np.zeros((one.size, 4, one.length)) for one in model.members]
    sites = [np.zeros(one.size) for one in model.members]
    for start, maps in chunks(model, codes):
        for at, (member, one) in enumerate(zip(model.members, maps, strict=True)):
            more, found = _count(member, one, loud[at], model.window, start.stop - start.start)
            counts[at] += more
            sites[at] += found
        progress(len(codes) + start.stop, 2 * len(codes))
    return [
        [
            _motif(str(index), bases.T, round(found), gc)
            for index, (bases, found) in enumerate(zip(*member, strict=True))
        ]
        for member in zip(counts, sites, strict=True)
    ]


def chunks(model: FirstLayer, codes: Codes) -> Iterator[tuple[slice, list[Maps]]]:
    """Yield rows of codes, and what each member answers to them."""
    for start in range(0, len(codes), TOGETHER):
        rows = slice(start, min(start + TOGETHER, len(codes)))
        yield rows, model.read(codes[rows])


def _thresholds(
    model: FirstLayer, codes: Codes, progress: Callable[[int], None]
) -> list[NDArray[np.float64]]:
    """Return, for each member, what a filter must answer more than, shape (filters,)."""
    largest = [np.full(one.size, -np.inf) for one in model.members]
    totals = [np.zeros(one.size) for one in model.members]
    answers = np.zeros(len(model.members))
    for rows, maps in chunks(model, codes):
        for at, one in enumerate(maps):
            largest[at] = np.maximum(largest[at], one.values.max(axis=(0, 2)))
            totals[at] += one.values.sum(axis=(0, 2), dtype=np.float64)
            answers[at] += len(one.values) * one.values.shape[2]
        progress(rows.stop)
    means = [total / count for total, count in zip(totals, answers, strict=True)]
    return [mean + LOUD * (most - mean) for mean, most in zip(means, largest, strict=True)]


def _count(
    member: Filters, maps: Maps, loud: NDArray[np.float64], window: int, sequences: int
) -> tuple[Frequencies, NDArray[np.float64]]:
    """Return the bases under loud placements, (filters, 4, length), and how many those are.

    Filters that also read the other strand answer alike on both: the first strand's rows count.
    """
    rows = slice(sequences) if maps.turned is not None else slice(None)
    edge = (maps.letters.shape[2] - window) // 2  # unknown bases that the graph put before
    first, stop = edge + member.pad, edge + member.pad + window - member.length + 1
    under = sliding_window_view(maps.letters[rows, :, edge : edge + window], member.length, axis=2)
    under = under.transpose(0, 2, 1, 3).reshape(-1, 4 * member.length)  # (placements, bases)
    answers = maps.values[rows, :, first:stop].transpose(1, 0, 2).reshape(member.size, -1)
    hits = answers > loud[:, None]
    counts = np.zeros((member.size, 4, member.length))
    ways = [(hits, 1)]
    if maps.turned is not None:
        turned = maps.turned[rows, :, first:stop].transpose(1, 0, 2).reshape(member.size, -1)
        ways = [(hits & ~turned, 1), (hits & turned, -1)]
    for loud_here, way in ways:
        found = loud_here.astype(np.float32) @ under
        counts += found.reshape(counts.shape)[:, ::way, ::way]
    return counts, hits.sum(axis=1).astype(np.float64)


def _motif(name: str, counts: Frequencies, sites: int, gc: float) -> tuple[Motif, float]:
    if sites < FEWEST:
        return Motif(name, np.empty((0, 4)), sites), 0.0
    raised = counts + PSEUDOCOUNT
    frequencies = raised / raised.sum(axis=1, keepdims=True)
    return Motif(name, trimmed(frequencies), sites), float(information(frequencies, gc=gc).sum())


def names(members: Sequence[Filters]) -> list[str]:
    """Return the filters' names: their index, in an ensemble after the member's number."""
    return [
        f"{number}.{index}" if len(members) > 1 else str(index)
        for number, member in enumerate(members, start=1)
        for index in range(member.size)
    ]
