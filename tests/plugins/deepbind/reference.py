"""DeepBind v0.11 scores in plain numpy float64, written from the published description alone.

It shares no idea with the graph: sub-windows are cut out, padded with unknown bases (0.25 each),
convolved and pooled.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug_deepbind.network import Network

_BASES = np.vstack([np.eye(4), np.full((252, 4), 0.25)])


def reverse_complement(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the other strand of codes (n, bases)."""
    return np.where(codes < 4, 3 - codes, codes)[:, ::-1].astype(np.uint8)


def score(
    network: Network, codes: NDArray[np.uint8], *, whole: bool = False
) -> NDArray[np.float64]:
    """Return the scores of sequences, codes (n, bases) -> (n,)."""
    strands = [codes, reverse_complement(codes)] if network.reverse_complement else [codes]
    bases = codes.shape[1]
    width = bases if whole else min(network.scan, bases)
    windows = [
        strand[:, start : start + width] for strand in strands for start in range(bases - width + 1)
    ]
    values = _apply(network, np.concatenate(windows))
    best: NDArray[np.float64] = values.reshape(len(windows), len(codes)).max(axis=0)
    return best


def _apply(network: Network, windows: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the network's output for each window, taken whole: codes (n, width) -> (n,)."""
    length, _, filters = network.detectors.shape
    padding = np.full((len(windows), length - 1), 4, dtype=np.uint8)
    onehot = _BASES[np.hstack([padding, windows, padding])]  # (n, width + 2 (length - 1), 4)
    places = sliding_window_view(onehot, length, axis=1)  # (n, width + length - 1, 4, length)
    rows = places.transpose(0, 1, 3, 2).reshape(-1, length * 4)
    convolved = rows @ network.detectors.astype(np.float64).reshape(length * 4, filters)
    rectified = np.maximum(convolved + network.thresholds, 0).reshape(len(windows), -1, filters)
    features = rectified.max(axis=1)
    if network.average_pooling:
        features = np.stack([features, rectified.mean(axis=1)], axis=2).reshape(len(windows), -1)
    hidden: NDArray[np.float64] = features @ network.weights1.astype(np.float64) + network.biases1
    if network.weights2 is None:
        return hidden[:, 0]
    scores = np.maximum(hidden, 0) @ network.weights2 + network.bias2
    return np.asarray(scores, dtype=np.float64)
