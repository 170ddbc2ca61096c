"""How fast is `regplug annotate`? Alleles a second of each model, in process and through Triton.

    python -m benchmarks.annotate [--panel REPO:NAME] [--triton] [--device cuda] [--every 40]

Every figure comes from whole commands on random SNVs (one in so many bp: 40 as in the 1000 Genomes,
700 as in a person) of a random genome: N alleles divided by the time of the command less that of
the same command on no variants. The configurations take turns, so that a change of the machine's
speed meets all of them; the median of the --rounds (3) is printed, and its ratio to the first row
of its group.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from regplug.genome.codes import decode
from regplug.models.export import random_codes
from tests.toy_models import centre_model

EVERY = 40  # bases between variants
REPO = Path(__file__).parent.parent / "model_repo"


@dataclass(frozen=True)
class Case:
    """One configuration: group and name, the model, where it is and runs, how many alleles."""

    group: str
    name: str
    model: str
    location: str
    alleles: int
    output: str = ".vcf.gz"
    device: str = "cpu"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", help="REPO:NAME of an imported panel")
    parser.add_argument("--triton", action="store_true", help="also through a local Triton server")
    parser.add_argument("--device", help="also on this GPU, in process: cuda, cuda:1 ...")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--every", type=int, default=EVERY, help="bases between variants")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        centre_model(folder / "toy", "nothing", max_batch_size=512)
        toy = str(folder / "toy")
        cases = [
            Case("a model that costs nothing", f"to {suffix}", "nothing", toy, 100_000, suffix)
            for suffix in (".vcf.gz", ".vcf", ".bcf")
        ]
        models = [
            (str(REPO), "deepbind_encode", 20_000),
            (str(REPO), "open_chromatin", 5_000),
            (str(REPO), "basset_dhs4", 10_000),
        ]
        if options.panel:
            repo, _, name = options.panel.rpartition(":")
            models.append((repo, name, 500))
        for repo, name, alleles in models:
            cases += _model_cases(stack, repo, name, alleles, triton=options.triton)
            if options.device:
                cases.append(Case(name, options.device, name, repo, alleles, device=options.device))
        genome = folder / "genome.fa"
        _write_genome(genome, max(case.alleles for case in cases) * options.every + 1000)
        _report(_measure(cases, genome, folder, options.rounds, options.every))


def _model_cases(
    stack: ExitStack, repo: str, name: str, alleles: int, *, triton: bool
) -> list[Case]:
    cases = [Case(name, "in process", name, repo, alleles)]
    if triton:
        from regplug.models.server import serving

        server = stack.enter_context(serving(Path(repo)))
        cases.append(Case(name, "Triton, gRPC", name, server.grpc, alleles))
        cases.append(Case(name, "Triton, HTTP", name, server.http, alleles))
    return cases


def _write_genome(path: Path, bases: int) -> None:
    codes = random_codes(np.random.default_rng(0), 1, bases)[0]
    path.write_text(f">chr1\n{decode(codes)}\n")
    pysam.faidx(str(path))


def _write_variants(path: Path, genome: Path, count: int, every: int = EVERY) -> None:
    with pysam.FastaFile(str(genome)) as fasta, path.open("w") as vcf:
        length = fasta.lengths[0]
        bases = fasta.fetch("chr1")
        vcf.write(f"##fileformat=VCFv4.3\n##contig=<ID=chr1,length={length}>\n")
        vcf.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for index in range(count):
            at = 500 + index * every
            alt = "ACGT"[("ACGT".index(bases[at]) + 1) % 4]
            vcf.write(f"chr1\t{at + 1}\t.\t{bases[at]}\t{alt}\t.\t.\t.\n")


def _measure(
    cases: list[Case], genome: Path, folder: Path, rounds: int, every: int
) -> list[tuple[Case, list[float]]]:
    """Return alleles a second of each case, per round."""
    for count in {0, *(case.alleles for case in cases)}:
        _write_variants(folder / f"{count}.vcf", genome, count, every)
    rates: list[tuple[Case, list[float]]] = [(case, []) for case in cases]
    for _ in range(rounds):
        for case, seconds in rates:
            start = _seconds(case, folder / "0.vcf", genome, folder)
            whole = _seconds(case, folder / f"{case.alleles}.vcf", genome, folder)
            seconds.append(case.alleles / (whole - start))
    return rates


def _seconds(case: Case, vcf: Path, genome: Path, folder: Path) -> float:
    command = [sys.executable, "-m", "regplug", "annotate", str(vcf), "--fasta", str(genome)]
    command += ["--model-repo", case.location, "--model", case.model]
    command += ["-o", str(folder / f"out{case.output}"), "--device", case.device]
    began = time.perf_counter()
    subprocess.run(command, check=True, stderr=None if case.device != "cpu" else subprocess.DEVNULL)
    return time.perf_counter() - began


def _report(rates: list[tuple[Case, list[float]]]) -> None:
    rounds = len(rates[0][1])
    print(f"{cpu_name()}, {os.cpu_count()} cores; median of {rounds} rounds (lowest to highest)\n")
    print(f"| {'model':28} | {'how':12} | alleles/s | lowest-highest | ratio |")
    print(f"|{'-' * 30}|{'-' * 14}|----------:|---------------:|------:|")
    first: dict[str, float] = {}
    for case, seen in rates:
        median = statistics.median(seen)
        ratio = median / first.setdefault(case.group, median)
        span = f"{min(seen):,.0f}-{max(seen):,.0f}"
        print(f"| {case.group:28} | {case.name:12} | {median:9,.0f} | {span:>14} | {ratio:5.2f} |")


def cpu_name() -> str:
    """Return what the processor calls itself."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else "unknown processor"


if __name__ == "__main__":
    main()
