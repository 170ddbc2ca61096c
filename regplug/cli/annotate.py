"""`regplug annotate`: a VCF in, the same VCF with scores out."""

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
from regplug.cli.shared.selection import overlap_option, selection_from, selection_options
from regplug.cli.shared.tags import tags_options

OUTPUT_TYPES = [*"vzub", *(f"{kind}{level}" for kind in "zb" for level in range(10))]


class _Annotate(click.Command):
    """A command whose -W takes its value in the same word, if any, as in bcftools."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give -W an empty value where it has none."""
        given = [f"{word}=" if word in ("-W", "--write-index") else word for word in args]
        return super().parse_args(ctx, given)


def _index(ctx: click.Context, parameter: click.Parameter, value: str | None) -> bool | str:
    """Return whether there must be an index, or of what kind."""
    kind = None if value is None else value.removeprefix("=")
    if kind in (None, "", "csi", "tbi"):
        return kind is not None and (kind or True)
    raise click.BadParameter(f"{kind!r} is neither csi nor tbi.")


@click.command(
    cls=_Annotate,
    short_help="Write what each ALT of a VCF does, into its INFO.",
    context_settings={"allow_extra_args": True},
)
@click.pass_context
@click.argument("vcf")
@fasta_option
@click.option("--output", "-o", default="-", help="VCF, VCF.gz or BCF by its suffix; - is stdout.")
@click.option(
    *("--output-type", "-O"),
    type=click.Choice(OUTPUT_TYPES),
    metavar="v|z[0-9]|u|b[0-9]",
    help="As in bcftools, with its level of compression.",
)
@click.option(
    *("--write-index", "-W"),
    metavar="[=csi|tbi]",
    callback=_index,
    help="No index is an error; there is one if there can be.",
)
@click.option("--no-version", is_flag=True, help="Version and command are not in the header.")
@tags_options
@click.option(
    "--regions", "-r", default="", help="Only these: CHR:FROM-TO,...; 1-based; needs an index."
)
@regions_file_option("Only these, with an index: ", "-R")
@overlap_option(
    *("--regions-overlap", "regions_overlap", "record"),
    "What lies in a region: POS, the whole record, or what the ALTs change; as in bcftools.",
)
@selection_options
@click.option(
    "--phased",
    is_flag=True,
    help="Score each ALT on its haplotype too, and a haplotype's ALTs together.",
)
@click.option(
    "--sample", default="", help="Whose haplotypes.  [default: the only sample of the file]"
)
@click.option("--dbsnp", default="", help="VCF with the rsIDs of a list of variants.")
@click.option(
    "--genes",
    default="",
    help="GTF, GFF3 or BED12: write the nearest gene (RP_GENE, RP_TSS_DISTANCE); tells models of "
    "RNA the transcribed strand.",
)
@click.option(
    "--from",
    "table",
    default="",
    metavar="TABLE.vcf.gz",
    help="Of regplug precompute: what it has is filled in, and the rest computed.",
)
@click.option("--matrix", default="", help="All targets, a row per ALT: FILE.parquet or .tsv(.gz).")
@click.option("--summary", default="", help="What the run did, as JSON: FILE, or - for stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on stderr but errors.")
@click.option(
    "--reference-md5", is_flag=True, help="Write the contigs' md5 into the header (slow)."
)
@cache_option
@parts_options("Records", 10_000)
@force_option
@backend_options
def annotate(
    ctx: click.Context,
    vcf: str,
    names: tuple[str, ...],
    targets: str,
    scores: str,
    quiet: bool,
    cache: str,
    **options: Any,
) -> None:
    """Annotate VCF (- is stdin) with what each ALT does to binding and accessibility.

    VCF may be a list, .txt or .tsv: CHROM:POS:REF:ALT or an rsID (--dbsnp) on a line, or the
    columns CHROM, POS, REF, ALT, also as .parquet.

    Models default to the repository's defaults; the reference to --fasta, $REGPLUG_FASTA, the
    user's config file, the ##reference line, or an installed genomepy genome, in this order.
    """
    if ctx.args:
        raise click.UsageError(
            f"one VCF at a time, not {vcf} and {ctx.args[0]} too: run it for each, or join them "
            "first (bcftools concat, bcftools merge)"
        )
    from regplug.api.annotate import annotate as annotate_vcf
    from regplug.cli.shared.progress import tell
    from regplug.cli.shared.report import progress_bar, report, tell_of_assays

    selection = selection_from(options)
    repo, backend = backend_from(options)
    with opened_cache(cache, quiet=quiet) as kept, progress_bar(quiet=quiet) as progress:
        done = annotate_vcf(
            vcf,
            models=names,
            targets=comma_separated(targets),
            scores=comma_separated(scores),
            repo=repo,
            options=backend,
            cache=kept,
            selection=selection,
            command=["regplug", *sys.argv[1:]],
            progress=progress,
            **options,
        )
    if not quiet:
        report(done.tally, done.renamed, done.unindexed, done.gone, done.warnings)
        if done.by_assay and not options["by"]:
            tell_of_assays(len(done.by_assay))
        if table := options["table"]:
            tell(f"{done.tally.filled:,} of {done.tally.alts:,} ALTs were filled in from {table}")
        if done.unfilled:
            tell(done.unfilled)
