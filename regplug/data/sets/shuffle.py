"""Dinucleotide-preserving shuffles: random Euler walks (Altschul and Erickson 1985).

A sequence is a walk over its letters that takes each of its steps (dinucleotides) once. Any order
of each letter's steps gives such a walk, from the same first to the same last letter, if the last
steps taken from the letters lead to the last letter. Orders are drawn until they do, which makes
all walks equally likely.
"""

import numpy as np
from numpy.typing import NDArray

LETTERS = 5


def shuffle_dinucleotides(
    codes: NDArray[np.uint8], *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return codes (n, bases), each row a shuffle with its row's dinucleotides and end bases."""
    shuffled = codes.copy()
    open_rows = np.arange(len(codes) if codes.shape[1] > 2 else 0)
    while len(open_rows):
        ordered = _random_orders(codes[open_rows], rng)
        done = _reaches_last(codes[open_rows], ordered)
        shuffled[open_rows[done]] = _walk(codes[open_rows[done]], ordered[done])
        open_rows = open_rows[~done]
    return shuffled


def _random_orders(codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the letters stepped to (n, bases - 1), by letter stepped from, in random order."""
    keys = codes[:, :-1] + rng.random((len(codes), codes.shape[1] - 1))
    return np.take_along_axis(codes[:, 1:], keys.argsort(axis=1), axis=1)


def _group_ends(codes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return, per row and letter, the end (n, 5) of the letter's group of steps."""
    counts = (codes[:, :-1, None] == np.arange(LETTERS)).sum(axis=1)
    ends: NDArray[np.intp] = counts.cumsum(axis=1)
    return ends


def _reaches_last(codes: NDArray[np.uint8], ordered: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which rows' last steps lead from every letter to the row's last letter."""
    ends, rows = _group_ends(codes), np.arange(len(codes))
    last, letters = codes[:, -1], np.arange(LETTERS)
    has_steps = np.diff(ends, axis=1, prepend=0) > 0  # (n, 5)
    target = np.take_along_axis(ordered, np.maximum(ends - 1, 0), axis=1)
    target = np.where(has_steps & (letters != last[:, None]), target, letters)
    reached = np.broadcast_to(letters, target.shape)
    for _ in range(LETTERS - 1):
        reached = target[rows[:, None], reached]
    led: NDArray[np.bool_] = ((reached == last[:, None]) | ~has_steps).all(axis=1)
    return led


def _walk(codes: NDArray[np.uint8], ordered: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the walks (n, bases) from the first letters, taking each letter's steps in order."""
    ends, rows = _group_ends(codes), np.arange(len(codes))
    place = np.hstack([np.zeros((len(codes), 1), dtype=ends.dtype), ends[:, :-1]])
    walk = codes.copy()
    for i in range(codes.shape[1] - 1):
        here = walk[:, i]
        walk[:, i + 1] = ordered[rows, place[rows, here]]
        place[rows, here] += 1
    return walk
