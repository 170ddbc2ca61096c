"""Stacks ─Kernel→ scores of sequences and of SNVs, by kernel.c, on several threads.

The library is compiled where regplug is installed (hatch_build.py), if there is a compiler; without
it `library` is None and the panel's graph is run. It adds in the same order for each width of
vectors and never fuses, so each CPU gives the same bits.
"""

import ctypes
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug_deepbind.stacked import Floats, Stack

LIBRARY = Path(__file__).with_name("_kernel.so")
SOURCES = ("kernel.c", "kernel_wide.h")
WIDTHS = (16, 8, 4, 1)  # floats in a vector: AVX-512, AVX2, SSE or NEON, none
LANES = 16  # as in kernel.c
PER_TASK = 1024  # scores of a network for which a thread is asked at once, 4 ms or so


class _Group(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("length", "scan", "hidden", "mean", "strands")),
        *(
            (name, ctypes.c_void_p)
            for name in ("columns", "thresholds", "weights1", "biases1", "weights2", "bias2")
        ),
    )


@cache
def library() -> ctypes.CDLL | None:
    """Return the compiled kernel; None where there is none, or one of other sources."""
    try:
        found = ctypes.CDLL(str(LIBRARY))
        found.sources.restype = ctypes.c_char_p
        if found.sources().decode() != fingerprint(LIBRARY.parent):
            return None
    except (OSError, AttributeError):
        return None
    whole, place = ctypes.c_int64, ctypes.c_void_p
    found.rows.argtypes = (place, *[ctypes.c_int] * 3, place, whole, whole, whole, place)
    found.snvs.argtypes = (place, *[ctypes.c_int] * 3, place, whole, whole, *[place] * 4)
    return found


def fingerprint(folder: Path) -> str:
    """Return what tells the kernel's sources in a folder from others."""
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in SOURCES)).hexdigest()


def widths() -> list[int]:
    """Return the widths of vectors for which this CPU and the library have a program."""
    found = library()
    return [wide for wide in WIDTHS if found and found.has(wide)]


