"""`regplug marginalize`: what motifs do by themselves."""

import re
from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import (
    PATH,
    backend_from,
    backend_options,
    force_option,
    known_motifs_options,
    targets_option,
)


def _gaps(ctx: click.Context, parameter: click.Parameter, value: str) -> range:
    """Return the range that FROM-TO says, both in it."""
    found = re.fullmatch(r"(-?\d+)-(\d+)", value)
    if not found or int(found[1]) > int(found[2]):
        raise click.BadParameter(f"{value} is not FROM-TO, as in 0-30")
    return range(int(found[1]), int(found[2]) + 1)


@click.command(short_help="Put motifs into sequences that say nothing, and score them.")
@click.argument("motifs", metavar="MOTIF|MEME|all...", nargs=-1, required=True)
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@targets_option("Of the model.  [default: all]")
@click.option("--with", "second", default="", metavar="MOTIF", help="Put this motif beside it too.")
@click.option(
    "--gaps",
    default="0-30",
    show_default=True,
    callback=_gaps,
    metavar="FROM-TO",
    help="Bases between the two.",
)
@click.option(
    "--sequences",
    metavar="FASTA|BED",
    help="Shuffle these, dinucleotides kept; a BED with --fasta.  [default: random backgrounds]",
)
@click.option("--fasta", help="Reference, plain or bgzipped: --sequences is a BED.")
@click.option(
    "--gc",
    type=click.FloatRange(0, 1),
    default=0.41,
    show_default=True,
    help="Share of G and C in random backgrounds.",
)
@click.option(
    "--backgrounds",
    type=click.IntRange(2),
    default=50,
    show_default=True,
    help="How many there are.",
)
@click.option(
    "--score",
    type=click.Choice(["diff", "logit", "log2fc"]),
    default="diff",
    show_default=True,
    help="How a change is counted (docs/scores.md).",
)
@click.option(
    "--width",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Of backgrounds, for a model without a window.",
)
@known_motifs_options
@click.option("--output", "-o", required=True, type=PATH, help="Folder to write.")
@force_option
@backend_options
def marginalize(motifs: tuple[str, ...], output: Path, **options: Any) -> None:
    """Put motifs into random or shuffled sequences, and show what that does to each target.

    MOTIF is a name or ID in JASPAR CORE (CTCF, MA0139.2), the letters of a site (IUPAC; at N the
    background stays) or a file in MEME's format; `all` are all of JASPAR. Of a matrix its clear
    bases are put in. Effects are means over the backgrounds with 95 % bootstrap intervals, beside
    those of the motif's positions in random orders.

    Of 6 motifs at most also by place and by share of G and C; of more, a clustered table. --with
    puts a second motif at all --gaps, on either side and strand, and shows what both do beyond the
    sum of each.

    Writes tables (effects.tsv, positions.tsv, gc.tsv, pair.tsv), their pictures as PNG, SVG and
    PDF, and report.html.
    """
    from regplug.api.marginalize import marginalize as put_motifs
    from regplug.cli.shared.progress import bar, tell

    if options["fasta"] and not options["sequences"]:
        raise click.UsageError("--fasta is the genome of a BED: give it as --sequences")
    repo, backend = backend_from(options)
    made = put_motifs(motifs, output=output, repo=repo, options=backend, bar=bar, **options)
    for remark in made.remarks:
        tell(remark)
    tell(str(output / "report.html"))
