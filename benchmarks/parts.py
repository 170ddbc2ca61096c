"""What does a run in parts cost, and what do Dask's workers gain?

    python -m benchmarks.parts [--model basset_dhs4] [--alleles 20000] [--rounds 3]

Whole commands on SNVs (one per 40 bp) of a random genome: in one go; in parts here; in parts on 1,
2 and 4 workers of this machine. Each model has one thread (--threads 1), so that workers are what
is counted. Ways take turns; the median of the rounds is printed, and its ratio to the first. What a
part costs beside its records is what small parts take longer than large ones.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.annotate import EVERY, REPO, _write_genome, _write_variants, cpu_name

PARTS = 20  # of a run
WAYS = {
    "in one go": [],
    "parts, here": ["--executor", "sequential"],
    "1 worker": ["--executor", "dask:local:1"],
    "2 workers": ["--executor", "dask:local:2"],
    "4 workers": ["--executor", "dask:local:4"],
}
SMALL = "four times as many parts, here"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="basset_dhs4")
    parser.add_argument("--alleles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    size = options.alleles // PARTS
    ways = {way: [*words, "--part-size", str(size)] for way, words in WAYS.items()}
    ways[SMALL] = [*WAYS["parts, here"], "--part-size", str(size // 4)]
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_genome(folder / "genome.fa", options.alleles * EVERY + 1000)
        _write_variants(folder / "in.vcf", folder / "genome.fa", options.alleles)
        for _ in range(options.rounds):
            for way, words in ways.items():
                seconds[way].append(_seconds(folder, options.model, words))
    _report(options, seconds)


def _seconds(folder: Path, model: str, words: list[str]) -> float:
    command = [sys.executable, "-m", "regplug", "annotate", folder / "in.vcf", "--threads", "1"]
    command += ["--fasta", folder / "genome.fa", "--model-repo", REPO, "--model", model]
    began = time.perf_counter()
    subprocess.run(
        [*map(str, command), *words, "-o", str(folder / "out.vcf")],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def _report(options: argparse.Namespace, seconds: dict[str, list[float]]) -> None:
    print(
        f"{cpu_name()}, {os.cpu_count()} cores; {options.alleles:,} SNVs in {PARTS} parts, "
        f"{options.model}; median of {options.rounds} rounds\n"
    )
    print("| how | seconds | lowest-highest | times as fast |")
    print("|---|---:|---:|---:|")
    medians = {way: statistics.median(seen) for way, seen in seconds.items()}
    for way, seen in seconds.items():
        ratio = medians["in one go"] / medians[way]
        print(f"| {way} | {medians[way]:.1f} | {min(seen):.1f}-{max(seen):.1f} | {ratio:.2f} |")
    more = (medians[SMALL] - medians["parts, here"]) / (3 * PARTS)
    print(f"\na part costs {1000 * more:.0f} ms beside its records")


if __name__ == "__main__":
    main()