class Kernel:
    """A panel's networks, ready to score."""

    def __init__(self, stacks: Sequence[Stack], *, threads: int = 0, wide: int = 0) -> None:
        """Take the networks.

        Args:
            stacks: all networks of the panel; see `fits`.
            threads: of the CPU; 0 for all cores.
            wide: floats in a vector; 0 for the most that the CPU has.
        """
        loaded = library()
        assert loaded is not None, "ask library() first"
        self._library = loaded
        self._wide = wide or widths()[0]
        self._groups = [_Packed(stack) for stack in stacks]
        self._order = np.argsort(np.concatenate([stack.targets for stack in stacks]))
        threads = threads or _cores()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def rows(self, codes: Codes, *, central: bool) -> Floats:
        """Return the scores (n, targets) of codes (n, bases).

        With `central` each network reads the sub-windows that cover the middle base, otherwise all.
        """
        codes = _known(codes)
        count, bases = codes.shape
        scores = np.empty((len(self._order), count), np.float32)

        def call(group: "_Packed", first: int, last: int, at: int) -> int:
            start, reads = group.central(bases) if central else (0, bases)
            return int(
                self._library.rows(
                    ctypes.byref(group.struct), self._wide, first, last,
                    codes.ctypes.data + start, bases, count, reads, scores[at:].ctypes.data,
                )
            )  # fmt: skip

        self._run(call, count)
        return self._in_order(scores)

    def snvs(self, windows: Codes, of: NDArray[np.int64], alt: Codes) -> tuple[Floats, Floats]:
        """Return the scores of windows, (n, targets), and of SNVs in their middle, (m, targets).

        Args:
            windows: codes (n, bases) of REF.
            of: the window of each SNV, shape (m,), ascending.
            alt: the base that it puts there, shape (m,).
        """
        windows, alt = _known(windows), _known(alt)
        count, bases = windows.shape
        ends = np.searchsorted(of, np.arange(count), side="right").astype(np.int64)
        before = np.empty((len(self._order), count), np.float32)
        after = np.empty((len(self._order), len(alt)), np.float32)

        def call(group: "_Packed", first: int, last: int, at: int) -> int:
            start, _ = group.central(bases)
            return int(
                self._library.snvs(
                    ctypes.byref(group.struct), self._wide, first, last,
                    windows.ctypes.data + start, bases, count, ends.ctypes.data, alt.ctypes.data,
                    before[at:].ctypes.data, after[at:].ctypes.data,
                )
            )  # fmt: skip

        self._run(call, count + len(alt))
        return self._in_order(before), self._in_order(after)

    def _in_order(self, scores: Floats) -> Floats:
        """Return scores (n, targets) of those of the networks as they are stacked, (targets, n)."""
        return np.ascontiguousarray(scores[self._order].T)

    def _run(self, call: Callable[["_Packed", int, int, int], int], scores: int) -> None:
        """Let threads call the library for a few networks at a time.

        Raises:
            BackendError: there is no memory for what a call puts by.
        """
        if not scores:
            return
        step, tasks, at = max(1, PER_TASK // scores), [], 0
        for group in self._groups:
            tasks += [
                (group, first, min(first + step, group.networks), at)
                for first in range(0, group.networks, step)
            ]
            at += group.networks
        mapped = self._pool.map if self._pool and len(tasks) > 1 else map
        if any(mapped(lambda task: call(*task), tasks)):
            raise BackendError(
                "the memory is full: give DeepBind's kernel more, or fewer --threads"
            )

    def close(self) -> None:
        """End the threads."""
        if self._pool:
            self._pool.shutdown()


class _Packed:
    """A stack as kernel.c reads it."""

    def __init__(self, stack: Stack) -> None:
        strands, self.networks, filters, length, _ = stack.filters.shape
        hidden = 0 if stack.weights2 is None else stack.weights1.shape[1]
        units = -(-hidden // LANES) * LANES or 1  # a multiple of LANES; those added weigh 0
        columns = np.zeros((self.networks, strands, 2, 5, length, LANES))
        forward = stack.filters.transpose(1, 0, 4, 3, 2)  # (networks, strands, 4, length, filters)
        columns[:, :, 0, :4, :, :filters] = forward
        columns[:, :, 1, :4, :, :filters] = forward[..., ::-1, :]
        kinds = 2 if stack.mean else 1
        weights1 = np.zeros((self.networks, kinds, LANES, units))
        by_kind = stack.weights1.reshape(self.networks, -1, filters, kinds)
        weights1[:, :, :filters, : hidden or 1] = by_kind.transpose(0, 3, 2, 1)
        biases2 = stack.biases1[:, 0] if stack.biases2 is None else stack.biases2
        thresholds = stack.thresholds.transpose(1, 0, 2)
        self._kept = [
            _aligned(array)
            for array in (
                columns,
                _widened(thresholds, LANES),
                weights1,
                _widened(stack.biases1, units) if hidden else np.zeros(1),
                _widened(stack.weights2, units) if stack.weights2 is not None else np.zeros(1),
                biases2,
            )
        ]
        self._scan = stack.scan
        addresses = [array.ctypes.data for array in self._kept]
        numbers = (length, stack.scan, units if hidden else 0, int(stack.mean), strands)
        self.struct = _Group(*numbers, *addresses)

    def central(self, bases: int) -> tuple[int, int]:
        """Return the first base of a window that is read, and how many are."""
        reads = 2 * self._scan - 1
        assert reads <= bases, "a window is as wide as its widest network reads"
        return bases // 2 - (self._scan - 1), reads


def fits(stack: Stack) -> bool:
    """Tell whether the kernel can hold these networks."""
    *_, filters, length, _ = stack.filters.shape
    return filters <= LANES and length <= stack.scan <= 2 * length


def _known(codes: Codes) -> Codes:
    """Return codes of which each unknown base is 4, in one piece of memory."""
    return np.ascontiguousarray(np.minimum(codes, 4), np.uint8)


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _widened(array: Floats, size: int) -> NDArray[np.float64]:
    """Return an array with zeros added to its last axis."""
    wide = np.zeros((*array.shape[:-1], size))
    wide[..., : array.shape[-1]] = array
    return wide


def _aligned(array: NDArray[np.float32] | NDArray[np.float64]) -> Floats:
    """Return a float32 copy that begins at a multiple of 64 bytes."""
    room = np.empty(array.size + 16, np.float32)
    start = -room.ctypes.data % 64 // 4
    copy = room[start : start + array.size].reshape(array.shape)
    copy[...] = array
    return copy
