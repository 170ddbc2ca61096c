"""The training loop of networks with several targets, whatever the data.

source ─batches→ Examples ─shift, strand→ codes ─network→ logits ─weighted loss→ step ─average→
weights ─validate→ AUCs → stop, or the next epoch
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from regplug.codes import UNKNOWN, Codes
from regplug.errors import TrainingError
from regplug.train.ahead import ahead
from regplug.train.checkpoint import Epoch, resume, save
from regplug.train.machine import Machine
from regplug.train.models.deepbind import reverse_complement
from regplug.train.schedule import Schedule

AHEAD = 150  # batches read before they are needed: more than Sites reads at once, 128 of 128
CHECKED = 50  # losses looked at together; a look waits for the GPU
EPSILON = 1e-12  # rmsprop's, of the mean loss; Basset's 1e-8 is of the sum over sites and targets


class Examples(NamedTuple):
    """Sequences, what to predict of them, and how much each answer counts; 0 masks it."""

    codes: Codes  # (n, bases)
    targets: NDArray[Any]  # (n, targets), 0 to 1
    weights: NDArray[np.float32] | None = None  # (n, targets); None: all count the same


class Source(Protocol):
    """Where an epoch's examples come from; `size` of them, every time."""

    size: int

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Examples]:
        """Yield an epoch's examples, `size` at a time, no smaller rest; same `rng`, same batches.

        Called in a second thread.
        """


class Parts(NamedTuple):
    """What changes in training, and so must be kept to go on with it."""

    network: nn.Module
    average: AveragedModel
    optimizer: Optimizer
    cycle: LRScheduler


def train(
    network: nn.Module,
    source: Source,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    run: str,
    done: Callable[[nn.Module, list[Epoch]], None],
    validate: Callable[[nn.Module], tuple[float, tuple[float | None, ...]]] | None = None,
    machine: Machine = Machine(),
    stepped: Callable[[int, int], None] = lambda epoch, sequences: None,
) -> list[Epoch]:
    """Fit `network` in place; return what the epochs came to.

    After each epoch the state goes to `checkpoint`, and where that holds the state of the same
    `run` (any text that settles the result), training goes on from it. Random numbers follow from
    `seed` and the epoch alone, so that on a CPU a resumed run ends with the weights of an unbroken
    one.

    Args:
        network: logits (n, targets) of codes (n, bases).
        source: of the examples.
        schedule: see Schedule.
        seed: of all random numbers.
        checkpoint: file of the state.
        run: says which run the state is of.
        done: called after each epoch, before its state is written, with the averaged network and
            the epochs so far; in the first process only.
        validate: gives the loss and the targets' AUCs of the averaged network.
        machine: see Machine.
        stepped: called after each step with the epoch, from 1, and the sequences of the step.

    Raises:
        TrainingError: the loss is no number, an epoch has no full batch, or `checkpoint` belongs
            to another run.
    """
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
    network = machine.placed(network)
    parts = _parts(network, schedule, steps)
    epochs = resume(checkpoint, run, parts._asdict(), machine.device)
    called = machine.shared(network)
    while len(epochs) < schedule.epochs and not is_stale(epochs, schedule.patience):
        began, number = time.monotonic(), len(epochs)
        rng = np.random.default_rng([seed, number])
        torch.manual_seed(int(rng.integers(2**63)) + machine.rank)  # dropout
        batches = _batches(source, schedule, rng, number, machine)
        with closing(ahead(batches, AHEAD)) as ready:
            losses = _fit(called, parts, ready, schedule, number + 1, machine, stepped)
        trained = time.monotonic()
        valid_loss, aucs = validate(parts.average.module) if validate else (None, ())
        if valid_loss is not None and not np.isfinite(valid_loss):
            raise TrainingError(_no_number(f"validation loss is {valid_loss}", number + 1, schedule))
        epochs.append(
            Epoch(
                loss=sum(losses) / steps,
                rate=parts.optimizer.param_groups[0]["lr"],
                seconds=time.monotonic() - began,
                speed=steps * schedule.batch / (trained - began),
                valid_loss=valid_loss,
                aucs=aucs,
            )
        )
        if machine.rank == 0:
            done(parts.average.module, epochs)
            save(checkpoint, run, parts._asdict(), epochs)
    network.load_state_dict(parts.average.module.state_dict())
    network.eval()
    return epochs


