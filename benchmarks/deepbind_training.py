"""How fast do the settings of a calibration train, side by side and one at a time?

    python -m benchmarks.deepbind_training [--device cuda] [--workers 2] [--rounds 3]

The 30 settings of the published procedure, one fold, on random sequences of 101 bases: all as one
program (`regplug.train.deepbind.fit`), and one after the other in a loop of plain PyTorch (Conv1d,
max, Linear, SGD), as the procedure is usually written. `--workers` processes do the same at once,
each on one thread, as the workers of a run do. The two take turns; the median of the rounds is
printed, in networks per second, of 20,000 steps each.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import optuna
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from regplug.data.sets.training import SetCard
from regplug.train.deepbind.fit import fit, networks_for
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.rows import Rows
from regplug.train.deepbind.search import draw_setting, sampler_of
from regplug.train.loop.strands import reverse_complement

SETTINGS, STEPS, WIDTH = 30, 20_000, 101
CARD = SetCard(
    form="chip",
    kind="classification",
    strand="both",
    length=WIDTH,
    rows=6400,
    positives=3200,
    negatives="shuffles",
    folds=3,
    seed=0,
    sources=(),
    dropped={},
)


class Plain(nn.Module):
    """One network, as a textbook has it."""

    def __init__(self, recipe: DeepBindRecipe, setting: Setting) -> None:
        """Take the shape from the recipe and the setting."""
        super().__init__()
        filters, hidden = recipe.filters, setting.hidden
        self.conv = nn.Conv1d(4, filters, recipe.length, padding=recipe.length - 1)
        self.head = (
            nn.Sequential(nn.Linear(filters, hidden), nn.ReLU(), nn.Linear(hidden, 1))
            if hidden
            else nn.Linear(filters, 1)
        )
        self.dropout = nn.Dropout(setting.dropout)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the scores (n,) of codes (n, bases)."""
        strands = torch.cat([codes, reverse_complement(codes)]).long()
        letters = torch.eye(5, 4, device=codes.device)[strands].transpose(1, 2)
        features = self.conv(letters).relu().amax(2)
        scores: Tensor = self.head(self.dropout(features))[:, 0]
        return torch.maximum(*scores.chunk(2))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = {"one at a time": one_at_a_time, "side by side": side_by_side}
    found: dict[str, list[float]] = {name: [] for name in ways}
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        devices = [options.device] * options.workers
        for way in ways.values():
            list(pool.map(way, devices))  # imports, compilation, caches
        for _ in range(options.rounds):
            for name, way in ways.items():
                found[name].append(sum(pool.map(way, devices)) / STEPS)
    first = statistics.median(found["one at a time"])
    print("| 30 settings | networks/s | lowest-highest | ratio |\n|---|---:|---:|---:|")
    for name, rates in found.items():
        median = statistics.median(rates)
        span = f"{min(rates):.4f}-{max(rates):.4f}"
        print(f"| {name} | {median:.4f} | {span} | {median / first:.1f} |")


def side_by_side(device: str) -> float:
    """Return steps of networks per second."""
    recipe = DeepBindRecipe(sampler="random", device=device)  # type: ignore[arg-type]
    groups = networks_for(recipe, CARD, settings(recipe), range(SETTINGS))
    return timed(
        100, lambda steps: fit(recipe, CARD, groups, rows(), steps=steps, checkpoints=1, seed=1)
    )


def one_at_a_time(device: str) -> float:
    """Return steps of networks per second; a few steps of each."""
    torch.set_num_threads(1)
    recipe = DeepBindRecipe(sampler="random")
    codes, targets = (torch.from_numpy(array).to(device) for array in rows())

    def train(steps: int) -> None:
        for setting in settings(recipe):
            network = Plain(recipe, setting).to(device).train()
            sgd = torch.optim.SGD(
                network.parameters(),
                lr=setting.learning_rate,
                momentum=setting.momentum,
                nesterov=True,
            )
            for step in range(steps):
                here = slice(step * recipe.batch, (step + 1) * recipe.batch)
                loss = binary_cross_entropy_with_logits(network(codes[here]), targets[here])
                sgd.zero_grad()
                torch.autograd.backward(loss)
                sgd.step()

    return timed(10, train)


def timed(steps: int, train: Callable[[int], object]) -> float:
    """Return steps of networks per second."""
    began = time.perf_counter()
    train(steps)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return SETTINGS * steps / (time.perf_counter() - began)


def settings(recipe: DeepBindRecipe) -> list[Setting]:
    """Return the settings that a calibration would draw first."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler_of(recipe, 1))
    return [draw_setting(recipe, study.ask()) for _ in range(SETTINGS)]


def rows() -> Rows:
    """Return random sequences and labels."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (CARD.rows, WIDTH), dtype=np.uint8)
    return Rows(codes, np.tile(np.array([1, 0], np.float32), CARD.rows // 2))


if __name__ == "__main__":
    main()
