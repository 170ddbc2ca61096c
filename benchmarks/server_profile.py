"""A local Triton server under a closed loop: throughput and latency by requests under way.

    python -m benchmarks.server_profile [--model deepbind_encode] [--seconds 2] [--rounds 3]

So many clients ask for the scores of a batch, each again as soon as it has its answer, each by a
connection of its own. Printed for each number of instances (of one thread each), rows of a batch
and clients, which take turns: the median of the rounds' windows a second, the median and the 95th
percentile of the time to an answer, and the server's CPU time for a window, which tells other work
on the machine from the server's own.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from shutil import copytree
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks.annotate import REPO, cpu_name
from benchmarks.server_transport import server_seconds
from regplug.models.export import random_codes
from regplug.models.repository import read_card
from regplug.models.server import Server, serving
from regplug.models.triton_client import Client
from regplug.models.tuned import tune
from regplug.models.tuning import Tuning
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard

CLIENTS = (1, 2, 4, 8, 16)
ROWS = (16, 64, 256)
HEAD = "instances | rows | clients | windows/s | median, ms | 95 %, ms | CPU a window, ms"


class Loop(NamedTuple):
    """What a closed loop gave: seconds to each answer, seconds in all, the server's CPU seconds."""

    latencies: list[float]
    seconds: float
    cpu: float


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="deepbind_encode")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--instances", default="1,2", metavar="N,N")
    parser.add_argument("--protocol", choices=["grpc", "http"], default="grpc")
    options = parser.parse_args()
    print(f"{cpu_name()}; {options.model}, {options.protocol}; {options.rounds} rounds; ", end="")
    print(f"{time.strftime('%d %B %Y')}\n\n| {HEAD} |\n|{'--:|' * 7}")
    card = read_card(REPO / options.model)
    with ExitStack() as stack:
        servers = {
            instances: stack.enter_context(_served(options.model, instances))
            for instances in map(int, options.instances.split(","))
        }
        cases = list(product(servers, ROWS, CLIENTS))
        found: dict[tuple[int, int, int], list[Loop]] = {case: [] for case in cases}
        for turn in range(options.rounds):
            for instances, rows, clients in cases:
                server = servers[instances]
                url = getattr(server, options.protocol)
                loop = _looped(server, url, card, rows, clients, options.seconds)
                found[instances, rows, clients].append(loop)
            print(f"round {turn + 1} done", file=sys.stderr)
    for (instances, rows, clients), loops in found.items():
        print(f"| {instances} | {rows} | {clients} | {_cells(loops, rows)} |")


@contextmanager
def _served(model: str, instances: int) -> Iterator[Server]:
    """Serve a copy of a model by so many instances of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        copytree(REPO / model, Path(folder) / model)
        tune(Path(folder) / model, Tuning("cpu", instances, threads=1))
        with serving(Path(folder)) as server:
            yield server


def _looped(
    server: Server, url: str, card: ModelCard, rows: int, clients: int, seconds: float
) -> Loop:
    """Let clients ask for so many seconds."""
    codes = random_codes(np.random.default_rng(0), rows, card.window or 101)
    latencies: list[list[float]] = [[] for _ in range(clients)]
    ready = threading.Barrier(clients + 1)
    cpu, began = 0.0, 0.0
    ends = threading.Event()

    def ask(found: list[float]) -> None:
        client = Client(url, BackendOptions(), seconds=300.0)
        client.infer(card.name, {"codes": codes[:1]}, [card.main.name])
        ready.wait()
        while not ends.is_set():
            start = time.perf_counter()
            client.infer(card.name, {"codes": codes}, [card.main.name])
            found.append(time.perf_counter() - start)
        client.close(thread_ends=True)

    threads = [threading.Thread(target=ask, args=(found,)) for found in latencies]
    for thread in threads:
        thread.start()
    ready.wait()
    cpu, began = server_seconds(server), time.perf_counter()
    ends.wait(seconds)
    ends.set()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began  # with the answers that were under way
    return Loop([one for found in latencies for one in found], taken, server_seconds(server) - cpu)


def _cells(loops: list[Loop], rows: int) -> str:
    """Return what a row of the table says of loops."""
    rate = median(rows * len(loop.latencies) / loop.seconds for loop in loops)
    latencies = [one for loop in loops for one in loop.latencies]
    half, most = 1000 * np.quantile(latencies, [0.5, 0.95])
    cpu = median(1000 * loop.cpu / (rows * len(loop.latencies)) for loop in loops)
    return f"{rate:,.0f} | {half:,.0f} | {most:,.0f} | {cpu:.2f}"


if __name__ == "__main__":
    main()
