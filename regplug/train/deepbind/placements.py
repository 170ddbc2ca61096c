"""Where filters lie best: the placements of many filters on many sequences, and their gradients.

The gradient of a maximum goes only to the placement where it is reached. So the best placements are
searched first, without torch's graph of gradients, and then only these get one (`placed`): the
values and gradients are those of a whole convolution and its maximum, at the price of the search.

On a CPU the search adds up rows of a table, one for each three bases: a convolution whose input is
a base per column needs no products. Elsewhere, and for detectors of more than 24 bases, it is a
convolution.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from regplug.genome.codes import UNKNOWN

WORD = 3  # bases whose sum is looked up at once
LETTERS = UNKNOWN + 1
WORDS = LETTERS**WORD  # rows of the table for each three columns of a detector
LONGEST = 8 * WORD  # bases of the longest detector that is looked up; shorter ones end in zeros


def pad(codes: Tensor, length: int) -> Tensor:
    """Return codes (n, bases) with length - 1 unknown bases at both ends."""
    return functional.pad(codes, (length - 1, length - 1), value=UNKNOWN)


def best_placements(detectors: Tensor, padded: Tensor) -> tuple[Tensor, Tensor]:
    """Return each filter's highest sum on each sequence, and where its first column then lies.

    Args:
        detectors: float32 (length, 4, filters); an unknown base adds 0.
        padded: uint8 codes (n, columns), from `pad`.

    Returns:
        sums: float32 (n, filters).
        starts: int64 (n, filters), columns of `padded`; the first of several equal ones.
    """
    detectors = detectors.detach()
    if not _is_looked_up(detectors):
        return _convolve(detectors, padded)
    sums = torch.full((len(padded), detectors.shape[2]), -torch.inf)
    starts = torch.zeros(sums.shape, dtype=torch.int32)
    words = _words(padded, len(detectors))
    _search(*_arrays(words, _table(detectors), sums, starts))
    return sums, starts.long()


def placed(detectors: Tensor, sums: Tensor, padded: Tensor, rows: Tensor, starts: Tensor) -> Tensor:
    """Return `sums` (n, filters), now with a gradient that goes to the detectors.

    Args:
        detectors: float32 (length, 4, filters); the gradient goes to them.
        sums: float32 (n, filters), found by `best_placements`.
        padded: uint8 codes (sequences, columns), from `pad`.
        rows: int64 (n, filters), the sequence that the filter was laid on.
        starts: int64 (n, filters), the column of `padded` where it begins.
    """
    same: Tensor = _Placed.apply(  # type: ignore[no-untyped-call]
        detectors, sums, padded, rows, starts
    )
    return same


def mean_placements(detectors: Tensor, thresholds: Tensor, padded: Tensor) -> Tensor:
    """Return the mean over all starts of each filter's rectified sum, shape (n, filters).

    Args:
        detectors: float32 (length, 4, filters); the gradient goes to them and to the thresholds.
        thresholds: float32 (filters,), added to each sum before it is rectified.
        padded: uint8 codes (n, columns), from `pad`.
    """
    if not _is_looked_up(detectors):
        convolved = functional.conv1d(_one_hot(padded), detectors.permute(2, 1, 0), thresholds)
        return convolved.relu().mean(2)
    table = _table(detectors)
    # Each sum has exactly one of the first WORDS rows in it, so they can carry the thresholds.
    table = torch.cat([table[:WORDS] + thresholds, table[WORDS:]])
    means: Tensor = _Mean.apply(  # type: ignore[no-untyped-call]
        table, _words(padded, len(detectors))
    )
    return means


class _Mean(torch.autograd.Function):
    """The mean over all starts of the rectified sum of eight rows of the table."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, words: Tensor) -> Tensor:
        ctx.save_for_backward(table, words)
        means = torch.zeros(len(words), table.shape[1])
        _means(*_arrays(words, table, means))
        return means

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        table, words = ctx.saved_tensors
        total = torch.zeros_like(table)
        passed = torch.empty(table.shape[1])
        _means_backward(*_arrays(words, table, gradient, passed, total))
        return total, None


class _Placed(torch.autograd.Function):
    """The identity on sums; backwards, a sum's gradient goes to the weights that it adds up."""

    @staticmethod
    def forward(ctx: Any, detectors: Tensor, sums: Tensor, *where: Tensor) -> Tensor:
        ctx.save_for_backward(*where)
        ctx.shape = detectors.shape
        return sums.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        padded, rows, starts = ctx.saved_tensors
        length, letters, filters = ctx.shape
        total = gradient.new_zeros(filters, length, LETTERS)
        if _by_words(gradient):
            _scatter(total.numpy(), *_arrays(padded, rows, starts, gradient))
        else:
            columns = torch.arange(length, device=gradient.device)
            bases = padded[rows[..., None], starts[..., None] + columns].long()
            places = (torch.arange(filters, device=bases.device)[:, None], columns, bases)
            total.index_put_(places, gradient[..., None].expand(bases.shape), accumulate=True)
        return total[..., :letters].permute(1, 2, 0), None, None, None, None


def _is_looked_up(detectors: Tensor) -> bool:
    """Tell whether sums are looked up in a table, not computed by a convolution."""
    return _by_words(detectors) and len(detectors) <= LONGEST


