"""What is gained by looking predictions up, in place of computing them?

    python -m benchmarks.lookup [--model open_chromatin] [--alleles 4000] [--rounds 3]

Whole commands on SNVs (one per 40 bp) of a random genome: `annotate` as it is, with a `--cache`
that it fills, with one that has all, and `--from` a table of all three ALTs of each
place; and `bcftools annotate -a` of that table. Seconds of processor time are those of a command
less those of the same command on no variants; ways take turns, the median of the rounds is printed,
and its ratio to the first.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pysam

from benchmarks.annotate import EVERY, REPO, _write_genome, _write_variants, cpu_name

WAYS = ("computed", "filling a cache", "from the cache", "from a table", "bcftools annotate")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="open_chromatin")
    parser.add_argument("--alleles", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_genome(folder / "genome.fa", options.alleles * EVERY + 1000)
        for count in (0, options.alleles):
            _write_variants(folder / f"{count}.vcf", folder / "genome.fa", count)
            pysam.tabix_compress(*(str(folder / f"{count}.vcf{gz}") for gz in ("", ".gz")))
            pysam.tabix_index(str(folder / f"{count}.vcf.gz"), preset="vcf")
        _write_table(folder, options.model, options.alleles)
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            (folder / "kept").unlink(missing_ok=True)
            for way in WAYS:
                whole = _seconds(folder, options.model, options.alleles, way)
                seconds[way].append(whole - _seconds(folder, options.model, 0, way))
        size = (folder / "kept").stat().st_size / options.alleles
    _report(options, seconds)
    print(f"\nthe cache has {size:.0f} bytes an allele")


def _write_table(folder: Path, model: str, alleles: int) -> None:
    """Write a table of all SNVs at the places of the variants."""
    command = [*_regplug(folder, "precompute", model), "-R", folder / f"{alleles}.vcf"]
    subprocess.run([*command, "-o", folder / "table.vcf.gz"], check=True, stderr=subprocess.DEVNULL)


def _regplug(folder: Path, command: str, model: str) -> list[str | Path]:
    words = [sys.executable, "-m", "regplug", command, "--fasta", folder / "genome.fa"]
    return [*words, "--model-repo", REPO, "--model", model]


def _seconds(folder: Path, model: str, alleles: int, way: str) -> float:
    vcf, table = folder / f"{alleles}.vcf.gz", folder / "table.vcf.gz"
    command = [*_regplug(folder, "annotate", model), vcf, "-o", folder / "out.vcf.gz"]
    if way == "bcftools annotate":
        command = ["bcftools", "annotate", "-a", table, "-c", "INFO", "-Oz", "-o"]
        command += [folder / "out.vcf.gz", vcf]
    elif way == "from a table":
        command += ["--from", table]
    elif way != "computed":
        command += ["--cache", folder / "kept"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _report(options: argparse.Namespace, seconds: dict[str, list[float]]) -> None:
    print(
        f"{cpu_name()}, {os.cpu_count()} cores; {options.alleles:,} SNVs, {options.model}; "
        f"median of {options.rounds} rounds (lowest to highest)\n"
    )
    print("| how | seconds | lowest-highest | alleles/s | ratio |")
    print("|---|---:|---:|---:|---:|")
    first = statistics.median(seconds[WAYS[0]])
    for way, seen in seconds.items():
        median = statistics.median(seen)
        span = f"{min(seen):.2f}-{max(seen):.2f}"
        rate = options.alleles / median
        print(f"| {way} | {median:.2f} | {span} | {rate:,.0f} | {first / median:.1f} |")


if __name__ == "__main__":
    main()
