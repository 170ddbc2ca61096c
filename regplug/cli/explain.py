"""`regplug explain`: which bases matter, and what a variant does to them."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    fasta_option,
    force_option,
    known_motifs_options,
    targets_option,
)


@click.command(short_help="Draw what every base of a variant's surroundings does.")
@click.argument("place", metavar="VARIANT|REGION")
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@targets_option("Of the model.  [default: the one that changes most]")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--flank",
    type=click.IntRange(0, 2000),
    default=40,
    show_default=True,
    help="Bases shown on either side of a variant.",
)
@click.option("--name", default="", help="Of the variant or region, for the title.")
@click.option(
    "--style",
    type=click.Choice(["basset", "deepbind"]),
    default="basset",
    show_default=True,
    help="Whose colours and letters: plain changes, or times the score (0 where nothing binds).",
)
@click.option(
    "--motif",
    "proteins",
    multiple=True,
    help="Protein or motif to look for at a variant; repeat for more.  [default: the target's own, "
    "then all]",
)
@known_motifs_options
@click.option("--genes", default="", help="GTF, GFF3 or BED12, for models of RNA.")
@fasta_option
@force_option
@backend_options
def explain(place: str, output: Path, **options: Any) -> None:
    """Draw the mutation map of a variant or a region: what every single-base change does.

    VARIANT is chr5:1295113:G:A, chr5-1295113-G-A or chr5:1295113G>A; REGION is
    chr5:1295000-1295200, 5,000 bases at most; both are 1-based. Each change is scored as
    `regplug annotate` scores that SNV; of a model with a profile there is a map of its counts and
    one of how they lie. REF and ALT stand above each other, and a known motif there
    is named if its match is significant (q < 0.05 over those looked for).

    Writes map.png, map.svg, map.tsv, loss.bw and gain.bw (of REF), and at a variant motifs.tsv.
    """
    from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn

    from regplug.api.explain import explain as explain_place
    from regplug.cli.shared.progress import bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    repo, backend = backend_from(options)
    made = explain_place(
        place,
        output=output,
        repo=repo,
        options=backend,
        bar=lambda what, total: bar(what, total, *columns),
        **options,
    )
    for shown in made.shown:
        motif = shown.hit.text if shown.hit else "no significant motif"
        click.echo(shown.title + (f"; {motif}" if shown.explanation.variant else ""), err=True)
        if shown.meaning:
            click.echo(shown.meaning, err=True)
    click.echo(f"{output / 'map.png'}", err=True)
