"""Where filters are most active: sequences ─site_counts→ the bases there, per filter.

Each sequence gives each filter one window: that of its largest activation above 0, on the strand
that has it. Hanging placements count too; their unknown bases are a quarter of each base.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes, reverse_complement
from regplug.hooks.networks import SiteCounts
from regplug.motifs.motif import count_bases
from regplug_deepbind.network import Network

TOGETHER = 32_768  # bases of sequences whose windows are unfolded at once

_BASES = np.vstack([np.eye(4), np.full((1, 4), 0.25)]).astype(np.float32)


def site_counts(network: Network, sequences: Sequence[Codes]) -> SiteCounts:
    """Return each filter's counts of bases and its sites in codes (bases,) of any lengths."""
    filters = network.detectors.shape[2]
    counts = np.zeros((filters, network.length, 4))
    sites = np.zeros(filters, np.int64)
    for codes in _stacks(sequences):
        windows, active = _most_active(network, codes)
        sites += active.sum(axis=0)
        for index in range(filters):
            counts[index] += count_bases(windows[active[:, index], index])
    return SiteCounts(counts, sites)


def activations(network: Network, codes: Codes) -> NDArray[np.float32]:
    """Return relu(convolution + threshold) of codes (n, width), shape (n, placements, filters).

    Placement i starts length - 1 - i bases before the sequence.
    """
    length, _, filters = network.detectors.shape
    placements = sliding_window_view(_BASES[_padded(codes, length)], length, axis=1)
    columns = placements.transpose(0, 1, 3, 2).reshape(-1, length * 4)
    sums = columns @ network.detectors.reshape(length * 4, filters) + network.thresholds
    opened: NDArray[np.float32] = np.maximum(sums, 0).reshape(len(codes), -1, filters)
    return opened


def _most_active(network: Network, codes: Codes) -> tuple[Codes, NDArray[np.bool_]]:
    """Return each filter's window, shape (n, filters, length), and whether it is active there."""
    strands = [codes, reverse_complement(codes)] if network.reverse_complement else [codes]
    rows = np.arange(len(codes))[:, None]
    windows, largest = [], []
    for strand in strands:
        values = activations(network, strand)
        places = values.argmax(axis=1)  # (n, filters)
        largest.append(values.max(axis=1))
        padded = _padded(strand, network.length)
        windows.append(sliding_window_view(padded, network.length, axis=1)[rows, places])
    choice = np.argmax(largest, axis=0)  # the forward strand if both are equal
    chosen = np.take_along_axis(np.stack(windows), choice[None, :, :, None], axis=0)[0]
    return chosen, np.max(largest, axis=0) > 0


def _padded(codes: Codes, length: int) -> Codes:
    """Return codes (n, width + 2 (length - 1)), unknown bases at both ends."""
    return np.pad(codes, ((0, 0), (length - 1, length - 1)), constant_values=UNKNOWN)


def _stacks(sequences: Sequence[Codes]) -> Iterator[Codes]:
    """Yield codes (n, width), sequences of one length together."""
    lengths = np.array([len(codes) for codes in sequences])
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        together = max(1, TOGETHER // length)
        for start in range(0, len(rows), together):
            yield np.stack([sequences[row] for row in rows[start : start + together]])
