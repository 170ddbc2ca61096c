"""`regplug models peaks`: a model's scores at peaks, into its card."""

import sys
from pathlib import Path

import click

from regplug.cli.shared.options import (
    PATH,
    device_option,
    engine_option,
    fasta_option,
    threads_option,
)


@click.command(short_help="Score a model at peaks, for active-allele quantiles.")
@click.argument("name")
@click.argument("peaks", type=PATH)
@fasta_option
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    help="Peaks that are scored; of more, as many are drawn.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw.")
@click.option("--model-repo", required=True, type=PATH, metavar="DIR", help="Folder of models.")
@threads_option
@device_option
@engine_option
def peaks(
    name: str,
    peaks: Path,
    fasta: str | None,
    most: int,
    seed: int,
    model_repo: Path,
    threads: int,
    device: str,
    engine: str,
) -> None:
    """Score model NAME at PEAKS (narrowPeak or BED), and put the scores into its card.

    Adapters that compare alleles with peaks read them there (annotate --scores, as the model's
    family has it). The summit, or else the middle, stands where a variant would.
    """
    from regplug.api.peaks import measure_peaks
    from regplug.cli.shared.progress import bar, tell
    from regplug.scoring.backend import BackendOptions

    card = measure_peaks(
        name,
        peaks,
        repo=model_repo,
        fasta=fasta,
        most=most,
        seed=seed,
        options=BackendOptions(threads=threads, device=device, engine=engine),
        command=["regplug", *sys.argv[1:]],
        bar=bar,
    )
    assert card.peaks
    tell(f"{name}: {card.peaks.peaks} peaks")