def _by_words(tensor: Tensor) -> bool:
    """Tell whether the loops below can work on a tensor's memory."""
    return tensor.device.type == "cpu"


def _arrays(*tensors: Tensor) -> list[NDArray[Any]]:
    """Return the tensors as arrays for the loops below; contiguous ones share their memory."""
    return [tensor.contiguous().numpy() for tensor in tensors]


def _convolve(detectors: Tensor, padded: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `best_placements` does, by torch's convolution."""
    best = functional.conv1d(_one_hot(padded), detectors.permute(2, 1, 0)).max(2)
    return best.values, best.indices


def _one_hot(padded: Tensor) -> Tensor:
    """Return float32 (n, 4, columns); an unknown base is four zeros."""
    eye = torch.eye(LETTERS, LETTERS - 1, device=padded.device)
    return eye[padded.long()].transpose(1, 2)


def _table(detectors: Tensor) -> Tensor:
    """Return what each word adds under each third column of a detector: (8 * 125, filters)."""
    length, _, filters = detectors.shape
    known = functional.pad(detectors, (0, 0, 0, 1, 0, LONGEST - length))
    first, second, third = known.view(-1, WORD, LETTERS, filters).unbind(1)
    sums = first[:, :, None, None] + second[:, None, :, None] + third[:, None, None, :]
    return sums.reshape(-1, filters)


def _words(padded: Tensor, length: int) -> Tensor:
    """Return the word that begins at each column, int64, as if all detectors were the LONGEST."""
    codes = functional.pad(padded, (0, LONGEST - length + WORD - 1), value=UNKNOWN).long()
    return (codes[:, :-2] * LETTERS + codes[:, 1:-1]) * LETTERS + codes[:, 2:]


@njit(inline="always")
def _rows_at(words, n, start):  # type: ignore[no-untyped-def]
    """Return the table's rows for sequence n at a start: eight words, each under three columns."""
    return (
        words[n, start],
        WORDS + words[n, start + 3],
        2 * WORDS + words[n, start + 6],
        3 * WORDS + words[n, start + 9],
        4 * WORDS + words[n, start + 12],
        5 * WORDS + words[n, start + 15],
        6 * WORDS + words[n, start + 18],
        7 * WORDS + words[n, start + 21],
    )


@njit(inline="always")
def _sum(table, rows, f):  # type: ignore[no-untyped-def]
    """Return the sum of filter f over eight rows; by pairs, which rounds less than one by one."""
    first = (table[rows[0], f] + table[rows[1], f]) + (table[rows[2], f] + table[rows[3], f])
    second = (table[rows[4], f] + table[rows[5], f]) + (table[rows[6], f] + table[rows[7], f])
    return first + second


@njit(cache=True, parallel=True)
def _search(words, table, sums, starts):  # type: ignore[no-untyped-def]
    """Fill sums and starts (n, filters).

    Only inside a prange are the arrays taken not to overlap, and the loop over filters becomes
    vector instructions.
    """
    for n in prange(words.shape[0]):
        for start in range(words.shape[1] - LONGEST + 1):
            rows = _rows_at(words, n, start)
            here = np.int32(start)
            for f in range(table.shape[1]):
                found = _sum(table, rows, f)
                better = found > sums[n, f]
                sums[n, f] = found if better else sums[n, f]
                starts[n, f] = here if better else starts[n, f]


@njit(cache=True, parallel=True)
def _means(words, table, means):  # type: ignore[no-untyped-def]
    """Fill means (n, filters); see `_search`."""
    starts = words.shape[1] - LONGEST + 1
    for n in prange(words.shape[0]):
        for start in range(starts):
            rows = _rows_at(words, n, start)
            for f in range(table.shape[1]):
                means[n, f] += max(_sum(table, rows, f), np.float32(0))
        for f in range(table.shape[1]):
            means[n, f] /= starts


@njit(cache=True, parallel=True)
def _means_backward(words, table, gradient, passed, total):  # type: ignore[no-untyped-def]
    """Add to total (8 * 125, filters) the gradients of the table's rows; see `_search`.

    `passed` (filters,) is room for the gradients that pass the rectifier.
    """
    starts = words.shape[1] - LONGEST + 1
    share = np.float32(1 / starts)
    for _ in prange(1):  # one thread adds
        for n in range(words.shape[0]):
            for start in range(starts):
                rows = _rows_at(words, n, start)
                for f in range(table.shape[1]):
                    is_above = _sum(table, rows, f) > 0
                    passed[f] = gradient[n, f] * share if is_above else np.float32(0)
                for row in rows:
                    for f in range(table.shape[1]):
                        total[row, f] += passed[f]


@njit(cache=True)
def _scatter(total, padded, rows, starts, gradient):  # type: ignore[no-untyped-def]
    """Add each gradient (n, filters) to the weights, total (filters, length, 5), of its sum."""
    for n in range(rows.shape[0]):
        for f in range(rows.shape[1]):
            if gradient[n, f] != 0:
                row, start = rows[n, f], starts[n, f]
                for j in range(total.shape[1]):
                    total[f, j, padded[row, start + j]] += gradient[n, f]
