"""What does a server on this machine cost beside the model in process? In CPU time of both sides.

    python -m benchmarks.server_transport [--rounds 3] [--only NAME]

Models are run by one thread, in process and by a local Triton server, windows by `predict` and SNVs
together by the graph for variants; the ways take turns, and the median of the rounds is printed,
with its ratio to in process. CPU time is that of this process and of all the server's, so that
other work on the machine counts little; time by the clock stands beside it. A model that costs
nothing shows the way there and back alone.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import psutil
from onnx import TensorProto, helper

from benchmarks.annotate import REPO, cpu_name
from benchmarks.variants_fast import Network, Plain, _alleles, written
from benchmarks.variants_fast_networks import basset
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.models.server import Server, serving
from regplug.models.tuned import tune
from regplug.models.tuning import Tuning
from regplug.models.variants.served import write_variants
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.pairs import pair_predictions

DENSITIES = {"window by window": 2000, "1000 Genomes: 1 per 40": 40, "dense: 1 per 4 bp": 4}
ALLELES = {
    "nothing": (2048, 0),
    "open_chromatin": (126, 256),
    "basset": (63, 256),
}  # alone, together
_SLICE = {"starts": 0, "ends": 1, "axes": 1}
HEAD = "model | SNVs | way | client, ms | server, ms | ratio | ratio by the clock"


class Taken(NamedTuple):
    """Seconds: CPU of this process and of the server's, and by the clock."""

    client: float
    server: float
    clock: float


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="a part of the names of models")
    options = parser.parse_args()
    print(f"{cpu_name()}, one thread; ms an allele, median of {options.rounds} rounds; ", end="")
    print(f"{time.strftime('%d %B %Y')}\n\n| {HEAD} |\n|---|---|---|--:|--:|--:|--:|")
    with ExitStack() as stack:
        repo = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        written(repo, "nothing", _nothing())
        shutil.copytree(REPO / "open_chromatin", repo / "open_chromatin")
        written(repo, "basset", basset())
        for name in ALLELES:
            if name != "nothing":
                write_variants(repo / name)
            tune(repo / name, Tuning("cpu", instances=1, threads=1))
        server = stack.enter_context(serving(repo))
        for name in ALLELES:
            if options.only in name:
                _measure(stack, repo, name, server, options.rounds)


def _nothing() -> onnx.ModelProto:
    """Return a network that answers the first base's code."""
    codes = helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 600])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])
    starts, ends, axes = (helper.make_tensor(name, 7, [1], [at]) for name, at in _SLICE.items())
    nodes = [
        helper.make_node("Slice", ["codes", *_SLICE], ["first"]),
        helper.make_node("Cast", ["first"], ["scores"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(nodes, "nothing", [codes], [scores], [starts, ends, axes])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _measure(stack: ExitStack, repo: Path, name: str, server: Server, rounds: int) -> None:
    """Print a model's rows."""
    places = {"in process": str(repo), "gRPC": server.grpc, "HTTP": server.http}
    backends = {
        way: stack.enter_context(
            closing(open_backend(plugin_manager(), place, name, BackendOptions(threads=1)))
        )
        for way, place in places.items()
    }
    for density, every in DENSITIES.items():
        count = ALLELES[name][every != DENSITIES["window by window"]]
        if not count:
            continue
        alleles = _alleles(600, every, Network(repo / name, count, count))
        works = {way: _work(alleles, backend, every) for way, backend in backends.items()}
        found: dict[str, list[Taken]] = {way: [] for way in works}
        for turn in range(rounds + 1):
            for way, work in works.items():
                taken = _taken(work, server)
                if turn:  # the first makes ready
                    found[way].append(taken)
        _report(name, density, found, count)


def _work(alleles: Any, backend: Backend, every: int) -> Callable[[], object]:
    shown = Plain(backend) if every == DENSITIES["window by window"] else backend
    return lambda: pair_predictions(alleles, shown)


def _taken(work: Callable[[], object], server: Server) -> Taken:
    client, far, clock = time.process_time(), server_seconds(server), time.perf_counter()
    work()
    clock = time.perf_counter() - clock
    return Taken(time.process_time() - client, server_seconds(server) - far, clock)


def server_seconds(server: Server) -> float:
    """Return the CPU seconds of the server and its children by now."""
    main = psutil.Process(server.process.pid)
    times = [process.cpu_times() for process in (main, *main.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _report(name: str, density: str, found: dict[str, list[Taken]], count: int) -> None:
    """Print a row for each way."""
    here = found["in process"]
    for way, taken in found.items():
        client, far = (
            1000 * statistics.median(getattr(one, part) for one in taken) / count
            for part in ("client", "server")
        )
        cpu = statistics.median(
            (one.client + one.server * (way != "in process")) / base.client
            for one, base in zip(taken, here, strict=True)
        )
        clock = statistics.median(
            one.clock / base.clock for one, base in zip(taken, here, strict=True)
        )
        there = "" if way == "in process" else f"{far:.3f}"
        cells = f"{client:.3f} | {there} | {cpu:.2f} | {clock:.2f}"
        print(f"| `{name}` | {density} | {way} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
