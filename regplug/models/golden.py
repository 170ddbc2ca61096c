"""A table of sequences and what a network answers to them in its own framework: is it that network?

sequence<TAB>answer<TAB>answer ..., below a header; answers in the order of the targets.
"""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, ModelError
from regplug.files.lines import lines_in
from regplug.genome.codes import Codes, encode
from regplug.models.foreign import Net
from regplug.models.letters import letters_read, read_as

TOLERANCE = 1e-3  # of an answer; of those above 1, relative: other programs and devices round


def check_golden(
    path: Path, predict: Callable[[Codes], NDArray[np.float32]], net: Net, letters: str
) -> None:
    """Check a network's answers.

    Args:
        path: the table.
        predict: of sequences as they stand, on one strand.
        net: what is checked.
        letters: the order in which it reads them.

    Raises:
        ModelError: the table cannot be read or does not fit, or answers differ by more than
            TOLERANCE; where they do not in another order of the letters, the message names that.
    """
    codes, wanted = _read(path, net)
    off = _off(predict(codes), wanted)
    if off <= TOLERANCE:
        return
    for order in permutations(range(4)):
        if _off(predict(read_as(codes, order)), wanted) <= TOLERANCE:
            right = letters_read(letters, order)
            raise ModelError(
                f"{net.called} answers as {path} says where its channels are {right}, not "
                f"{letters}: say --letters {right}"
            )
    raise ModelError(
        f"{net.called} answers otherwise than {path} says, by up to {off:.2g}: are the letters' "
        "order (--letters), N (--unknown), the layout and --sigmoid as in training?"
    )


def _read(path: Path, net: Net) -> tuple[Codes, NDArray[np.float64]]:
    """Return the codes (n, window) and answers (n, targets) of a table."""
    try:
        rows = [line.split("\t") for line in lines_in(path)][1:]
        wanted = np.array([[float(cell) for cell in row[1:]] for row in rows])
    except UNREADABLE as error:
        raise ModelError(f"golden answers in {path} cannot be read: {error}") from error
    if wanted.shape != (len(rows), net.targets) or not rows:
        raise ModelError(
            f"{path} has no answer for each of {net.targets} targets in each line: below a header, "
            "lines are sequence<TAB>answer<TAB>answer ..."
        )
    for number, (sequence, *_) in enumerate(rows, start=2):
        if len(sequence) != net.window:
            raise ModelError(
                f"line {number} of {path} has {len(sequence)} bases, and {net.called} reads "
                f"{net.window}"
            )
    return np.stack([encode(sequence) for sequence, *_ in rows]), wanted


def _off(answers: NDArray[np.float32], wanted: NDArray[np.float64]) -> float:
    """Return the largest difference; of answers above 1, relative; inf for NaN."""
    off = float((np.abs(answers - wanted) / np.maximum(1, np.abs(wanted))).max())
    return off if off == off else float("inf")
