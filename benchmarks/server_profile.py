"""A local Triton server under a closed loop: throughput and latency by requests under way.

    python -m benchmarks.server_profile [--model open_chromatin] [--seconds 10] [--instances 1,2]

So many clients ask for the scores of a batch, each again as soon as it has its answer, each by a
connection of its own. Printed for each number of instances (of one thread each), rows of a batch
and clients: windows a second, the median and the 95th percentile of the time to an answer, and the
server's CPU time for a window, which tells other work on the machine from the server's own.
"""

import argparse
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree
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
    parser.add_argument("--model", default="open_chromatin")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--instances", default="1,2", metavar="N,N")
    parser.add_argument("--protocol", choices=["grpc", "http"], default="grpc")
    options = parser.parse_args()
    print(f"{cpu_name()}; {options.model}, {options.protocol}; {time.strftime('%d %B %Y')}\n")
    print(f"| {HEAD} |\n|{'--:|' * 7}")
    for instances in map(int, options.instances.split(",")):
        with ExitStack() as stack:
            repo = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            copytree(REPO / options.model, repo / options.model)
            tune(repo / options.model, Tuning("cpu", instances, threads=1))
            card = read_card(repo / options.model)
            server = stack.enter_context(serving(repo))
            url = getattr(server, options.protocol)
            _looped(server, url, card, ROWS[0], instances, 2.0)  # what is made once
            for rows in ROWS:
                for clients in CLIENTS:
                    loop = _looped(server, url, card, rows, clients, options.seconds)
                    print(
                        f"| {instances} | {rows} | {clients} | {_cells(loop, rows)} |", flush=True
                    )


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


def _cells(loop: Loop, rows: int) -> str:
    """Return what a row of the table says of a loop."""
    windows = rows * len(loop.latencies)
    median, most = 1000 * np.quantile(loop.latencies, [0.5, 0.95])
    return (
        f"{windows / loop.seconds:,.0f} | {median:,.0f} | {most:,.0f} "
        f"| {1000 * loop.cpu / windows:.2f}"
    )


if __name__ == "__main__":
    main()
