"""`regplug compare`: two models side by side."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import (
    PATH,
    backend_from,
    backend_options,
    fasta_option,
    force_option,
)


@click.command(short_help="Show where two models agree, and where not.")
@click.argument("first", metavar="MODEL")
@click.argument("second", metavar="MODEL")
@click.option(
    "--at", "place", metavar="VARIANT|REGION", help="Compare mutation maps there, as in explain."
)
@click.option("--vcf", "variants", metavar="VCF", help="Compare what they say of these variants.")
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="A=B",
    help="A target of the first model and one of the second; repeat for more.  [default: those of "
    "the same protein, cell and assay]",
)
@click.option(
    "--second-repo", metavar="DIR|URL", help="Where the second model is.  [default: --model-repo]"
)
@click.option(
    "--flank",
    type=click.IntRange(0, 2000),
    default=40,
    show_default=True,
    help="Bases mapped on either side of a variant.",
)
@click.option("--genes", default="", help="GTF, GFF3 or BED12, for models of RNA.")
@click.option("--output", "-o", required=True, type=PATH, help="Folder to write.")
@fasta_option
@force_option
@backend_options
def compare(first: str, second: str, output: Path, **options: Any) -> None:
    """Compare two models on a place (--at), on a set of variants (--vcf), or on both.

    Targets are matched by the protein, cell and assay that cards say, or by --pair. At a place, the
    mutation maps of both stand above each other in one scale; of a set, the changes by one model
    are drawn against those by the other, with Spearman's correlation, and the variants on which
    they differ most are named.

    Writes compare.html with all of it, the pictures as PNG, SVG and PDF, and agreement.tsv,
    bases.tsv, set.tsv.
    """
    from regplug.api.compare import compare as compare_models
    from regplug.cli.shared.progress import bar, tell

    if not options["place"] and not options["variants"]:
        raise click.UsageError("give a place (--at), a set of variants (--vcf), or both")
    repo, backend = backend_from(options)
    made = compare_models(
        first, second, output=output, repo=repo, options=backend, bar=bar, **options
    )
    for line in made.lines:
        tell(line)
    tell(str(output / "compare.html"))
