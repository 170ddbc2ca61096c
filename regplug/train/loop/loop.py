"""The training loop of networks with several targets, whatever the data.

ExampleSource ─batches→ codes ─network→ logits ─loss→ step ─average→ weights ─validate→ AUCs
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from regplug.errors import TrainingError
from regplug.train.loop.ahead import ahead
from regplug.train.loop.checkpoint import Epoch, resume, save
from regplug.train.loop.examples import ExampleSource, TensorBatch, batches
from regplug.train.loop.learner import Learner, learner
from regplug.train.loop.machine import CPU, Machine
from regplug.train.loop.schedule import Schedule
from regplug.train.loop.single_changes import changed_logits

AHEAD = 150  # batches read before they are needed: more than Sites reads at once, 128 of 128
CHECKED = (
    50  # losses read at once: `.tolist()` waits for the GPU, which stops it from running ahead
)


class DivergedError(TrainingError):
    """The loss is NaN or infinite."""


class Resumable(NamedTuple):
    """What lets a run that was stopped end as one that was not.

    Attributes:
        checkpoint: file of the state.
        run: any text that is the same for runs with the same result, such as recipe and data.
        seed: of all random numbers.
    """

    checkpoint: Path
    run: str
    seed: int


def train_networks(
    network: nn.Module,
    source: ExampleSource,
    schedule: Schedule,
    resumable: Resumable,
    *,
    done: Callable[[nn.Module, list[Epoch]], None],
    validate: Callable[[nn.Module], tuple[float, tuple[float | None, ...]]] | None = None,
    machine: Machine = CPU,
    stepped: Callable[[int, int, int], None] = lambda epoch, steps, step: None,
) -> list[Epoch]:
    """Fit `network` in place; return the results of the epochs.

    After each epoch the state goes to the checkpoint, and where that holds the state of the same
    run, training goes on from it. Random numbers follow from the seed and the epoch alone, so that
    on a CPU a run that was stopped and resumed ends with the same weights as one that was not.

    Args:
        network: gives logits (n, targets) for codes (n, bases).
        source: of the examples.
        schedule: how to fit.
        resumable: where the state goes, and whose it is.
        done: called after each epoch, before its state is written, with the averaged network and
            the epochs so far; in the first process only.
        validate: returns the loss and the targets' AUCs of the averaged network.
        machine: where to train.
        stepped: called after each step with the epoch, from 1, its steps, and how many are done.

    Raises:
        DivergedError: the loss is NaN or infinite.
        TrainingError: an epoch has no full batch, the processes cannot share a batch evenly, or
            the checkpoint is damaged or belongs to another run.
        OutputError: the checkpoint cannot be written.
    """
    checkpoint, run, seed = resumable
    steps = source.size // schedule.batch
    if not steps:
        raise TrainingError(
            f"{source.size} sequences do not fill a batch of {schedule.batch}: "
            "set a smaller schedule.batch"
        )
    if schedule.batch % machine.world:
        raise TrainingError(
            f"{machine.world} processes cannot share a batch of {schedule.batch} evenly: "
            "set another schedule.batch"
        )
    state = learner(machine.placed(network), schedule, steps)
    epochs = resume(checkpoint, run, state._asdict(), machine.device)
    shared = machine.shared(state.network)
    while len(epochs) < schedule.epochs and not is_stale(epochs, schedule.patience):
        began, number = time.monotonic(), len(epochs)
        rng = np.random.default_rng([seed, number])
        torch.manual_seed(int(rng.integers(2**63)))  # dropout
        with closing(ahead(batches(source, schedule, rng, number, machine), AHEAD)) as ready:
            in_epoch = partial(stepped, number + 1, steps)
            losses = _fit(shared, state, ready, schedule, number + 1, machine, in_epoch)
        trained = time.monotonic()
        average = state.average.module
        valid_loss, aucs = validate(average) if validate else (float("nan"), ())
        if validate and not isfinite(valid_loss):
            raise _diverged(f"validation loss is {valid_loss}", str(number + 1), schedule)
        epochs.append(
            Epoch(
                loss=sum(losses) / steps,
                rate=state.optimizer.param_groups[0]["lr"],
                seconds=time.monotonic() - began,
                speed=steps * schedule.batch / (trained - began),
                valid_loss=valid_loss,
                aucs=aucs,
            )
        )
        if machine.rank == 0:
            done(average, epochs)
            save(checkpoint, run, state._asdict(), epochs)
    network.load_state_dict(state.average.module.state_dict())
    network.eval()
    return epochs


def _fit(
    network: nn.Module,
    state: Learner,
    ready: Iterable[TensorBatch],
    schedule: Schedule,
    epoch: int,
    machine: Machine,
    stepped: Callable[[int], None],
) -> list[float]:
    """Take a step for each batch; return the losses, means over all processes."""
    network.train()
    losses: list[float] = []
    waiting: list[Tensor] = []
    is_bfloat16 = schedule.precision == "bfloat16"
    for step, batch in enumerate(ready, start=1):
        codes, targets = machine.moved(batch.codes), machine.moved(batch.targets)
        weights = None if batch.weights is None else machine.moved(batch.weights)
        with torch.autocast(machine.device.type, torch.bfloat16, enabled=is_bfloat16):
            changed = changed_logits(network, codes, machine) if schedule.snv_penalty else None
            logits = network(codes)
        loss = functional.binary_cross_entropy_with_logits(
            logits.float(), targets.float(), weight=weights
        )
        if changed is not None:
            loss = loss + schedule.snv_penalty * (logits - changed).abs().mean()
        state.step(loss, schedule)
        waiting.append(loss.detach())
        if len(waiting) == CHECKED:
            losses += _floats(waiting, len(losses), epoch, schedule, machine)
            waiting.clear()
        stepped(step)
    return losses + _floats(waiting, len(losses), epoch, schedule, machine)


def _floats(
    losses: list[Tensor], before: int, epoch: int, schedule: Schedule, machine: Machine
) -> list[float]:
    """Return the losses of the steps after the first `before`, means over all processes.

    Raises:
        DivergedError: a loss is NaN or infinite.
    """
    if not losses:
        return []
    floats: list[float] = (machine.total(torch.stack(losses)) / machine.world).tolist()
    for step, loss in enumerate(floats, start=before + 1):
        if not isfinite(loss):
            raise _diverged(f"loss is {loss}", f"{epoch}, batch {step}", schedule)
    return floats


def _diverged(what: str, where: str, schedule: Schedule) -> DivergedError:
    return DivergedError(
        f"the {what} in epoch {where}: set a smaller schedule.learning_rate than "
        f"{schedule.learning_rate:g}; what the epochs before came to is kept"
    )


def is_stale(epochs: Sequence[Epoch], patience: int) -> bool:
    """Tell whether `patience` epochs have passed since the best; with 0, never."""
    return bool(patience and epochs) and len(epochs) - best_of(epochs) >= patience


def best_of(epochs: Sequence[Epoch]) -> int:
    """Return the number, from 1, of the first epoch with the highest validation AUC."""
    return int(np.argmax([epoch.auc for epoch in epochs])) + 1
