"""How many records a second pass through `annotate`, if the model costs nothing?

    python -m benchmarks.loop [--rounds 3] [--records 40000]

SNVs, 1 per 40 bp of a random genome, to .vcf.gz; CPU time of all threads, the shortest of the
rounds. Beside it what htslib needs to read the records and to write them again with three floats
per ALT, through pysam and through cyvcf2: less is not possible on one core.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cyvcf2
import numpy as np
import pysam

import regplug
from benchmarks.annotate import EVERY, cpu_name
from regplug.genome.codes import decode
from regplug.models.export import random_codes
from tests.toy_models import centre_model

TAGS = ("A1", "A2", "A3")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=40_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _inputs(folder, options.records)
        ways: dict[str, Callable[[Path], None]] = {
            "regplug": _regplug,
            "pysam": _pysam,
            "cyvcf2": _cyvcf2,
        }
        seconds = {way: float("inf") for way in ways}
        for _ in range(options.rounds):
            for way, work in ways.items():
                began = time.process_time()
                work(folder)
                seconds[way] = min(seconds[way], time.process_time() - began)
    print(f"{cpu_name()}; {options.records:,} records, {options.rounds} rounds\n")
    print("| way | records/s of one core | µs per record |")
    print("|---|--:|--:|")
    for way, taken in seconds.items():
        print(f"| {way} | {options.records / taken:,.0f} | {1e6 * taken / options.records:.1f} |")


def _inputs(folder: Path, records: int) -> None:
    centre_model(folder / "repo", "nothing", max_batch_size=512)
    letters = decode(random_codes(np.random.default_rng(0), 1, EVERY * records + 1000)[0])
    (folder / "genome.fa").write_text(f">chr1\n{letters}\n")
    lines = [
        "##fileformat=VCFv4.3",
        f"##contig=<ID=chr1,length={len(letters)}>",
        *(f'##INFO=<ID={tag},Number=A,Type=Float,Description="a score">' for tag in TAGS),
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    for at in range(500, 500 + EVERY * records, EVERY):
        other = "ACGT"[("ACGT".index(letters[at]) + 1) % 4]
        lines.append(f"chr1\t{at + 1}\trs{at}\t{letters[at]}\t{other}\t100\tPASS\t.")
    (folder / "in.vcf").write_text("\n".join(lines) + "\n")


def _regplug(folder: Path) -> None:
    regplug.annotate(
        folder / "in.vcf",
        output=folder / "out.vcf.gz",
        models=["nothing"],
        repo=str(folder / "repo"),
        fasta=folder / "genome.fa",
    )


def _pysam(folder: Path) -> None:
    with (
        pysam.VariantFile(str(folder / "in.vcf")) as read,
        pysam.VariantFile(str(folder / "pysam.vcf.gz"), "wz", header=read.header) as written,
    ):
        for record in read:
            for tag in TAGS:
                record.info[tag] = (0.5,)
            written.write(record)


def _cyvcf2(folder: Path) -> None:
    read = cyvcf2.VCF(str(folder / "in.vcf"))
    written = cyvcf2.Writer(str(folder / "cyvcf2.vcf.gz"), read, mode="wz")
    for record in read:
        for tag in TAGS:
            record.INFO[tag] = 0.5
        written.write_record(record)
    written.close()
    read.close()


if __name__ == "__main__":
    main()
