"""`regplug predict`: scores of sequences."""

from typing import Any

import click

from regplug.cli.shared.options import backend_from, backend_options


@click.command(short_help="Score sequences, or regions of a genome.")
@click.argument("sequences", metavar="FASTA|BED")
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@click.option("--fasta", help="Reference, plain or bgzipped: the file is a BED.")
@click.option("--output", "-o", default="-", help="TSV; - is standard output.")
@backend_options
def predict(sequences: str, model: str, fasta: str | None, output: str, **options: Any) -> None:
    """Score the sequences of FASTA (- is standard input), of any length where the model allows it.

    With --fasta GENOME, those of the regions in BED (0-based, half-open): the model's window around
    the middle base of each, or the whole region where the model reads any length. A region of which
    over a tenth is unknown bases has `.` for scores.

    Prints a header, name and targets, then a row per sequence.
    """
    from regplug.api.predict import predict as predict_sequences

    repo, backend = backend_from(options)
    predict_sequences(
        sequences, model=model, fasta=fasta, output=output, repo=repo, options=backend
    )
