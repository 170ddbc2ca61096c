"""`regplug precompute`: a look-up table of all SNVs of regions."""

import sys
from typing import Any

import click

from regplug.cli.shared.cache import cache_option, opened_cache
from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    comma_separated,
    fasta_option,
    force_option,
    regions_file_option,
)
from regplug.cli.shared.parts import parts_options
from regplug.cli.shared.tags import tags_options


@click.command(short_help="Write a look-up table of all SNVs of regions.")
@click.argument("regions", metavar="REGION...", nargs=-1)
@fasta_option
@click.option("--output", "-o", required=True, help="The table: FILE.vcf.gz, with its index.")
@regions_file_option("More regions: ", "-R")
@tags_options
@click.option(
    "--genes",
    default="",
    help="GTF, GFF3 or BED12: write the nearest gene; tells models of RNA the transcribed strand.",
)
@click.option("--no-version", is_flag=True, help="Version and command are not in the header.")
@click.option(
    "--reference-md5", is_flag=True, help="Write the contigs' md5 into the header (slow)."
)
@cache_option
@parts_options("SNVs", 10_000)
@force_option
@backend_options
def precompute(
    regions: tuple[str, ...],
    names: tuple[str, ...],
    targets: str,
    scores: str,
    cache: str,
    **options: Any,
) -> None:
    """Score all SNVs of each REGION (CHR, CHR:POS or CHR:FROM-TO, 1-based) with annotate's tags.

    The table is a VCF with a record for each ALT, three a base; bases that are N have none. Other
    programs look variants up in it (bcftools annotate, vcfanno), and annotate does with --from.
    """
    from regplug.api.precompute import precompute as precompute_table
    from regplug.cli.shared.progress import bar, tell
    from regplug.cli.shared.report import tell_of_assays

    repo, backend = backend_from(options)
    with opened_cache(cache) as kept:
        done = precompute_table(
            regions,
            models=names,
            targets=comma_separated(targets),
            scores=comma_separated(scores),
            repo=repo,
            options=backend,
            cache=kept,
            command=["regplug", *sys.argv[1:]],
            bar=bar,
            **options,
        )
    if done.by_assay:
        if not options["by"]:
            tell_of_assays(len(done.by_assay), matrix=False)
        tell("annotate --from fills in nothing of it: tags of assays are over all models of a run")
    tell(f"{done.tally.alts:,} SNVs of {done.bases - done.unknown:,} bases; {done.unknown:,} are N")
