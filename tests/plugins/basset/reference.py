"""Basset in plain numpy float64, layer by layer in convnet.lua's order; it folds nothing.

It reads state dicts with the Kipoi port's names, and knows none of the plugin's code.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

State = dict[str, NDArray[np.float32]]
_BASES = np.vstack([np.eye(4), np.full((252, 4), 0.25)])


def probabilities(
    state: State, codes: NDArray[np.uint8], *, same: bool = False
) -> NDArray[np.float64]:
    """Return the mean of both strands' probabilities, shape (n, targets)."""
    complement = np.where(codes < 4, 3 - codes, codes)[:, ::-1]
    return (_forward(state, codes, same) + _forward(state, complement, same)) / 2


def _forward(state: State, codes: NDArray[np.uint8], same: bool) -> NDArray[np.float64]:
    values = _BASES[codes].transpose(0, 2, 1)  # (n, 4, bases)
    for layer, pool in ((0, 3), (4, 4), (8, 4)):
        weight = state[f"{layer}.weight"][..., 0].astype(np.float64)  # (filters, channels, size)
        if same:
            values = np.pad(values, [(0, 0), (0, 0), (weight.shape[2] // 2,) * 2])
        windows = sliding_window_view(values, weight.shape[2], axis=2)  # (n, channels, bins, size)
        values = np.einsum("ncbs,fcs->nfb", windows, weight)
        values += state[f"{layer}.bias"][:, None]
        values = np.maximum(_norm(state, layer + 1, values), 0)
        ends = range(pool, values.shape[2] + (pool if same else 1), pool)
        values = np.stack([values[:, :, end - pool : end].max(2) for end in ends], 2)
    values = values.reshape(len(values), -1)  # bin 0, 1 ... of filter 0, then of filter 1
    for layer in (13, 17):
        values = values @ state[f"{layer}.1.weight"].T.astype(np.float64)
        values = np.maximum(_norm(state, layer + 1, values + state[f"{layer}.1.bias"]), 0)
    logits = values @ state["21.1.weight"].T.astype(np.float64) + state["21.1.bias"]
    return 1 / (1 + np.exp(-logits))


def _norm(state: State, layer: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    gain, offset, mean, variance = (
        state[f"{layer}.{name}"].astype(np.float64).reshape(-1, *[1] * (values.ndim - 2))
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    return (values - mean) / np.sqrt(variance + 1e-5) * gain + offset
