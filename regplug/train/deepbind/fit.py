"""Fitting DeepBind networks: a single loop for all of them, each learning by its own setting.

settings ─networks_for→ Groups; Rows ─fit→ their weights, and a Curve
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from regplug.data.sets.training import SetCard
from regplug.errors import ConfigError
from regplug.files.weights import StoredWeights
from regplug.train.deepbind.network import DeepBinds
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.rows import Rows


class Sgd:
    """Stochastic gradient descent with Nesterov's momentum and L1 decay, by network."""

    def __init__(self, networks: DeepBinds, settings: Sequence[Setting]) -> None:
        """Take the rate, momentum and decays of each network's setting."""
        self._of = {}
        for name, parameter in networks.named_parameters():
            decays = [_by_parameter(setting, "decay").get(name, 0.0) for setting in settings]
            rates = [setting.learning_rate for setting in settings]
            momenta = [setting.momentum for setting in settings]
            self._of[name] = (
                parameter,
                torch.zeros_like(parameter),
                *(networks.per_network(v, name).to(parameter) for v in (rates, momenta, decays)),
            )

    @torch.no_grad()
    def step(self, *, decay: bool) -> None:
        """Move the weights by their gradients, which are then dropped; `decay`: by L1 decay too."""
        for parameter, velocity, rate, momentum, decays in self._of.values():
            gradient = parameter.grad
            assert gradient is not None
            if decay:
                gradient.add_(decays * parameter.sign())
            velocity.mul_(momentum).add_(gradient)
            parameter.sub_(rate * (gradient + momentum * velocity))
            parameter.grad = None


class NetworkGroup(NamedTuple):
    """Networks of the same shape, what trains them, and which settings they have."""

    networks: DeepBinds
    sgd: Sgd
    members: list[int]  # index of each network's setting among all settings


class Curve(NamedTuple):
    """Losses of every network at checkpoints; the arrays have shape (checkpoints, networks)."""

    steps: list[int]
    training: NDArray[np.float64]  # mean since the checkpoint before
    validation: NDArray[np.float64]  # empty without rows to validate on


def check_device(recipe: DeepBindRecipe) -> None:
    """Raise ConfigError if the recipe wants a GPU, and there is none."""
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "the recipe's device is cuda, and torch sees no GPU: --set 'device=\"cpu\"'"
        )


def networks_for(
    recipe: DeepBindRecipe, card: SetCard, settings: Sequence[Setting], seeds: Sequence[int]
) -> list[NetworkGroup]:
    """Return a network per setting, its weights drawn with the seed of that place; by shape."""
    groups = []
    for hidden in sorted({setting.hidden for setting in settings}):
        members = [i for i, setting in enumerate(settings) if setting.hidden == hidden]
        own = [settings[i] for i in members]
        networks = DeepBinds(
            len(members),
            filters=recipe.filters,
            length=recipe.length,
            hidden=hidden,
            pool=recipe.pool,
            both_strands=card.strand == "both",
        )
        for k, i in enumerate(members):
            networks.draw(k, _by_parameter(settings[i], "scale"), seed=seeds[i])
        networks.dropout.copy_(torch.tensor([setting.dropout for setting in own]))
        networks.to(recipe.device)
        groups.append(NetworkGroup(networks, Sgd(networks, own), members))
    return groups


def fit(
    recipe: DeepBindRecipe,
    card: SetCard,
    groups: Sequence[NetworkGroup],
    rows: Rows,
    validation: Rows | None = None,
    *,
    seed: int,
    progress: Callable[[int], None] = lambda step: None,
    stepped: Callable[[int, int], None] = lambda steps, step: None,
) -> Curve:
    """Train all networks on the same batches for the recipe's steps; return their losses.

    The same arguments give the same weights. Torch and numba run on a single thread: the arrays are
    small, and targets train side by side in processes.

    Args:
        recipe: steps, checkpoints, batch size, device and when decay begins.
        card: of the training set; its kind chooses the loss.
        groups: the networks, trained in place.
        rows: taken in their order, and after the last again from the first.
        validation: rows whose loss is measured at each checkpoint, if any.
        seed: of dropout.
        progress: called with the steps done at every checkpoint.
        stepped: called after each step with all steps, and how many are done.
    """
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    torch.manual_seed(seed)  # dropout
    loss_of = binary_cross_entropy_with_logits if card.kind == "classification" else mse_loss
    codes = torch.from_numpy(rows.codes).to(recipe.device)
    targets = torch.from_numpy(rows.targets).to(recipe.device)
    at = [recipe.steps * (i + 1) // recipe.checkpoints for i in range(recipe.checkpoints)]
    count = sum(len(group.members) for group in groups)
    training, validated = [], []
    total, since = torch.zeros(count, device=recipe.device), 0
    for step in range(recipe.steps):
        chosen = torch.arange(step * recipe.batch, (step + 1) * recipe.batch) % len(codes)
        batch, wanted = codes[chosen], targets[chosen, None]
        for networks, sgd, members in groups:
            networks.train()
            scores = networks(batch)
            losses = loss_of(scores, wanted.expand_as(scores), reduction="none").mean(0)
            torch.autograd.backward(losses.sum())  # no network's loss depends on another's weights
            sgd.step(decay=step >= recipe.decay_after)
            total[members] += losses.detach()
        since += 1
        stepped(recipe.steps, step + 1)
        if step + 1 in at:
            training.append((total / since).double().cpu().numpy())
            total, since = torch.zeros_like(total), 0
            if validation is not None:
                validated.append(mean_losses(card, groups, validation))
            progress(step + 1)
    return Curve(at, np.array(training), np.array(validated))


@torch.no_grad()
def mean_losses(card: SetCard, groups: Sequence[NetworkGroup], rows: Rows) -> NDArray[np.float64]:
    """Return each network's mean loss (networks,) on rows, without dropout; nan if it diverged."""
    loss_of = binary_cross_entropy_with_logits if card.kind == "classification" else mse_loss
    losses = np.empty(sum(len(group.members) for group in groups))
    wanted = torch.from_numpy(rows.targets)[:, None]
    for networks, _, members in groups:
        scores = networks.score(torch.from_numpy(rows.codes)).cpu()
        losses[members] = loss_of(scores, wanted.expand_as(scores), reduction="none").mean(0)
    return losses


def network_of(groups: Sequence[NetworkGroup], index: int) -> StoredWeights:
    """Return the weights of network `index`, counted over all groups."""
    networks, _, members = next(group for group in groups if index in group.members)
    return networks.network(members.index(index))


def _by_parameter(setting: Setting, kind: Literal["scale", "decay"]) -> dict[str, float]:
    """Return the setting's scales or decays, by the parameter that they are of."""
    first = "hidden" if setting.hidden else "output"
    layers = {"detectors": "detectors", "weights1": first}
    if setting.hidden:
        layers["weights2"] = "output"
    return {name: getattr(setting, f"{layer}_{kind}") for name, layer in layers.items()}
