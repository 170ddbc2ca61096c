"""Does an answer come from the model that was checked? A row of each request proves it.

Behind one address may stand several servers, of which some have another model of that name already,
and a server may load another at any time: no check before or after an answer can tell whose it is.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import BackendError
from regplug.genome.codes import Codes

# By so much a known score may be off: a GPU sums up batches of two sizes in two orders.
ABSOLUTE, RELATIVE = 1e-4, 1e-3
HALF_ABSOLUTE, HALF_RELATIVE = 5e-3, 1e-2  # in float16 (benchmarks.float16)
LENGTHS = 1000  # of sequences, whose known answers are kept


class Answer(NamedTuple):
    """A server's answer: the version of the model that it names, and each output's (n, ...)."""

    version: str
    outputs: Mapping[str, NDArray[np.float32]]


class Proof:
    """Adds a sequence to each request, whose answers are known from an answer that was checked.

    Attributes:
        rows: of a batch, that a request has room for.
    """

    def __init__(self, name: str, *, max_batch_size: int, half: bool = False) -> None:
        """Prepare to prove answers of the model `name`; with one row at a time there is no room.

        `half` says that it answers in float16.
        """
        self._name = name
        self._off = (HALF_RELATIVE, HALF_ABSOLUTE) if half else (RELATIVE, ABSOLUTE)
        self._has_room = max_batch_size > 1
        self.rows = max(1, max_batch_size - 1)
        # (bases, output) → the version that answered the sequence, and its answer (1, ...)
        self._known: dict[tuple[int, str], tuple[str, NDArray[np.float32]]] = {}

    def added_to(self, codes: Codes) -> Codes:
        """Return a batch (n, bases) with the sequence as its last row, if there is room."""
        if not self._has_room:
            return codes
        sequence = np.random.default_rng(0).integers(0, 4, (1, codes.shape[1]), np.uint8)
        return np.concatenate([codes, sequence])

    def holds(self, answer: Answer, bases: int) -> bool:
        """Return whether an answer for sequences of so many bases is proven; else it is unknown.

        It is proven where the last row of each of its outputs is known.

        Raises:
            BackendError: it is another model's.
        """
        known = [self._agrees(answer, name, bases) for name in answer.outputs]
        return all(known)

    def learn(self, answer: Answer, bases: int) -> None:
        """Take an answer, which has been checked, as what others must agree with.

        Raises:
            BackendError: it does not agree with one that another thread took.
        """
        for name, rows in answer.outputs.items() if self._has_room else ():
            if (bases, name) in self._known or len(self._known) < LENGTHS:
                self._known.setdefault((bases, name), (answer.version, rows[-1:].copy()))
                self._agrees(answer, name, bases)

    def _agrees(self, answer: Answer, name: str, bases: int) -> bool:
        """Return whether an output's proof is known; a BackendError if it is another model's."""
        if (bases, name) not in self._known:
            return False
        version, row = self._known[bases, name]
        if answer.version != version or not np.allclose(answer.outputs[name][-1:], row, *self._off):
            raise BackendError(
                f"two models called {self._name} answer at one address, or it was replaced "
                f"(versions {version} and {answer.version}): wait until one is served, and "
                "start again, so that one model gives all scores"
            )
        return True
