"""What a network is trained on, whatever the data.

Source ─batches→ Examples ─shift, strand, share→ Batch
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from regplug.genome.codes import UNKNOWN, Codes
from regplug.train.loop.machine import Machine
from regplug.train.loop.schedule import Schedule
from regplug.train.loop.strands import reverse_complement


class Examples(NamedTuple):
    """Sequences, what to predict of them, and how much each answer counts; 0 masks it."""

    codes: Codes  # (n, bases)
    targets: NDArray[Any]  # (n, targets), 0 to 1
    weights: NDArray[np.float32] | None = None  # (n, targets); None: all count the same


class ExampleSource(Protocol):
    """Where an epoch's examples come from; `size` of them, every time."""

    size: int

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Examples]:
        """Yield an epoch's examples, `size` at a time, no smaller rest; same `rng`, same batches.

        It is run in a second thread.
        """


class TensorBatch(NamedTuple):
    """Examples as tensors."""

    codes: Tensor
    targets: Tensor
    weights: Tensor | None


def batches(
    source: ExampleSource,
    schedule: Schedule,
    rng: np.random.Generator,
    epoch: int,
    machine: Machine,
) -> Iterator[TensorBatch]:
    """Yield this process's share of each batch of an epoch (from 0), moved and turned."""
    for examples in source.batches(rng, schedule.batch):
        codes = _moved(torch.from_numpy(examples.codes), schedule.shift, rng)
        if schedule.strands == "alternate":
            codes = reverse_complement(codes) if epoch % 2 else codes
        else:
            turned = torch.from_numpy(rng.random(len(codes)) < 0.5)
            codes = torch.where(turned[:, None], reverse_complement(codes), codes)
        yield TensorBatch(
            machine.share(codes),
            machine.share(torch.from_numpy(examples.targets)),
            None if examples.weights is None else machine.share(torch.from_numpy(examples.weights)),
        )


def _moved(codes: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """Return codes (n, bases), all moved by one random shift."""
    start, width = int(rng.integers(2 * shift + 1)), codes.shape[1]
    return functional.pad(codes, (shift, shift), value=UNKNOWN)[:, start : start + width]
