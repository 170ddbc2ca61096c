"""Does reading keep up with training? `python -m benchmarks.basset_reading SITES.h5 RECIPE.toml`.

Prints sequences per second of reading alone (blocks shuffled, moved and turned, in a second
thread), of training on batches that are in memory, and of the two together, side by side in each
round.
"""

import argparse
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from regplug.train.ahead import ahead
from regplug.train.basset_network import build
from regplug.train.basset_recipe import read_basset_recipe
from regplug.train.data.sites import Sites
from regplug.train.examples import Batch, batches
from regplug.train.learner import learner
from regplug.train.loop import AHEAD
from regplug.train.machine import machine
from regplug.train.site_source import SiteSource


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--read", type=int, default=1000, help="batches to read")
    parser.add_argument("--steps", type=int, default=200, help="steps of training")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    recipe = read_basset_recipe(options.recipe, options.settings)
    schedule = recipe.schedule
    with (
        Sites(options.sites) as sites,
        machine(recipe.train.device, compiled=recipe.train.compile) as here,
    ):
        shape = recipe.shape(targets=len(sites.samples), width=sites.card.settings.length)
        network = here.placed(build(shape, recipe.dropout)).train()
        state = learner(network, schedule, 10**6)
        called, source = here.shared(network), SiteSource(sites)

        def read() -> Iterator[Batch]:
            rng = np.random.default_rng(0)
            while True:
                yield from batches(source, schedule, rng, 0, here)

        def fit(ready: Iterable[Batch]) -> None:
            for batch in ready:
                codes, targets = here.moved(batch.codes), here.moved(batch.targets)
                with torch.autocast(
                    here.device.type,
                    torch.bfloat16,
                    enabled=schedule.precision == "bfloat16",
                ):
                    logits = called(codes)
                loss = functional.binary_cross_entropy_with_logits(logits.float(), targets.float())
                state.step(loss, schedule)
            loss.item()  # waits for the GPU

        def speed(count: int, began: float) -> float:
            return count * schedule.batch / (time.perf_counter() - began)

        held = list(islice(read(), 20))
        fit(held)  # kernels are made and chosen
        found: dict[str, list[float]] = {"reading": [], "training": [], "both": []}
        for _ in range(options.rounds):
            began = time.perf_counter()
            with closing(ahead(read(), AHEAD)) as ready:
                for _ in islice(ready, options.read):
                    pass
            found["reading"].append(speed(options.read, began))
            began = time.perf_counter()
            fit(held[at % len(held)] for at in range(options.steps))
            found["training"].append(speed(options.steps, began))
            began = time.perf_counter()
            with closing(ahead(read(), AHEAD)) as ready:
                fit(islice(ready, options.steps))
            found["both"].append(speed(options.steps, began))
    print(f"batches of {schedule.batch} on {here.device}; sequences/s, median (lowest-highest)")
    for what, speeds in found.items():
        print(
            f"{what:10}{statistics.median(speeds):12,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f})"
        )


if __name__ == "__main__":
    main()
