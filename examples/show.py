"""Print an annotated VCF as a small table: what each ALT changes most, the rarest change first.

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
    table = Table(
        title="What each ALT changes most, in spreads; Q: the share of variants that do as much"
    )
    for heading in ("variant", "position", "REF>ALT", *MODELS, "Q"):
        table.add_column(heading)
    statuses: Counter[str] = Counter()
    rows: list[tuple[float, list[str]]] = []
    with pysam.VariantFile(path) as records:
        for record in records:
            for index, alt in enumerate(record.alts or (".",)):
                statuses[record.info["RP_STATUS"][index]] += 1
                place = f"{record.contig}:{record.pos:,}"
                changes = [change(record, index, tag) for tag in MODELS.values()]
                q = record.info.get("RP_Q", [None] * (index + 1))[index]
                text = "." if q is None else f"{q:.3g}"
                rows.append((q or 1, [record.id, place, f"{record.ref}>{alt}", *changes, text]))
    for _, row in sorted(rows, key=lambda row: row[0]):
        table.add_row(*row)
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
    return f"{record.info[f'{tag}__TOP'][index]} {record.info[f'{tag}__Z'][index]:+.2f}"


if __name__ == "__main__":
    main(sys.argv[1])
