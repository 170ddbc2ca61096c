"""`regplug attribute`: what each base of many sequences adds to a model's scores."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    fasta_option,
    force_option,
    targets_option,
)
from regplug.cli.shared.parts import parts_options


@click.command(short_help="Write what each base of many sequences adds to scores.")
@click.argument("model", metavar="MODEL")
@click.argument("sequences", metavar="BED|FASTA|VCF")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="New folder to write."
)
@targets_option("Of the model.  [default: all, of up to 16]")
@click.option(
    "--method",
    type=click.Choice(["ism", "deeplift", "gradient"]),
    default="ism",
    show_default=True,
    help="In-silico mutagenesis, of any model; DeepLIFT/SHAP or gradients, which need torch.",
)
@click.option(
    "--mutate",
    type=click.Choice(["centred", "within"]),
    help="Of ism: score each change in a window centred on it, as explain does, or within the "
    "sequence as it stands.  [default: centred; of a FASTA within]",
)
@click.option(
    "--score",
    type=click.Choice(["diff", "logit", "log2fc"]),
    help="How scores are compared.  [default: logit of probabilities, else diff]",
)
@click.option(
    "--references",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Of deeplift: dinucleotide shuffles of each sequence; 0: unknown bases.",
)
@click.option("--bigwig", is_flag=True, help="A bigWig per target too, of regions or variants.")
@parts_options("Sequences", 50)
@fasta_option
@force_option
@backend_options
def attribute(model: str, sequences: str, output: Path, **options: Any) -> None:
    """Write what each base of each sequence adds to MODEL's scores: an HDF5 file per target.

    A FASTA's (.fa, .fasta, .fq ...; - is standard input) are as long as the model's window. Of a
    VCF, both alleles' windows of each variant are read; any other file is BED or narrowPeak
    (0-based, half-open): the window around each summit, or middle. Sequences of which over a tenth
    is unknown are left out.

    The files hold one-hot sequences, hypothetical contributions (of each base, were it there) and
    those of the bases that are there, as ChromBPNet lays them out: `regplug patterns FILE.h5`
    and `modisco motifs -i FILE.h5` read them.
    """
    from regplug.api.attribute.attribute import attribute as attribute_model
    from regplug.cli.shared.progress import bar

    repo, backend = backend_from(options)
    options |= {name: options[name] or "" for name in ("mutate", "score")}
    made = attribute_model(
        model, sequences, output=output, repo=repo, options=backend, bar=bar, **options
    )
    for reason, count in made.left_out.items():
        click.echo(f"left out: {count:,} ({reason})", err=True)
    click.echo(f"{made.folder}: {made.sequences:,} sequences, {len(made.files)} targets", err=True)
