"""How many records a second pass through `annotate`, if the model costs nothing?

    python -m benchmarks.loop [--rounds 3] [--records 40000] [--model basset_dhs4]

SNVs, 1 per 40 bp of a random genome, to .vcf.gz; CPU time of all threads, the shortest of the
rounds. Beside it what htslib needs to read the records and to write them again with three floats
per ALT, through pysam and through cyvcf2: less is not possible on one core.

With `--model`, of those that come with regplug: how much of a record's time is outside of its
graph, start-up not counted.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cyvcf2
import numpy as np
import pysam

import regplug
from benchmarks.annotate import EVERY, REPO, cpu_name
from regplug.genome.codes import decode
from regplug.models import embedded, library
from regplug.models.export import random_codes
from tests.toy_models import centre_model

TAGS = ("A1", "A2", "A3")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=40_000)
    parser.add_argument("--model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.model:
            _outside(folder, options.model, options.records, options.rounds)
            return
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


def _regplug(folder: Path, model: str = "nothing", repo: Path | None = None) -> None:
    regplug.annotate(
        folder / "in.vcf",
        output=folder / "out.vcf.gz",
        models=[model],
        repo=str(repo or folder / "repo"),
        fasta=folder / "genome.fa",
        force=True,  # the genome is of no organism
        options=regplug.BackendOptions(threads=1),
    )


class _Timed:
    """A session that adds up the time it takes."""

    seconds = 0.0

    def __init__(self, session: Any) -> None:
        self._session = session

    def run(self, *arguments: Any) -> Any:
        began = time.thread_time()
        answers = self._session.run(*arguments)
        _Timed.seconds += time.thread_time() - began
        return answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _outside(folder: Path, model: str, records: int, rounds: int) -> None:
    """Print the time of a record, and how much of it is outside of the model's graph."""
    open_session = library.open_session
    for module in (library, embedded):
        module.open_session = lambda *given, **named: _Timed(open_session(*given, **named))
    times = {count: (float("inf"), float("inf")) for count in (records // 5, records)}
    for count in times:
        (folder / str(count)).mkdir()
        _inputs(folder / str(count), count)
    for _ in range(rounds):
        for count, shortest in times.items():
            _Timed.seconds, began = 0.0, time.process_time()
            _regplug(folder / str(count), model, REPO)
            taken = time.process_time() - began
            times[count] = min(shortest, (taken, _Timed.seconds))
    (few, few_inside), (many, inside) = times.values()
    each, graph = (1e6 * s / (records - records // 5) for s in (many - few, inside - few_inside))
    print(f"{cpu_name()}; {model}, µs per record: {each:.1f}, outside of the graph ", end="")
    print(f"{each - graph:.1f}, {100 * (1 - graph / each):.1f} %")


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
