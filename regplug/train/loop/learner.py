"""What takes a step: a network, its optimiser, learning rate and moving average."""

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel

from regplug.train.loop.schedule import Schedule

EPSILON = 1e-12  # rmsprop's, of the mean loss; Basset's 1e-8 is of the sum over sites and targets


class Learner(NamedTuple):
    """All that changes in training, and so must be saved to resume it."""

    network: nn.Module
    average: AveragedModel  # of the network's weights over the steps
    optimizer: Optimizer
    cycle: LRScheduler  # of the learning rate

    def step(self, loss: Tensor, schedule: Schedule) -> None:
        """Change the weights so that the loss falls."""
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()
        if schedule.longest_row:
            shorten_rows(self.network, schedule.longest_row)
        self.cycle.step()
        self.average.update_parameters(self.network)


def learner(network: nn.Module, schedule: Schedule, steps: int) -> Learner:
    """Return a learner for so many steps an epoch; only matrices and filters decay.

    Both optimisers divide by the gradients' size, so steps do not depend on whether the loss is
    a mean, as here, or a sum, as in Basset.
    """
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
        multi_avg_fn=partial(_average, schedule.average),
        use_buffers=True,
    )
    return Learner(network, average.eval(), optimizer, cycle)


@torch.no_grad()
def _average(
    decay: float,
    averages: tuple[Tensor, ...] | list[Tensor],
    weights: tuple[Tensor, ...] | list[Tensor],
    steps: Tensor | int,
) -> None:
    """Move the averages towards the weights, after so many `steps`.

    A constant decay would remember the first, untrained weights for 1 / (1 - decay) steps, longer
    than small sets are trained; so it grows from 0.1: (1 + steps) / (10 + steps), at most `decay`.
    """
    kept = min(decay, (1 + int(steps)) / (10 + int(steps)))
    for average, weight in zip(averages, weights, strict=True):
        if average.is_floating_point():
            average.lerp_(weight, 1 - kept)
        else:  # a norm's count of batches
            average.copy_(weight)


@torch.no_grad()
def shorten_rows(network: nn.Module, longest: float) -> None:
    """Scale down each filter, and each unit's weights, to an L2 norm of `longest` at most.

    Basset does so after every step (maxParamNorm, 7); biases and norms stay.
    """
    for weights in network.parameters():
        if weights.ndim > 1:
            weights.copy_(torch.renorm(weights, 2, 0, longest))
