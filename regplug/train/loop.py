"""The training loop of networks with several targets, whatever the data.

source ─draw→ Examples ─shift, strand→ codes ─network→ logits ─weighted loss→ step ─average→ weights
"""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from regplug.codes import UNKNOWN, Codes
from regplug.errors import TrainingError
from regplug.output import complete
from regplug.train.models.deepbind import reverse_complement

Positive = Annotated[float, msgspec.Meta(gt=0)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Examples(NamedTuple):
    """Sequences, what to predict of them, and how much each answer counts; 0 masks it."""

    codes: Codes  # (n, bases)
    targets: NDArray[np.float32]  # (n, targets), 0 to 1
    weights: NDArray[np.float32]  # (n, targets)


class Source(Protocol):
    """Where an epoch's examples come from; `size` of them, every time."""

    size: int

    def draw(self, rng: np.random.Generator) -> Examples:
        """Return the examples of an epoch; same `rng`, same examples."""


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to fit.

    Attributes:
        epochs: times that examples are drawn.
        batch: sequences per step; those that do not fill a batch are left out of the epoch.
        learning_rate: AdamW's, at the peak of one cycle.
        warm_share: of the steps, before the peak.
        weight_decay: of matrices and filters; norms and biases do not decay.
        average: decay per step of the moving average of the weights, which is what is kept.
        shift: a batch moves by up to so many bases either way, unknown bases moving in.
    """

    epochs: Count = 10
    batch: Count = 256
    learning_rate: Positive = 0.003
    warm_share: Share = 0.2
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.01
    average: Share = 0.998
    shift: Natural = 4


def train(
    network: nn.Module,
    source: Source,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    run: str,
    progress: Callable[[int, float], None],
) -> list[float]:
    """Fit `network` in place; return the mean loss of each epoch.

    After each epoch the state goes to `checkpoint`, and where that holds the state of the same
    `run` (any text that settles the result), training goes on from it. Random numbers follow from
    `seed` and the epoch alone, so that a resumed run ends with the weights of an unbroken one.
    `progress` is called with each epoch's number, from 1, and its loss.

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
    optimizer = AdamW(_groups(network, schedule.weight_decay), lr=schedule.learning_rate)
    cycle = OneCycleLR(
        optimizer,
        schedule.learning_rate,
        total_steps=schedule.epochs * steps,
        pct_start=schedule.warm_share,
    )
    average = AveragedModel(
        network,
        multi_avg_fn=get_ema_multi_avg_fn(schedule.average),  # type: ignore[no-untyped-call]
        use_buffers=True,
    )
    parts = {"network": network, "average": average, "optimizer": optimizer, "cycle": cycle}
    losses = _resume(checkpoint, run, parts)
    network.train()
    for epoch in range(len(losses), schedule.epochs):
        rng = np.random.default_rng([seed, epoch])
        torch.manual_seed(int(rng.integers(2**63)))  # dropout
        codes, targets, weights = map(torch.from_numpy, source.draw(rng))
        order = torch.from_numpy(rng.permutation(len(codes)))
        total = 0.0
        for rows in torch.split(order[: steps * schedule.batch], schedule.batch):
            logits = network(_moved(codes[rows], schedule.shift, rng))
            loss = functional.binary_cross_entropy_with_logits(
                logits, targets[rows], weight=weights[rows]
            )
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"the loss is {loss.item()} in epoch {epoch + 1}: set a smaller "
                    f"schedule.learning_rate than {schedule.learning_rate:g}"
                )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            cycle.step()
            average.update_parameters(network)
            total += loss.item()
        losses.append(total / steps)
        _save(checkpoint, run, parts, losses)
        progress(epoch + 1, losses[-1])
    network.load_state_dict(average.module.state_dict())
    network.eval()
    return losses


def _moved(codes: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """Return codes (n, bases), all moved by one random shift, half of them on the other strand."""
    start, width = int(rng.integers(2 * shift + 1)), codes.shape[1]
    codes = functional.pad(codes, (shift, shift), value=UNKNOWN)[:, start : start + width]
    turned = torch.from_numpy(rng.random(len(codes)) < 0.5)
    return torch.where(turned[:, None], reverse_complement(codes), codes)


def _groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the optimiser's groups; vectors do not decay."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _save(checkpoint: Path, run: str, parts: dict[str, Any], losses: list[float]) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    packed = io.BytesIO()  # torch's own errors of a full disk name no file
    torch.save({"run": run, "losses": losses, **state}, packed)
    with complete(checkpoint) as partial:
        partial.write_bytes(packed.getbuffer())


def _resume(checkpoint: Path, run: str, parts: dict[str, Any]) -> list[float]:
    """Load the parts from `checkpoint`, if there is one; return the losses of the epochs done."""
    if not checkpoint.exists():
        return []
    try:
        state = torch.load(checkpoint, weights_only=True)
        if state["run"] != run:
            raise TrainingError(
                f"{checkpoint} belongs to a run with another recipe or other data: "
                "train into a new folder"
            )
        for name, part in parts.items():
            part.load_state_dict(state[name])
        losses: list[float] = state["losses"]
    except (OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{checkpoint} is damaged: {error}; remove it") from error
    return losses
