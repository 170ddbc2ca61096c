"""A DeepBind network, in the terms of its published parameter file.

parameter file ─read_network→ Network ─graph.variant_graph→ model.onnx
trained weights ─stored.to_network→ ↗
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Network:
    """The weights of a network; all arrays are float32.

    A sequence of n bases is padded with length - 1 unknown bases (0.25 each) at both ends; each
    filter gives relu(convolution + threshold) at n + length - 1 placements; their maximum (and,
    with `average_pooling`, their mean: max, mean, max, mean ...) are the features.

    Attributes:
        detectors: shape (length, 4, filters); bases in the order A, C, G, T.
        thresholds: shape (filters,); added to the convolution before the rectifier.
        weights1: shape (features, hidden), or (features, 1) for a network without a hidden layer.
        biases1: shape (hidden,) or (1,).
        weights2: shape (hidden,), or None without a hidden layer.
        bias2: added to the hidden layer's sum; 0 without a hidden layer.
        reverse_complement: True if a sequence's score is the larger of its two strands'.
        average_pooling: True if features are maxima and means, interleaved.
    """

    detectors: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    weights1: NDArray[np.float32]
    biases1: NDArray[np.float32]
    weights2: NDArray[np.float32] | None
    bias2: float
    reverse_complement: bool
    average_pooling: bool

    @property
    def length(self) -> int:
        """Return the motif length in bases (`detector_len`)."""
        return int(self.detectors.shape[0])

    @property
    def hidden(self) -> int:
        """Return the number of hidden units, 0 without a hidden layer."""
        return 0 if self.weights2 is None else int(self.weights2.shape[0])

    @property
    def units(self) -> int:
        """Return how many numbers the last layer reads: hidden units, or else features."""
        return self.hidden or int(self.weights1.shape[0])

    @property
    def scan(self) -> int:
        """Return the sub-window of the v0.11 scan: int(1.5 * motif length) bases."""
        return int(1.5 * self.length)
