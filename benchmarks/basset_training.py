"""How fast does Basset's published network train, and how far is that from what a machine can do?

    python -m benchmarks.basset_training [--device cuda] [--batch 128 1024] [--compile]
        [--dtype float32 tf32 bfloat16] [--threads 1] [--seconds 5] [--rounds 3]

A step is forward, loss, backward, RMSprop and the cap of the rows' norms, on random sequences of
600 bases that lie in the device's memory: with 164 targets (the full training) and with 1 (a seeded
single task). Two ceilings are measured in the same run, and the rounds take turns:

- the product of two large square matrices of the same kind of numbers, against the network's own
  multiplications and additions (`flops`);
- the set: batches read from an HDF5 file in random order, and, on a GPU, copied to it.

bfloat16 is torch.autocast; float32 and tf32 are torch.float32 without and with rounded products.

The published times are of Kelley et al. 2016: 18 min on a K20m and 6 h 37 min on an i7 for a seeded
single task, one pass through the data; 85 h on the K20m for the full training. A pass is taken as
1.88 million sequences. How many passes the full training made is not said: 283 are taken, as 85 h
are 283 times 18 min.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import cycle, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.annotate import cpu_name
from regplug.data.sites.parts import RandomSplit
from regplug.data.sites.samples import Settings
from regplug.data.sites.sites import SiteBatch, Sites, SitesCard
from regplug.data.sites.writer import SitesWriter
from regplug.models.stack import StackShape
from regplug.train.basset.network import Basset
from regplug.train.loop.learner import shorten_rows

FULL, SEEDED = "full, 164 targets", "seeded, 1 target"
TARGETS = {FULL: 164, SEEDED: 1}
PASS = 1_880_000  # sequences
SCHEDULE = {  # passes, and the published times
    FULL: (283, "85 h", ""),
    SEEDED: (1, "18 min", "6 h 37 min"),
}
ROWS = 32_768  # sites in the set that is read
OPEN = 0.03  # share of targets that are 1
EDGE = {"cpu": 2048, "cuda": 8192}  # of the square matrices


class Case(NamedTuple):
    """What is timed: `units` of work a call; FLOPs of a matrix product, sequences elsewhere."""

    kind: str
    name: str
    dtype: str
    batch: int
    units: float
    call: Callable[[], object]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=int, nargs="+", default=[128])
    parser.add_argument(
        "--dtype", nargs="+", choices=["float32", "tf32", "bfloat16"], default=["float32"]
    )
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each case and round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("torch sees no GPU here")
    if options.device == "cpu" and options.dtype != ["float32"]:
        raise SystemExit("tf32 and bfloat16 are for GPUs: use --device cuda")
    torch.set_num_threads(options.threads)
    torch._dynamo.config.cache_size_limit = 64  # each case is a program of its own
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.h5"
        write_set(path, ROWS)
        with Sites(path) as sites:
            cases = list(cases_of(options, sites))
            found: list[list[float]] = [[] for _ in cases]
            for _ in range(options.rounds):
                for case, rates in zip(cases, found, strict=True):
                    rates.append(rate(case, options.device, options.seconds))
    name = torch.cuda.get_device_name() if options.device == "cuda" else cpu_name()
    print(
        f"{name}, {options.threads} CPU threads, torch {torch.__version__}"
        f"{', compiled' if options.compile else ''}; median of {options.rounds} rounds\n"
    )
    report([(case, statistics.median(rates)) for case, rates in zip(cases, found, strict=True)])


def cases_of(options: argparse.Namespace, sites: Sites) -> Iterator[Case]:
    """Yield the ceilings, then the steps."""
    device, edge = options.device, EDGE[options.device]
    for dtype in options.dtype:
        one, other = (torch.rand(edge, edge, device=device, dtype=stored(dtype)) for _ in "ab")
        multiply = with_products(dtype, partial(torch.mm, one, other))
        yield Case("product", f"matrix product, {edge} x {edge}", dtype, 0, 2 * edge**3, multiply)
    for batch in options.batch:
        batches = endless(sites, batch)
        yield Case("set", "read from HDF5", "uint8", batch, batch, partial(next, batches))
        if device == "cuda":
            pinned = [torch.from_numpy(array).pin_memory() for array in next(batches)]
            yield Case("set", "copied to the GPU", "uint8", batch, batch, copying(pinned))
    for (name, targets), dtype, batch in product(TARGETS.items(), options.dtype, options.batch):
        step = training(targets, dtype, batch, device, compiled=options.compile)
        yield Case("step", name, dtype, batch, batch, step)


def training(
    targets: int, dtype: str, batch: int, device: str, *, compiled: bool
) -> Callable[[], None]:
    """Return a function that trains the published network for a step."""
    torch.manual_seed(0)
    network = Basset(StackShape(targets=targets)).to(device).train()
    forward = torch.compile(network, dynamic=False, fullgraph=True) if compiled else network
    optimizer = torch.optim.RMSprop(network.parameters(), lr=0.002, alpha=0.98)
    codes = torch.randint(0, 4, (batch, network.shape.width), dtype=torch.uint8, device=device)
    wanted = (torch.rand(batch, targets, device=device) < OPEN).float()

    def step() -> None:
        half = torch.autocast(device, torch.bfloat16) if dtype == "bfloat16" else nullcontext()
        with half:
            logits: Tensor = forward(codes)
        optimizer.zero_grad()
        torch.autograd.backward(binary_cross_entropy_with_logits(logits.float(), wanted))
        optimizer.step()
        shorten_rows(network, 7)

    return with_products(dtype, step)


def with_products(dtype: str, call: Callable[[], object]) -> Callable[[], None]:
    """Return a function that calls with the GPU's products of float32 rounded or not."""

    def called() -> None:
        torch.backends.cuda.matmul.allow_tf32 = dtype == "tf32"
        torch.backends.cudnn.allow_tf32 = dtype == "tf32"
        call()

    return called


