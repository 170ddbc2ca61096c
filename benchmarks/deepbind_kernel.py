"""How fast are the published DeepBind models, by the compiled kernel and by their graph?

    python -m benchmarks.deepbind_kernel FOLDER [--every 1] [--snvs 64] [--rounds 3]

FOLDER holds the parameter files of the published models. Each SNV has a window of its own. First
the ways on one thread, in CPU time, so that other work on the machine counts little: the graph by
onnxruntime, REF and ALT, 32 rows at a time; and the kernel, for each width of vectors that the CPU
has. They take turns, and the median of the rounds is printed. Then the kernel on two threads, the
best of the rounds in CPU time and by the clock, which other work slows. Errors are the
largest difference from the published description in float64 (tests/plugins/deepbind/reference.py),
on a few alleles with unknown bases, over all networks.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.annotate import cpu_name
from regplug.genome.codes import Codes
from regplug.models.export import random_codes
from regplug.models.library import open_session
from regplug_deepbind.graph import variant_graph, variant_width
from regplug_deepbind.kernel import Kernel, widths
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network
from regplug_deepbind.stacked import Floats, stacks_of
from tests.plugins.deepbind.reference import score

ROWS, CHECKED = 32, 3
NAMES = {16: "AVX-512", 8: "AVX2", 4: "SSE or NEON", 1: "none"}


class Snvs(NamedTuple):
    """Windows of REF, and the base that each SNV puts into the middle of its own."""

    ref: Codes
    base: Codes

    @property
    def alt(self) -> Codes:
        """Return the windows of ALT."""
        changed = self.ref.copy()
        changed[:, self.ref.shape[1] // 2] = self.base
        return changed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take one network in so many")
    parser.add_argument("--snvs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*.txt"))[:: options.every]
    networks = [read_network(path) for path in paths]
    graph = variant_graph(networks)
    session = open_session(graph.SerializeToString(), "panel", threads=1)
    stacks = stacks_of(graph)
    assert stacks is not None
    snvs = _drawn(variant_width(networks), options.snvs)

    def plain(some: Snvs) -> Floats:
        rows = np.concatenate([some.ref, some.alt])
        parts = np.array_split(rows, -(-len(rows) // ROWS))
        return np.concatenate([session.run(None, {"codes": part})[0] for part in parts])

    def by(kernel: Kernel) -> Callable[[Snvs], Floats]:
        return lambda some: np.concatenate(
            kernel.snvs(some.ref, np.arange(len(some.ref)), some.base)
        )

    ways = {"the graph, by onnxruntime": plain} | {
        f"kernel, {NAMES[wide]}": by(Kernel(stacks, threads=1, wide=wide)) for wide in widths()
    }
    few = Snvs(snvs.ref[:CHECKED], snvs.base[:CHECKED])
    wanted = _exact(networks, np.concatenate([few.ref, few.alt]))
    errors = {way: float(abs(work(few) - wanted).max()) for way, work in ways.items()}
    seconds = _turns(ways, snvs, options.rounds)
    print(
        f"{cpu_name()}; {len(networks)} networks, {len(snvs.ref)} SNVs, {options.rounds} rounds\n"
    )
    print("| | SNVs a second of one core | ratio | largest error |\n|---|--:|--:|--:|")
    for way, taken in seconds.items():
        ratio = seconds["the graph, by onnxruntime"] / taken
        print(f"| {way} | {len(snvs.ref) / taken:.1f} | {ratio:.1f} | {errors[way]:.1e} |")
    two = by(Kernel(stacks, threads=2))
    turns = [_both_clocks(two, snvs) for _ in range(2 * options.rounds)]
    of_both, by_clock = (len(snvs.ref) / min(times) for times in zip(*turns, strict=True))
    print(f"\nTwo threads: {2 * of_both:.0f} SNVs a second of two cores in CPU time, "
          f"{by_clock:.0f} by the clock")  # fmt: skip


def _drawn(width: int, count: int) -> Snvs:
    """Return random SNVs; the first have unknown bases, one of them at an end of its contig."""
    rng = np.random.default_rng(0)
    ref = random_codes(rng, count, width)
    ref[0, width // 2 + 5 : width // 2 + 8], ref[1, : width // 2 - 9] = 4, 4
    return Snvs(ref, (ref[:, width // 2] + rng.integers(1, 4, count)).astype(np.uint8) % 4)


def _exact(networks: list[Network], windows: Codes) -> np.ndarray:
    """Return the scores of the sub-windows that cover the middle base, in float64."""
    middle = windows.shape[1] // 2
    return np.stack(
        [score(net, windows[:, middle - net.scan + 1 : middle + net.scan]) for net in networks],
        axis=1,
    )


def _turns(ways: dict[str, Callable[[Snvs], Floats]], snvs: Snvs, rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each way; they take turns."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            began = time.process_time()
            work(snvs)
            seconds[way].append(time.process_time() - began)
    return {way: statistics.median(taken) for way, taken in seconds.items()}


def _both_clocks(work: Callable[[Snvs], Floats], snvs: Snvs) -> tuple[float, float]:
    """Return the seconds of CPU time and of the clock that the SNVs take."""
    cpu, clock = time.process_time(), time.perf_counter()
    work(snvs)
    return time.process_time() - cpu, time.perf_counter() - clock


if __name__ == "__main__":
    main()
