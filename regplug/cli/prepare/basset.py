"""`regplug prepare basset`: peaks of samples → sites of open chromatin."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.prepare.along import along_options, check_no_along, make_along
from regplug.cli.prepare.messages import moving, tell_set
from regplug.cli.shared.options import comma_separated
from regplug.files.extras import needs

if TYPE_CHECKING:
    from regplug.data.sites.parts import Split

FILE = click.Path(path_type=Path)


@click.command(short_help="Make sites of the peaks of many samples.")
@click.argument("samples", type=FILE)
@click.option("--fasta", required=True, type=FILE, help="Reference, indexed (samtools faidx).")
@click.option("--output", "-o", required=True, type=FILE, help="SET.h5; more appears beside it.")
@click.option(
    "--length", type=click.IntRange(1), default=600, show_default=True, help="Bases of a site."
)
@click.option(
    "--merge",
    type=click.IntRange(0),
    show_default="200, of sites below 600 bases a third",
    help="Bases of overlap from which windows become one.",
)
@click.option(
    "--summits", is_flag=True, help="Take narrowPeaks' summits (column 10), not midpoints."
)
@click.option("--exclude-chroms", metavar="C,C", default="", help="Leave out, such as chrY.")
@click.option(
    "--split",
    type=click.Choice(["random", "chrom", "bed"]),
    help="Hold out sites drawn at random, as published, or whole contigs; with --along contigs or "
    "the regions of a BED.  [default: random; with --along, chrom]",
)
@click.option(
    "--valid",
    type=click.FloatRange(0),
    help="Sites to validate on: a number, or below 1 a share.  [default: 0.05]",
)
@click.option("--test", type=click.FloatRange(0), help="Sites of the test.  [default: 0.05]")
@click.option("--valid-chroms", metavar="C,C", help="With --split chrom.")
@click.option("--test-chroms", metavar="C,C", help="With --split chrom.")
@click.option("--seed", type=click.IntRange(0), help="Of chance.  [default: 0]")
@along_options
def basset(samples: Path, output: Path, fasta: Path, **options: Any) -> None:
    """Make a set to train Basset on: which of the SAMPLES are open, at each site.

    SAMPLES is a table of NAME<TAB>BED; BEDs (also narrowPeak, .gz) are relative to its folder.
    Peaks become windows, and windows that overlap one site, as in Basset. SET.h5 gets the sites'
    codes, targets and parts; SET.sites.bed.gz and SET.summary.tsv, .png and .svg show them.

    With --along, sites are tiles along the genome, open in a sample where its peaks lie in their
    --centre; a part that is held out keeps all of its tiles. SAMPLES may then name bigWigs (.bw,
    .bigWig) too: tiles are open where the signal in their --centre is highest.
    """
    if options["along"]:
        make_along(samples, output, fasta, _excluded(options), options)
        return
    check_no_along(options)
    options["split"] = options["split"] or "random"
    split = _split(options)
    if options["merge"] is None:
        options["merge"] = min(200, options["length"] // 3)
    if options["merge"] >= options["length"]:
        raise click.BadParameter("must be below --length", param_hint="--merge")
    with needs("train"):
        from regplug.data.sites.from_peaks import prepare_basset
        from regplug.data.sites.samples import Settings
    settings = Settings(
        split=split,
        length=options["length"],
        overlap=options["merge"],
        centres="summits" if options["summits"] else "midpoints",
        excluded=_excluded(options),
    )
    with moving("samples") as progress:
        card, counts = prepare_basset(
            samples, output, fasta=fasta, settings=settings, progress=progress
        )
    tell_set(output, card, counts)


def _excluded(options: dict[str, Any]) -> tuple[str, ...]:
    return comma_separated(options["exclude_chroms"])


def _split(options: dict[str, Any]) -> "Split":
    """Return how to split; UsageError if an option of the other way is given."""
    from regplug.data.sites.parts import ContigSplit, RandomSplit

    if options["split"] == "bed":
        raise click.UsageError("--split bed goes with --along")
    random, chrom = ("valid", "test", "seed"), ("valid_chroms", "test_chroms")
    for name in chrom if options["split"] == "random" else random:
        if options[name] is not None:
            raise click.UsageError(
                f"--{name.replace('_', '-')} does not go with --split {options['split']}"
            )
    if options["split"] == "chrom":
        held = [comma_separated(options[name]) for name in chrom]
        if not any(held):
            raise click.UsageError("--split chrom needs --valid-chroms or --test-chroms")
        return ContigSplit(*held)
    sizes = {name: 0.05 if options[name] is None else options[name] for name in ("valid", "test")}
    for name, size in sizes.items():
        if size >= 1 and size != int(size):
            raise click.BadParameter("is no number of sites, nor a share", param_hint=f"--{name}")
    return RandomSplit(**sizes, seed=options["seed"] or 0)
