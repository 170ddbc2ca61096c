"""What a model must beat: values of the sequence alone, that look like models."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.variant_truth_figures import Floats
from regplug.genome.codes import Codes
from regplug.scoring.card import ModelCard, Target

WINDOW = 101  # bases; an SNV changes what a baseline counts by the same in any window


class Baseline:
    """A value of each row of codes, as a model with one target."""

    def __init__(self, name: str, value: Callable[[Codes], Floats]) -> None:
        """Give it a card."""
        self.card = ModelCard(
            name=name.replace(" ", "_"),
            version="1",
            family="variant_effect",
            window=WINDOW,
            targets=(Target(name),),
            strand="mean",
            output_scale="score",
            max_batch_size=1,
            sha256="",
        )
        self._value = value

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Return the value of each row, (n, 1)."""
        return self._value(codes).astype(np.float32)[:, None]

    def close(self) -> None:
        """Hold nothing."""


def gc_content(codes: Codes) -> Floats:
    """Return the number of G and C of each row, (n,)."""
    counts: Floats = ((codes == 1) | (codes == 2)).sum(axis=1).astype(np.float64)
    return counts


def baselines() -> list[Baseline]:
    """Return GC content, and a constant."""
    return [
        Baseline("GC content", gc_content),
        Baseline("constant", lambda codes: np.zeros(len(codes))),
    ]