def stored(dtype: str) -> torch.dtype:
    """Return the kind of numbers that the matrices have."""
    return torch.bfloat16 if dtype == "bfloat16" else torch.float32


def copying(pinned: list[Tensor]) -> Callable[[], object]:
    """Return a function that copies tensors to the GPU."""
    return lambda: [one.to("cuda", non_blocking=True) for one in pinned]


def write_set(path: Path, rows: int) -> None:
    """Write random sites to an HDF5 file, all for training."""
    rng = np.random.default_rng(0)
    samples = [str(i) for i in range(TARGETS[FULL])]
    settings = Settings(split=RandomSplit(valid=0, test=0, seed=0))
    with SitesWriter(path, settings.length, ["chr1"], samples) as writer:
        codes = rng.integers(0, 4, (rows, settings.length), dtype=np.uint8)
        targets = (rng.random((rows, len(samples))) < OPEN).astype(np.uint8)
        writer.add(0, np.arange(rows), codes, targets)
        card = SitesCard(settings=settings, sources=(), counts={})
        writer.finish(card, np.zeros(rows, np.uint8), [1] * len(samples))


def endless(sites: Sites, batch: int) -> Iterator[SiteBatch]:
    """Yield whole batches of the training part, epoch after epoch."""
    for seed in cycle(range(1000)):
        for one in sites.batches("train", batch, rng=np.random.default_rng(seed)):
            if len(one.codes) == batch:
                yield one


def flops(shape: StackShape) -> int:
    """Return the multiplications and additions that training takes on one sequence.

    A layer's outputs, the gradient of its weights and that of its inputs cost the same; the first
    layer's inputs are bases, and need no gradient.
    """
    arrays, total, bins = shape.arrays(), 0, shape.width
    for i, (pad, size, pool) in enumerate(zip(shape.pads, shape.sizes, shape.pools, strict=True)):
        places = bins + 2 * pad - size + 1
        total += 2 * places * int(np.prod(arrays[f"convs.{i}.weight"])) * (3 if i else 2)
        bins = -(-places // pool) if shape.form == "same" else places // pool
    dense = [*(f"dense.{i}.weight" for i in range(len(shape.dense))), "last.weight"]
    return total + sum(3 * 2 * int(np.prod(arrays[name])) for name in dense)


def rate(case: Case, device: str, seconds: float) -> float:
    """Return units of work per second; one call more comes before the clock starts."""
    wait: Callable[[], object] = torch.cuda.synchronize if device == "cuda" else lambda: None
    case.call()
    wait()
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        case.call()
        calls += 1
    wait()
    return calls * case.units / (time.perf_counter() - began)


def report(found: list[tuple[Case, float]]) -> None:
    """Print the ceilings, the steps beside them, and the published schedule."""
    products = {case.dtype: speed for case, speed in found if case.kind == "product"}
    sets = {(case.name, case.batch): speed for case, speed in found if case.kind == "set"}
    print("| ceiling | numbers | batch | rate |\n|---|---|---:|---:|")
    for case, speed in found:
        if case.kind == "product":
            print(f"| {case.name} | {case.dtype} | | {speed / 1e9:,.1f} GFLOP/s |")
        elif case.kind == "set":
            print(f"| {case.name} | uint8 | {case.batch} | {speed:,.0f} sequences/s |")
    ways = list(dict.fromkeys(name for name, _ in sets))
    heads = ["training", "numbers", "batch", "sequences/s", "of the product"]
    print(f"\n| {' | '.join(heads + [f'of what is {way}' for way in ways])} |")
    print(f"|---|---|{'---:|' * (3 + len(ways))}")
    best: dict[str, float] = {}
    for case, speed in found:
        if case.kind == "step":
            best[case.name] = max(speed, best.get(case.name, 0))
            of_product = speed * flops(StackShape(targets=TARGETS[case.name]))
            shares = [of_product / products[case.dtype]]
            shares += [speed / sets[way, case.batch] for way in ways]
            cells = [case.name, case.dtype, str(case.batch), f"{speed:,.1f}"]
            print(f"| {' | '.join(cells + [f'{share:.2%}' for share in shares])} |")
    print("\n| schedule | passes | K20m, published | i7, published | here, the fastest |")
    print("|---|---:|---:|---:|---:|")
    for name, (passes, *published) in SCHEDULE.items():
        cells = [name, str(passes), *published, shown(passes * PASS / best[name])]
        print(f"| {' | '.join(cells)} |")


def shown(seconds: float) -> str:
    """Return a time in hours and minutes."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 10:
        return f"{seconds / 3600:,.0f} h"
    return f"{hours} h {minutes:02} min" if hours else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    main()
