"""What a network is trained on, whatever the data.

ExampleSource ─batches→ Examples ─shift, strand, share→ TensorBatch
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
    """Sequences, what to predict of them, and how much each prediction counts in the loss."""

    codes: Codes  # (n, bases)
    targets: NDArray[Any]  # (n, targets), 0 to 1
    weights: NDArray[np.float32] | None = None  # (n, targets), 0 leaves out; None: all the same


class ExampleSource(Protocol):
    """Where an epoch's examples come from.

    Attributes:
        size: how many there are in each epoch.
    """

    size: int

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Examples]:
        """Yield an epoch's examples, `size` at a time; those that do not fill a batch are left out.

        The same `rng` gives the same batches. It is run in a second thread.
        """


class TensorBatch(NamedTuple):
    """This process's share of a batch of examples, as tensors."""

    codes: Tensor  # uint8 (n, bases)
    targets: Tensor  # (n, targets)
    weights: Tensor | None  # (n, targets)


def batches(
    source: ExampleSource,
    schedule: Schedule,
    rng: np.random.Generator,
    epoch: int,
    machine: Machine,
) -> Iterator[TensorBatch]:
    """Yield this process's share of each batch of an epoch (from 0), shifted and turned.

    All processes draw the same random numbers and then take their share, so that together they have
    the batch that a single process would have.
    """
    for examples in source.batches(rng, schedule.batch):
        codes = _shifted(torch.from_numpy(examples.codes), schedule.shift, rng)
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


def _shifted(codes: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """Return codes (n, bases), all moved by the same random shift of up to `shift` bases."""
    start, width = int(rng.integers(2 * shift + 1)), codes.shape[1]
    return functional.pad(codes, (shift, shift), value=UNKNOWN)[:, start : start + width]