def _fit(
    network: nn.Module,
    parts: Parts,
    batches: Iterator[tuple[Tensor, ...]],
    schedule: Schedule,
    epoch: int,
    machine: Machine,
    stepped: Callable[[int, int], None],
) -> list[float]:
    """Take a step for each batch; return the losses, means over all processes."""
    network.train()
    losses: list[float] = []
    waiting: list[Tensor] = []
    halved = schedule.precision == "bfloat16"
    for batch in batches:
        codes, targets, *weights = (one.to(machine.device, non_blocking=True) for one in batch)
        with torch.autocast(machine.device.type, torch.bfloat16, enabled=halved):
            logits = network(codes)
        loss = functional.binary_cross_entropy_with_logits(
            logits.float(), targets.float(), *weights
        )
        parts.optimizer.zero_grad()
        torch.autograd.backward(loss)
        parts.optimizer.step()
        if schedule.longest_row:
            shorten_rows(parts.network, schedule.longest_row)
        parts.cycle.step()
        parts.average.update_parameters(parts.network)
        waiting.append(loss.detach())
        if len(waiting) == CHECKED:
            losses += _numbers(waiting, len(losses), epoch, schedule, machine)
            waiting.clear()
        stepped(epoch, schedule.batch)
    return losses + _numbers(waiting, len(losses), epoch, schedule, machine)


def _numbers(
    losses: list[Tensor], before: int, epoch: int, schedule: Schedule, machine: Machine
) -> list[float]:
    """Return losses as numbers; TrainingError tells the batch of the first that is none."""
    if not losses:
        return []
    numbers: list[float] = (machine.total(torch.stack(losses)) / machine.world).tolist()
    for at, number in enumerate(numbers, start=before + 1):
        if not np.isfinite(number):
            raise TrainingError(
                _no_number(f"loss is {number}", f"{epoch}, batch {at}", schedule)
            )
    return numbers


def _no_number(what: str, where: object, schedule: Schedule) -> str:
    return (
        f"the {what} in epoch {where}: set a smaller schedule.learning_rate than "
        f"{schedule.learning_rate:g}; the checkpoint holds the epochs before"
    )


def is_stale(epochs: Sequence[Epoch], patience: int) -> bool:
    """Tell whether so many epochs have passed since the best, if there is a patience."""
    return bool(patience and epochs) and len(epochs) - best_of(epochs) >= patience


def best_of(epochs: Sequence[Epoch]) -> int:
    """Return the number, from 1, of the first epoch with the highest validation AUC."""
    return int(np.argmax([epoch.auc for epoch in epochs])) + 1


def _batches(
    source: Source, schedule: Schedule, rng: np.random.Generator, epoch: int, machine: Machine
) -> Iterator[tuple[Tensor, ...]]:
    """Yield this process's share of each batch, moved and turned: codes, targets, any weights."""
    for codes, *others in source.batches(rng, schedule.batch):
        moved = _moved(torch.from_numpy(codes), schedule.shift, rng)
        if schedule.strands == "alternate":
            moved = reverse_complement(moved) if epoch % 2 else moved
        else:
            turned = torch.from_numpy(rng.random(len(moved)) < 0.5)
            moved = torch.where(turned[:, None], reverse_complement(moved), moved)
        arrays = [torch.from_numpy(one) for one in others if one is not None]
        yield tuple(machine.share(one) for one in (moved, *arrays))


def _moved(codes: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """Return codes (n, bases), all moved by one random shift."""
    start, width = int(rng.integers(2 * shift + 1)), codes.shape[1]
    return functional.pad(codes, (shift, shift), value=UNKNOWN)[:, start : start + width]


def _parts(network: nn.Module, schedule: Schedule, steps: int) -> Parts:
    """Return the network with its optimiser, whose matrices alone decay, and moving average."""
    parameters, rate = list(network.parameters()), schedule.learning_rate
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer: Optimizer
    cycle: LRScheduler
    if schedule.optimizer == "adamw":
        total = schedule.epochs * steps
        optimizer = AdamW(groups, lr=rate)
        cycle = OneCycleLR(optimizer, rate, total_steps=total, pct_start=schedule.warm_share)
    else:
        optimizer = RMSprop(groups, lr=rate, alpha=schedule.alpha, eps=EPSILON)
        cycle = ConstantLR(optimizer, factor=1.0)
    average = AveragedModel(
        network,
        multi_avg_fn=get_ema_multi_avg_fn(schedule.average),  # type: ignore[no-untyped-call]
        use_buffers=True,
    )
    return Parts(network, average.eval(), optimizer, cycle)


@torch.no_grad()
def shorten_rows(network: nn.Module, longest: float) -> None:
    """Scale down each filter, and each unit's weights, to an L2 norm of `longest` at most.

    Basset does so after every step (maxParamNorm, 7); biases and norms stay.
    """
    for weights in network.parameters():
        if weights.ndim > 1:
            weights.copy_(torch.renorm(weights, 2, 0, longest))
