"""`regplug top`: which ALTs of annotated VCFs most probably break regulation."""

import sys
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.cache import cache_option, opened_cache
from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    fasta_option,
    old_or_new,
    renamed,
)

if TYPE_CHECKING:
    from regplug.api.top.top import Top
    from regplug.vcf.leading_row import Row


@click.command(short_help="Rank the ALTs of annotated VCFs: a table, and a page.")
@click.argument("vcfs", metavar="VCF...", nargs=-1, required=True)
@click.option("--output", "-o", default="", help="TSV; - is stdout.  [default: a table, or stdout]")
@renamed("--top", "--max", "most", type=click.IntRange(1))
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    callback=old_or_new,
    help="Rows, at most.",
)
@click.option("--sample", default="", help="Only ALTs that this sample carries.")
@click.option(
    "--genes", default="", help="GTF, GFF3 or BED12, where VCF was annotated without --genes."
)
@click.option(
    "--page",
    default="",
    metavar="FILE.html",
    help="Write a page of its own: table, tracks, mutation maps. Needs the FASTA and the models.",
)
@fasta_option
@cache_option
@backend_options
def top(vcfs: tuple[str, ...], output: str, cache: str, **options: Any) -> None:
    """Rank the ALTs of VCFs that regplug annotated, by RP_Q and then by |Z| of their top target.

    An ALT that several VCFs have counts once. On a terminal a table is shown, elsewhere
    tab-separated text is written; how many ALTs have a place, and why others have none, is told on
    stderr.
    """
    from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    from regplug.api.top.top import top as leading
    from regplug.cli.shared.progress import bar, tell

    repo, backend = backend_from(options)
    counted = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    with (
        opened_cache(cache) as kept,
        bar("records", None, *counted, TimeElapsedColumn()) as progress,
    ):
        found = leading(
            vcfs, repo=repo, options=backend, cache=kept, progress=progress, bar=bar, **options
        )
    if output or not sys.stdout.isatty():
        found.write(output or "-")
    else:
        _show(found)
    tell(", ".join(f"{count:,} {status}" for status, count in found.counts.items()) or "no ALT")
    if options["page"]:
        tell(f"page: {options['page']}")


def _show(found: "Top") -> None:
    """Print the table for people."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("", "variant", "ID", "Q", "target", "Z", "activity", "nearest gene"):
        table.add_column(name, justify="right" if name in ("", "Q", "Z", "activity") else "left")
    for place, row in enumerate(found.rows, start=1):
        table.add_row(str(place), *map(escape, _cells(row)))
    Console().print(table)


def _cells(row: "Row") -> list[str]:
    numbers = ["" if number is None else f"{number:.3g}" for number in (row.q, row.z, row.act)]
    q, z, act = numbers
    away = "" if row.distance is None else f" {row.distance:+,}"
    alleles = [a if len(a) <= 12 else f"{a[:9]}..." for a in (row.variant.ref, row.variant.alt)]
    where = f"{row.variant.chrom}:{row.variant.pos} {'>'.join(alleles)}"
    return [where, row.id, q, f"{row.target} ({row.model})", z, act, row.gene + away]
