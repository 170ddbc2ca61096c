"""What do the genotypes of a cohort cost `regplug annotate`? Processor time beside the sites alone.

    python -m benchmarks.cohort [--records 20000] [--samples 2504] [--rounds 3] [--default-models]

Each figure is the processor time (user and system, of all threads) of a whole command less that of
the same command on no records, with a model that costs nothing or those that run by default;
`bcftools view` of the same file stands beside it. The commands take turns, and the median of the
rounds is printed.
"""

import argparse
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pysam

from benchmarks.annotate import cpu_name
from regplug.genome.codes import decode
from regplug.models.export import random_codes
from tests.toy_models import centre_model

EVERY = 40  # bases between variants
NOTHING = ["--model-repo", "FOLDER/toy", "--model", "nothing"]
GENOTYPES = {"0|0": 90, "0|1": 4, "1|0": 4, "1|1": 2}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=2504)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--default-models", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        centre_model(folder / "toy", "nothing", max_batch_size=512)
        bases = _write_genome(folder / "genome.fa", options.records * EVERY + 1000)
        for samples in (0, options.samples):
            for records in (0, options.records):
                _write_vcf(folder / f"{samples}.{records}.vcf", bases, records, samples)
        _report(_measured(folder, options), options)


def _write_genome(path: Path, count: int) -> str:
    letters = decode(random_codes(np.random.default_rng(0), 1, count)[0])
    path.write_text(f">chr1\n{letters}\n")
    pysam.faidx(str(path))
    return letters


def _write_vcf(path: Path, bases: str, records: int, samples: int) -> None:
    """Write SNVs, plain and bgzipped; the genotypes of 50 records come again and again."""
    draw = random.Random(0)
    weights = list(GENOTYPES.values())
    rows = ["\t".join(draw.choices(list(GENOTYPES), weights, k=samples)) for _ in range(50)]
    names = "".join(f"\tS{number}" for number in range(samples))
    with path.open("w") as vcf:
        vcf.write(f"##fileformat=VCFv4.3\n##contig=<ID=chr1,length={len(bases)}>\n")
        vcf.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        vcf.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
        vcf.write(f"\tFORMAT{names}\n" if samples else "\n")
        for number in range(records):
            at = 500 + number * EVERY
            alt = "ACGT"[("ACGT".index(bases[at]) + 1) % 4]
            genotypes = f"\tGT\t{rows[number % 50]}" if samples else ""
            vcf.write(f"chr1\t{at + 1}\t.\t{bases[at]}\t{alt}\t.\t.\t.{genotypes}\n")
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)


def _measured(folder: Path, options: argparse.Namespace) -> dict[tuple[str, str], list[float]]:
    """Return program and files → microseconds of processor time for a record, per round."""
    found: dict[tuple[str, str], list[float]] = {}
    annotate = partial(_annotate, [] if options.default_models else NOTHING)
    programs = {"regplug annotate": annotate, "bcftools view": _bcftools}
    for _ in range(options.rounds):
        for given, made in (("vcf", "vcf"), ("vcf.gz", "vcf"), ("vcf.gz", "vcf.gz")):
            for samples in (0, options.samples):
                for program, command in programs.items():
                    if program == "bcftools view" and not samples:
                        continue  # it takes too little to be timed so
                    start, whole = (
                        _seconds(command(folder, f"{samples}.{count}.{given}", f"out.{made}"))
                        for count in (0, options.records)
                    )
                    what = f"{given} to {made}, {samples:,} samples"
                    cost = (whole - start) / options.records * 1e6
                    found.setdefault((program, what), []).append(cost)
    return found


def _annotate(models: list[str], folder: Path, given: str, made: str) -> list[str]:
    command = [sys.executable, "-m", "regplug", "annotate", str(folder / given), "--threads", "1"]
    models = [word.replace("FOLDER", str(folder)) for word in models]
    return [*command, "--fasta", str(folder / "genome.fa"), *models, "-o", str(folder / made)]


def _bcftools(folder: Path, given: str, made: str) -> list[str]:
    program = shutil.which("bcftools") or sys.exit("bcftools is not installed")
    kind = "z" if made.endswith("gz") else "v"
    return [program, "view", f"-O{kind}", "-o", str(folder / made), str(folder / given)]


def _seconds(command: list[str]) -> float:
    """Run a command; return the processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _report(found: dict[tuple[str, str], list[float]], options: argparse.Namespace) -> None:
    print(f"{cpu_name()}; {options.records:,} records; median of {options.rounds} rounds\n")
    print("| | files | µs of processor time for a record | lowest-highest | to its sites alone |")
    print("|---|---|---:|---:|---:|")
    alone: dict[str, float] = {}
    for program, what in sorted(found, key=_order):
        median, files = statistics.median(found[program, what]), what.partition(",")[0]
        alone.setdefault(files, median)
        span = f"{min(found[program, what]):.0f}-{max(found[program, what]):.0f}"
        print(f"| `{program}` | {what} | {median:.0f} | {span} | {median / alone[files]:.2f} |")


def _order(row: tuple[str, str]) -> tuple[str, bool, str]:
    """Return what sorts the rows of the same files, their sites alone first."""
    program, what = row
    return what.partition(",")[0], not what.endswith(", 0 samples"), program


if __name__ == "__main__":
    main()
