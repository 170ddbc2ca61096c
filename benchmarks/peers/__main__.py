"""How fast is regplug beside other programs, on the same network, variants and machine?

    make bench        # or: python -m benchmarks.peers [--rounds 3] [--only NAME] [--server]

Basset of 600 bases and 164 targets with random weights, both strands, SNVs of a random genome. Each
program runs in a process of its own on all cores; its time is from opening the VCF to the last byte
that it writes, without imports and the loading of the network. Programs take turns; the median of
the rounds is printed with the lowest and highest. Those of torch run a second time with glibc told
to keep memory (`MALLOC_...`), which alone makes them faster. Those that score window by window are
given one density, as it does not matter to them. Errors are the largest of ALT - REF, on a few
SNVs, beside the network in float64. A program that is not installed is left out, by name.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import onnx

from benchmarks.annotate import cpu_name
from benchmarks.peers.job import CORES, Job
from benchmarks.peers.setting import DENSITIES, WINDOW, write_bpnet, write_setting
from regplug.genome.codes import encode
from regplug.models.repository import read_card, read_onnx
from tests.models.variants.toy_graphs import reference

TUNED = {
    "MALLOC_TRIM_THRESHOLD_": "4294967295",
    "MALLOC_MMAP_THRESHOLD_": "4294967295",
    "MALLOC_TOP_PAD_": "268435456",
}
SNVS = {"dense": 4000, "1000 Genomes": 2000, "sparse": 400}
GENOME = 4_500_000  # variants, which lie as those called sparse
CHECKED = 3
NEEDS = {"tangermeme": "tangermeme", "selene": "selene_sdk", "grelu": "grelu"}


class Row(NamedTuple):
    """A program, the SNVs it is given, and how: a row of the table."""

    program: str
    density: str
    snvs: int
    tuned: bool = False
    model: str = "basset"

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return self.program + (", malloc tuned" if self.tuned else "")


class Result(NamedTuple):
    """What rounds of a row gave."""

    rates: list[float]
    megabytes: float
    error: float | None


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", default="", help="parts of networks' and programs' names, with commas"
    )
    parser.add_argument("--server", action="store_true", help="also through a local Triton server")
    options = parser.parse_args()
    parts = options.only.split(",")
    wanted = [
        row
        for row in rows(server=options.server)
        if any(part in f"{row.model} {row.program}" for part in parts)
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_setting(folder, SNVS)
        if any(row.model == "bpnet" for row in wanted):
            write_bpnet(folder)
        servers = _servers(stack, folder) if options.server else {}
        before = gflops()
        results = _measure(wanted, folder, servers, options.rounds)
        print(f"{cpu_name()}, {CORES} cores; {options.rounds} rounds; {time.strftime('%d %B %Y')}")
        print(f"sgemm of 2,048: {before:.0f} GFLOP/s before, {gflops():.0f} after\n")
        for model in ("basset", "bpnet"):
            _report({row: found for row, found in results.items() if row.model == model})


def rows(*, server: bool) -> list[Row]:
    """Return what is measured: programs that are here, with as many SNVs as take seconds."""
    usual = "1000 Genomes"
    made = [Row("naive", usual, 100)]
    for program in ("script", *NEEDS):
        if find_spec(NEEDS.get(program, "torch")):
            made += [Row(program, usual, 500), Row(program, usual, 500, tuned=True)]
        else:
            print(f"{program}: not installed, left out", file=sys.stderr)
    made.append(Row("plain", usual, 500))
    ours = ("together", "server", "served") if server else ("together",)
    made += [
        Row(program, density, 500 if program == "server" else SNVS[density])
        for program in ours
        for density in (DENSITIES if program != "server" else (usual,))
    ]
    if find_spec("bpnetlite"):
        made += [Row("bpnet_lite", usual, 16, tuned, "bpnet") for tuned in (False, True)]
        made += [Row("together", density, 16, model="bpnet") for density in ("dense", usual)]
    return made


def _servers(stack: ExitStack, folder: Path) -> dict[str, str]:
    """Start a server without the graph for variants and one with it; return their URLs."""
    from regplug.models.server import serving

    with_graph = folder / "with_graph"
    with_graph.mkdir()
    (with_graph / "basset").symlink_to(folder / "models" / "basset")
    command = [sys.executable, "-m", "regplug", "models", "variants", "basset"]
    subprocess.run([*command, "--model-repo", str(with_graph)], check=True)
    alone = folder / "alone"
    alone.mkdir()
    (alone / "basset").symlink_to(folder / "models" / "basset")
    repos = {"server": alone, "served": with_graph}
    return {name: stack.enter_context(serving(repo)).grpc for name, repo in repos.items()}


def _measure(
    wanted: list[Row], folder: Path, servers: dict[str, str], rounds: int
) -> dict[Row, Result]:
    results = {row: Result([], 0.0, None) for row in wanted}
    for _ in range(rounds):
        for row, known in results.items():
            job = _job(row, folder, servers.get(row.program, ""))
            noted = _run(row, job)
            known.rates.append(noted["snvs"] / noted["seconds"])
            error = known.error
            if error is None and row.model == "basset":
                error = _error(job, np.load(folder / "result.npy"))
            megabytes = max(known.megabytes, noted["megabytes"])
            results[row] = Result(known.rates, megabytes, error)
            print(f"{row.name} {row.density}: {known.rates[-1]:.1f}/s", file=sys.stderr)
    return results


def _job(row: Row, folder: Path, server: str) -> Job:
    """Return the job, with a VCF of as many SNVs as the row is given."""
    lines = (folder / f"{row.density}.vcf").read_text().split("\n")
    heading = sum(line.startswith("#") for line in lines)
    vcf = folder / f"{row.density}-{row.snvs}.vcf"
    vcf.write_text("\n".join(lines[: heading + row.snvs]) + "\n")
    model = folder / "models" / row.model
    window = read_card(model).window or WINDOW
    return Job(folder, vcf, folder / "genome.fa", model, window, server)


def _run(row: Row, job: Job) -> dict[str, float]:
    given, result = job.folder / "job.json", job.folder / "result.json"
    given.write_text(json.dumps([str(part) if isinstance(part, Path) else part for part in job]))
    command = [sys.executable, "-m", "benchmarks.peers.once", row.program, given, result]
    environment = os.environ | (TUNED if row.tuned else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{row.name} failed:\n{done.stderr}")
    noted: dict[str, float] = json.loads(result.read_bytes())
    return noted


def _error(job: Job, changes: np.ndarray) -> float:
    """Return the largest error of ALT - REF of a few SNVs."""
    graph = onnx.load_from_string(read_onnx(job.model, read_card(job.model)))
    genome = job.fasta.read_text().split("\n")[1]
    largest = 0.0
    for row, (_, position, _, alt) in enumerate(job.snvs()[:CHECKED]):
        start = position - 1 - job.column
        bases = genome[start : start + job.window]
        changed = bases[: job.column] + alt + bases[job.column + 1 :]
        ref, alternative = (reference(graph, encode(text)[None]) for text in (bases, changed))
        largest = max(largest, float(abs(changes[row] - (alternative - ref)[0]).max()))
    return largest


def gflops(size: int = 2048) -> float:
    """Return what a product of matrices in float32 reaches here, the best of five."""
    one = np.ones((size, size), np.float32)
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        one @ one
        taken.append(time.perf_counter() - began)
    return 2 * size**3 / min(taken) / 1e9


def _report(results: dict[Row, Result]) -> None:
    for line in table(results):
        print(line)
    print()


def table(results: dict[Row, Result]) -> Iterator[str]:
    """Give the lines of a table in Markdown; ratios are to the first program that comes stock."""
    peers = {"tangermeme", "bpnet_lite"}
    base = [median(found.rates) for row, found in results.items() if row.program in peers][:1]
    yield "| program | SNVs | SNVs/s | lowest-highest | ratio | hours a genome | MB | error |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for row, found in results.items():
        rate = median(found.rates)
        ratio = f"{rate / base[0]:.2f}" if base else ""
        spread = f"{min(found.rates):,.1f}-{max(found.rates):,.1f}"
        by_density = row.program in ("together", "served")
        hours = "" if by_density and row.density != "sparse" else f"{GENOME / rate / 3600:,.1f}"
        error = "" if found.error is None else f"{found.error:.1e}"
        yield (
            f"| {row.name} | {row.density if by_density else 'any'} | {rate:,.1f} | {spread} "
            f"| {ratio} | {hours} | {found.megabytes:,.0f} | {error} |"
        )


if __name__ == "__main__":
    main()
