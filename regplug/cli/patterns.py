"""`regplug patterns`: motifs as a model has learned them, of contributions."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import known_motifs_options


@click.command(short_help="Find the motifs in contributions, and name them.")
@click.argument("contributions", metavar="FILE.h5", type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--window",
    type=click.IntRange(1),
    help="Bases in the middle of each sequence to look at, an even number.  [default: all]",
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Stretches of a sign to take, at most; memory and time grow with them.",
)
@click.option(
    "--trim",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="Share of a pattern's largest column below which its ends are cut; less shows the weak "
    "half of a composite.",
)
@known_motifs_options
def patterns(contributions: Path, output: Path, **options: Any) -> None:
    """Find the patterns that recur in the contributions of FILE.h5, a file of `regplug attribute`.

    TF-MoDISco (modisco-lite) makes them of stretches that contribute alike, over 100 of a sign:
    give some hundred sequences or more. Each pattern is named by the known motifs that it is like
    (q < 0.1, and better than nearly all random orders of its columns), and looked for everywhere.

    Writes patterns.html, patterns.tsv, patterns.meme, patterns.png, matches.tsv, hits.bed and
    seqlets.bed for genome browsers, hits.tsv, and modisco.h5 with sequences.narrowPeak for Fi-NeMo.
    """
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from regplug.api.patterns import patterns as find_patterns
    from regplug.cli.shared.progress import bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    found = find_patterns(
        contributions, output=output, bar=lambda what, total: bar(what, total, *columns), **options
    )
    for each in found:
        like = ", ".join(each.like[:3]) or "like no known motif"
        click.echo(
            f"{each.name}\t{each.consensus}\t{each.seqlets} seqlets, {each.hits} hits\t{like}"
        )
    click.echo(f"{output / 'patterns.html'}", err=True)
