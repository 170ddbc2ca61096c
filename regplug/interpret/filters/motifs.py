"""What the filters of a convolutional model recognise: sequences ─filter_motifs→ a Motif each.

As Basset makes them (basset_motifs.py): wherever, on either strand, a filter's output is larger
than mean + 0.5 (max - mean) of its outputs, the bases under it are counted, as that strand reads.
Placements that hang over an end are left out. A pseudocount of 1 is added to each base at each
position, and filters with fewer than 10 such placements have no motif.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.interpret.filters.find import Filters
from regplug.interpret.filters.layer import FirstLayer, Maps
from regplug.motifs.motif import FEWEST, Frequencies, Motif, information, trimmed

THRESHOLD = 0.5  # on the way from a filter's mean output to its largest; placements above count
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

    The motif is trimmed; the information is that of all its positions.

    Args:
        model: the opened model.
        codes: (n, window).
        gc: share of G and C in the background; with 0.5 a sure base has 2 bits, as in the paper.
        progress: called with the sequences read and those to read; each is read twice.
    """
    thresholds = _thresholds(model, codes, lambda done: progress(done, 2 * len(codes)))
    counts = [np.zeros((member.size, 4, member.length)) for member in model.members]
    sites = [np.zeros(member.size) for member in model.members]
    for rows, maps in chunks(model, codes):
        for at, (member, of_member) in enumerate(zip(model.members, maps, strict=True)):
            sequences = rows.stop - rows.start
            more, found = _count(member, of_member, thresholds[at], model.window, sequences)
            counts[at] += more
            sites[at] += found
        progress(len(codes) + rows.stop, 2 * len(codes))
    return [
        [
            _motif(str(index), bases.T, round(found), gc)
            for index, (bases, found) in enumerate(zip(*member, strict=True))
        ]
        for member in zip(counts, sites, strict=True)
    ]


def chunks(model: FirstLayer, codes: Codes) -> Iterator[tuple[slice, list[Maps]]]:
    """Yield rows of codes, and the outputs of each member's filters for them."""
    for start in range(0, len(codes), TOGETHER):
        rows = slice(start, min(start + TOGETHER, len(codes)))
        yield rows, model.read(codes[rows])


def _thresholds(
    model: FirstLayer, codes: Codes, progress: Callable[[int], None]
) -> list[NDArray[np.float64]]:
    """Return, for each member, above which output a placement counts, shape (filters,)."""
    largest = [np.full(member.size, -np.inf) for member in model.members]
    totals = [np.zeros(member.size) for member in model.members]
    counts = np.zeros(len(model.members))
    for rows, maps in chunks(model, codes):
        for at, values in enumerate(of_member.values for of_member in maps):
            largest[at] = np.maximum(largest[at], values.max(axis=(0, 2)))
            totals[at] += values.sum(axis=(0, 2), dtype=np.float64)
            counts[at] += len(values) * values.shape[2]
        progress(rows.stop)
    means = [total / count for total, count in zip(totals, counts, strict=True)]
    return [mean + THRESHOLD * (most - mean) for mean, most in zip(means, largest, strict=True)]


def _count(
    member: Filters, maps: Maps, thresholds: NDArray[np.float64], window: int, sequences: int
) -> tuple[Frequencies, NDArray[np.float64]]:
    """Return the counts of bases under placements that count, and how many those are.

    The counts have shape (filters, 4, length), the numbers (filters,). Filters that also read the
    other strand give both strands the same outputs: only the first strand's rows are counted.
    """
    rows = slice(sequences) if maps.turned is not None else slice(None)
    edge = (maps.letters.shape[2] - window) // 2  # unknown bases that the graph put before
    first, stop = edge + member.pad, edge + member.pad + window - member.length + 1
    under = sliding_window_view(maps.letters[rows, :, edge : edge + window], member.length, axis=2)
    under = under.transpose(0, 2, 1, 3).reshape(-1, 4 * member.length)  # (placements, bases)
    outputs = maps.values[rows, :, first:stop].transpose(1, 0, 2).reshape(member.size, -1)
    hits = outputs > thresholds[:, None]
    counts = np.zeros((member.size, 4, member.length))
    by_direction = [(hits, 1)]
    if maps.turned is not None:
        turned = maps.turned[rows, :, first:stop].transpose(1, 0, 2).reshape(member.size, -1)
        by_direction = [(hits & ~turned, 1), (hits & turned, -1)]
    for hits_there, direction in by_direction:
        found = hits_there.astype(np.float32) @ under
        counts += found.reshape(counts.shape)[:, ::direction, ::direction]
    return counts, hits.sum(axis=1).astype(np.float64)


def _motif(name: str, counts: Frequencies, sites: int, gc: float) -> tuple[Motif, float]:
    """Return the motif of counts (length, 4), and its information in bits before trimming."""
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
