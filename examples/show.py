"""Print an annotated VCF as a small table: the largest change of each ALT, and what was not scored.

python examples/show.py out/demo.vcf.gz
"""

import sys
from collections import Counter

import pysam
from rich.console import Console
from rich.table import Table

MODELS = {"binding": "RP_DEEPBIND_ENCODE", "open chromatin": "RP_BASSET_DHS4"}


def main(path: str) -> None:
    """Print the table of `path`."""
    table = Table(title="What each ALT changes most: ALT - REF of a score, and of a probability")
    for heading in ("variant", "position", "REF>ALT", *MODELS):
        table.add_column(heading)
    statuses: Counter[str] = Counter()
    with pysam.VariantFile(path) as records:
        for record in records:
            for index, alt in enumerate(record.alts or (".",)):
                statuses[record.info["RP_STATUS"][index]] += 1
                place = f"{record.contig}:{record.pos:,}"
                changes = [change(record, index, tag) for tag in MODELS.values()]
                table.add_row(record.id, place, f"{record.ref}>{alt}", *changes)
    console = Console(width=max(100, Console().width))
    console.print(table)
    console.print(", ".join(f"{count} {status}" for status, count in statuses.most_common()))


def change(record: pysam.VariantRecord, index: int, tag: str) -> str:
    """Return the target that one ALT changes most, with the change; or why there is none."""
    status: str = record.info["RP_STATUS"][index]
    if status == "ok":
        status = record.info[f"{tag}__STATUS"][index]
    if status != "ok":
        return status
    return f"{record.info[f'{tag}__TOP'][index]} {record.info[f'{tag}__MAX'][index]:+.2f}"


if __name__ == "__main__":
    main(sys.argv[1])
