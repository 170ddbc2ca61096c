"""`regplug predict`: scores of sequences."""

from contextlib import closing
from typing import Any

import click

from regplug.cli.shared.options import backend_from, backend_options


@click.command()
@click.argument("fasta")
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@click.option("--output", "-o", default="-", help="TSV; - is standard output.")
@backend_options
def predict(fasta: str, model: str, output: str, **options: Any) -> None:
    """Score the sequences of FASTA (- is standard input), of any length where the model allows it.

    Prints a header, name and targets, then a row per sequence.
    """
    from regplug.hooks.manager import open_for_sequences, plugin_manager
    from regplug.scoring.sequences import predict_fasta

    location, backend_options = backend_from(options)
    with closing(open_for_sequences(plugin_manager(), location, model, backend_options)) as backend:
        predict_fasta(fasta, backend, output)
