"""`regplug verify`: are the numbers in a VCF those of the models that its header names?"""

import sys
from typing import Any

import click

from regplug.cli.shared.cache import cache_option, opened_cache
from regplug.cli.shared.options import backend_from, backend_options, fasta_option
from regplug.cli.shared.printable import printable


@click.command(short_help="Replay an annotated VCF from what its header says.")
@click.argument("vcf")
@fasta_option
@click.option("--genes", default="", help="The file of --genes, if VCF was annotated with one.")
@click.option(
    "--records",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="How many are drawn from VCF and replayed.",
)
@click.option("--all", "whole", is_flag=True, help="Replay all records.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=0.0,
    help="By how much numbers may differ.  [default: equal at six digits]",
)
@cache_option
@backend_options
def verify(vcf: str, records: int, whole: bool, cache: str, **options: Any) -> None:
    """Annotate an annotated VCF (- is stdin) again, from its header alone, and compare.

    The header says which versions and weights of which models ran, with which options, on which
    genome; what is another here is named, and so is every value that replaying does not give.
    Status 0: nothing differs. The same machine gives the same numbers; others, and servers, may
    differ from the sixth digit on, for which there is --tolerance.
    """
    from regplug.api.verify import verify as verify_vcf
    from regplug.cli.shared.progress import tell

    repo, backend = backend_from(options)
    drawn = None if whole else records
    with opened_cache(cache) as kept:
        made = verify_vcf(vcf, records=drawn, repo=repo, options=backend, cache=kept, **options)
    for fault in made.faults:
        click.echo(printable(fault))
    for place, tag, written, replayed in made.differences:
        click.echo(printable(f"{place}\t{tag}\twritten {written}\treplayed {replayed}"))
    if not made.faults:
        tell(f"{made.replayed:,} of {made.records:,} records replayed: {_result(made)}")
        if made.beyond:
            tell(
                f"haplotypes of {made.beyond:,} records were not compared: they have ALTs that are "
                "not in the file"
            )
    sys.exit(0 if made.same else 1)


def _result(made: Any) -> str:
    if made.same:
        return "all as the header promises"
    some = made.differing > len(made.differences)
    above = f" (the first {len(made.differences)} above)" if some else ""
    values = "value differs" if made.differing == 1 else "values differ"
    return f"{made.differing:,} {values}{above}, numbers by {made.largest:.2g} at most"
