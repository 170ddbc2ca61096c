"""Fitting DeepBind: one loop that fits a network, and the choices made around it for a panel.

recipe, data ─train_panel→ train_target (each) ─fit→ DeepBind ─to_network→ weights, metrics
"""

import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from regplug.codes import Codes
from regplug.train.data.chip import chip_file, read_chip, validation_rows
from regplug.train.data.shuffle import shuffle_dinucleotides
from regplug.train.export import save_metrics, to_network
from regplug.train.metrics import auroc, score, shuffle_auc
from regplug.train.models.deepbind import DeepBind
from regplug.train.recipe import DeepBindRecipe, Setting
from regplug_deepbind.network import Network
from regplug_deepbind.weights import save_networks


class Fit(NamedTuple):
    """A fitted model and its mean logistic loss per sequence in the last epoch."""

    model: DeepBind
    loss: float


class Trial(NamedTuple):
    """A network fitted with a setting and a seed, and its AUC on held-out sources."""

    setting: Setting
    seed: int
    model: DeepBind
    training_loss: float
    validation_auc: float

    def record(self) -> dict[str, Any]:
        """Return all but the model."""
        measured = {"training_loss": self.training_loss, "validation_auc": self.validation_auc}
        return {"seed": self.seed, **self.setting._asdict(), **measured}


class Trained(NamedTuple):
    """One target's network, and how it came about: settings, AUCs, seconds."""

    target: str
    network: Network
    metrics: dict[str, Any]


def fit(recipe: DeepBindRecipe, setting: Setting, positives: Codes, *, seed: int) -> Fit:
    """Return a model fitted to tell positives (n, bases) from their dinucleotide shuffles.

    The shuffles are drawn anew for each epoch. Same arguments, same weights.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)  # dropout
    model = DeepBind(
        filters=recipe.filters,
        length=recipe.length,
        hidden=setting.hidden,
        dropout=setting.dropout,
        seed=seed,
    ).train()
    n = len(positives)
    steps = recipe.epochs * -(-2 * n // recipe.batch)
    optimizer = AdamW(_groups(model, recipe.weight_decay), lr=setting.learning_rate)
    schedule = OneCycleLR(optimizer, setting.learning_rate, total_steps=steps, pct_start=0.1)
    bound = (torch.arange(2 * n) < n).float()
    total = 0.0
    for epoch in range(recipe.epochs):
        shuffled = shuffle_dinucleotides(positives, rng=rng)
        codes = torch.from_numpy(np.concatenate([positives, shuffled]))  # (2n, bases)
        order = torch.from_numpy(rng.permutation(2 * n))
        scan = None if epoch < recipe.warm_epochs else recipe.scan
        total = 0.0
        for start in range(0, 2 * n, recipe.batch):
            rows = order[start : start + recipe.batch]
            loss = binary_cross_entropy_with_logits(model(codes[rows], scan), bound[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
    return Fit(model.eval(), total / (2 * n))


def _groups(model: DeepBind, weight_decay: float) -> list[dict[str, Any]]:
    """Return the optimiser's groups; thresholds and biases do not decay."""
    decaying: list[torch.nn.Parameter] = []
    free: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (decaying if name.startswith(("detectors", "weights")) else free).append(parameter)
    return [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]


def train_panel(
    recipe: DeepBindRecipe, data: Path, out: Path, *, progress: Callable[[str], None]
) -> None:
    """Train each of the recipe's targets on `data`; write weights and metrics into `out`.

    `out` gets `weights.safetensors` (see `regplug_deepbind.weights`) and `metrics.json`, once all
    is done. `progress` is called with a line of text as each target is done.
    """
    for target in recipe.targets:
        for part in ("AC", "B"):
            chip_file(data, target, part)
    trained = []
    for one in _train_targets(recipe, data):
        trained.append(one)
        progress(
            f"{one.target}: validation AUC {one.metrics['validation_auc']:.4f}, "
            f"test AUC {one.metrics['test_auc']:.4f}, {one.metrics['seconds']:.0f} s"
        )
    out.mkdir(parents=True, exist_ok=True)
    save_networks(out / "weights.safetensors", {one.target: one.network for one in trained})
    save_metrics(out / "metrics.json", recipe, {one.target: one.metrics for one in trained})


def _train_targets(recipe: DeepBindRecipe, data: Path) -> Iterator[Trained]:
    """Yield the trained targets in the recipe's order, `workers` at a time."""
    train = partial(train_target, recipe, data)
    if recipe.workers == 1:
        yield from map(train, recipe.targets)
        return
    with ProcessPoolExecutor(recipe.workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(train, recipe.targets)


def train_target(recipe: DeepBindRecipe, data: Path, target: str) -> Trained:
    """Return the target's best network of all tried; the test set is read after the choice."""
    torch.set_num_threads(1)
    began = time.monotonic()
    positives = read_chip(chip_file(data, target, "AC")).codes[: recipe.max_positives]
    seed = recipe.seed + zlib.crc32(target.encode())
    trials = [
        _try(recipe, setting, positives, seed + restart)
        for setting in recipe.settings()
        for restart in range(recipe.restarts)
    ]
    best = max(trials, key=lambda trial: trial.validation_auc)
    test = read_chip(chip_file(data, target, "B"))
    test_auc = auroc(test.bound, score(best.model, test.codes, scan=recipe.scan))
    metrics: dict[str, Any] = {
        "positives": len(positives),
        **best.record(),
        "test_auc": test_auc,
        "seconds": time.monotonic() - began,
        "trials": [trial.record() for trial in trials],
    }
    return Trained(target, to_network(best.model), metrics)


def _try(recipe: DeepBindRecipe, setting: Setting, positives: Codes, seed: int) -> Trial:
    """Return a network fitted to the sources not held out, and its AUC on those that are."""
    held_out = validation_rows(len(positives), recipe.validation_every)
    model, loss = fit(recipe, setting, positives[~held_out], seed=seed)
    strongest = positives[: recipe.validation_strongest][held_out[: recipe.validation_strongest]]
    auc = shuffle_auc(
        model, strongest, scan=recipe.scan, seed=recipe.seed, shuffles=recipe.validation_shuffles
    )
    return Trial(setting, seed, model, loss, auc)
