"""Print an annotated VCF as a small table: the largest change of each ALT, and what was not scored.

python examples/show.py out/demo.vcf.gz
"""

import sys
from collections import Counter

import pysam
from rich.console import Console
from rich.table import Table

MODEL = "RP_DEEPBIND_ENCODE"


def main(path: str) -> None:
    """Print the table of `path`."""
    table = Table(title="What each ALT does to binding (score of ALT - score of REF)")
    for heading, side in (("variant", "left"), ("position", "left"), ("REF>ALT", "left")):
        table.add_column(heading, justify=side)
    table.add_column("status")
    table.add_column("largest change")
    table.add_column("", justify="right")
    statuses: Counter[str] = Counter()
    with pysam.VariantFile(path) as records:
        for record in records:
            for index, alt in enumerate(record.alts or (".",)):
                status, top, change = row(record, index)
                statuses[status] += 1
                shown = "" if change is None else f"{change:+.2f}"
                place = f"{record.contig}:{record.pos:,}"
                table.add_row(record.id, place, f"{record.ref}>{alt}", status, top or "", shown)
    console = Console(width=max(100, Console().width))
    console.print(table)
    console.print(", ".join(f"{count} {status}" for status, count in statuses.most_common()))


def row(record: pysam.VariantRecord, index: int) -> tuple[str, str | None, float | None]:
    """Return status, target and signed change of one ALT."""
    status = record.info["RP_STATUS"][index]
    if status == "ok":
        status = record.info[f"{MODEL}__STATUS"][index]
    if status != "ok":
        return status, None, None
    return status, record.info[f"{MODEL}__TOP"][index], record.info[f"{MODEL}__MAX"][index]


if __name__ == "__main__":
    main(sys.argv[1])
