"""A model whose predictions are means over windows that are moved: does that help with variants?"""

from collections.abc import Sequence

import numpy as np

from regplug.genome.codes import UNKNOWN, Codes
from regplug.scoring.backend import Answering, Array, Backend
from regplug.scoring.outputs import Output


class Shifted(Answering):
    """The mean of a model's predictions over windows moved by each of `shifts` bases.

    Attributes:
        card: the model's.
    """

    def __init__(self, backend: Backend, shifts: Sequence[int]) -> None:
        """Take a model and the bases to move its windows by, to the right above 0."""
        self.card, self._backend, self._shifts = backend.card, backend, shifts

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        name = outputs[0].name
        moved = [self._backend.predict(shifted(codes, by), (name,)) for by in self._shifts]
        return [np.mean(moved, axis=0, dtype=np.float32)]

    def close(self) -> None:
        """Close the model."""
        self._backend.close()


def shifted(codes: Codes, by: int) -> Codes:
    """Return codes (n, bases) moved by so many bases; unknown ones move in."""
    out = np.full_like(codes, UNKNOWN)
    width = codes.shape[1]
    out[:, max(by, 0) : width + min(by, 0)] = codes[:, max(-by, 0) : width - max(by, 0)]
    return out
