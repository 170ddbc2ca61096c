"""`regplug predict`: scores of sequences."""

from typing import Any

import click

from regplug.cli.shared.options import backend_from, backend_options, force_option


@click.command(short_help="Score sequences, or regions of a genome.")
@click.argument("sequences", metavar="FASTA|BED")
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@click.option("--fasta", help="Reference, plain or bgzipped: the file is a BED.")
@click.option(
    "--head",
    default="",
    metavar="NAME",
    help="Another output than the one that scores variants, as a profile (regplug models show).",
)
@click.option(
    "--whole", is_flag=True, help="Score every window of sequences longer than the model's."
)
@click.option(
    "--step",
    type=click.IntRange(1),
    help="With --whole: bases from window to window.  [default: 50; a tenth of windows under 200]",
)
@click.option("--output", "-o", default="-", help="TSV; - is standard output.")
@force_option
@backend_options
def predict(
    sequences: str,
    model: str,
    fasta: str | None,
    head: str,
    whole: bool,
    step: int | None,
    output: str,
    force: bool,
    **options: Any,
) -> None:
    """Score the sequences of FASTA (- is standard input), of any length where the model allows it.

    With --fasta GENOME, those of the regions in BED (0-based, half-open): the model's window around
    the middle base of each, or the whole region where the model reads any length. A region of which
    over a tenth is unknown bases has `.` for scores.

    Prints a header, name and targets, then a row per sequence. With --whole a row per window of the
    model: behind its name start and end, 0-based and half-open (in a genome chrom, start, end). The
    first window begins where the sequence does, the last ends there.

    With --head a column for each number of the output: profile[0,7] is the eighth of the first row.
    """
    from regplug.api.predict import predict as predict_sequences

    if step and not whole:
        raise click.UsageError("--step goes with --whole")
    repo, backend = backend_from(options)
    predict_sequences(
        sequences,
        model=model,
        fasta=fasta,
        output=output,
        head=head,
        whole=whole,
        step=step,
        force=force,
        repo=repo,
        options=backend,
    )
