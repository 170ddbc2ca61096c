"""`regplug models calibrate`: measure how rare changes of a model are, into its card."""

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


@click.command(short_help="Measure what __Q and __ACT follow from.")
@click.argument("name")
@fasta_option
@click.option("--vcf", default="", help="Common variants, in place of random places.")
@click.option(
    "--regions-file",
    "regions_files",
    multiple=True,
    metavar="BED",
    help="Regulatory elements; repeat for more.",
)
@click.option(
    "--genes", default="", help="GTF, GFF3 or BED12: adds promoters; models of RNA need it."
)
@click.option(
    "--snvs",
    type=click.IntRange(100, 200_000),
    default=5000,
    show_default=True,
    help="Per stratum; of each other kind a fifth, and 1,000 at least.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@click.option("--keep", is_flag=True, help="Measure only what the card lacks of this.")
@click.option("--model-repo", required=True, type=PATH, metavar="DIR", help="Folder of models.")
@threads_option
@device_option
@engine_option
def calibrate(
    name: str,
    fasta: str | None,
    vcf: str,
    regions_files: tuple[str, ...],
    genes: str,
    snvs: int,
    seed: int,
    keep: bool,
    model_repo: Path,
    threads: int,
    device: str,
    engine: str,
) -> None:
    """Measure model NAME on background variants, and put what it finds into its card.

    They lie at random places, in the elements of --regions-file, and with --genes in promoters:
    SNVs with the spectrum of common ones, insertions and deletions of three lengths, and long ones
    with inversions, seen by their junctions. `annotate` then says how rare a change is among them
    (__Q), and how active its place (__ACT). Models that were measured with the same genome, strata
    and seed are compared exactly in RP_Q.
    """
    from regplug.api.calibrate import calibrate as measure
    from regplug.cli.shared.progress import bar, tell
    from regplug.scoring.backend import BackendOptions

    card = measure(
        name,
        repo=model_repo,
        fasta=fasta,
        vcf=vcf,
        regions_files=regions_files,
        genes=genes,
        snvs=snvs,
        seed=seed,
        keep=keep,
        options=BackendOptions(threads=threads, device=device, engine=engine),
        command=["regplug", *sys.argv[1:]],
        bar=bar,
    )
    assert card.background
    counted = ", ".join(f"{s.stratum} {s.kind} {s.scored}" for s in card.background.sets)
    tell(f"{name}: {counted}")
