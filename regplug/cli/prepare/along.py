"""`regplug prepare basset --along`: tiles along a genome, labelled by samples' peaks or signals."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.prepare.messages import moving, tell_set
from regplug.cli.shared.options import comma_separated
from regplug.files.extras import needs

if TYPE_CHECKING:
    from regplug.data.sites.parts import ContigSplit, RegionSplit

FILE = click.Path(path_type=Path)
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
OPTIONS = {
    "regions_file": (FILE, "BED", "Tiles lie in these regions.  [default: all contigs]"),
    "step": (click.IntRange(1), None, "Bases to the next tile.  [default: half of --length]"),
    "centre": (
        click.IntRange(1),
        None,
        "Bases in a tile's middle that its labels are of.  [default: 200, at most --length]",
    ),
    "label": (
        click.Choice(["summit", "overlap"]),
        None,
        "A tile is open where a summit lies in its centre, or where peaks cover --share of it.  "
        "[default: summit]",
    ),
    "share": (
        click.FloatRange(0, 1, min_open=True),
        None,
        "Of the centre, with --label overlap.  [default: 0.5]",
    ),
    "closed": (
        click.FloatRange(0),
        "RATE",
        "Tiles open in no sample to train on, per open one.  [default: all]",
    ),
    "match": (
        str,
        "gc,repeats",
        "Closed tiles drawn like the open ones: in G and C, in lower-case repeats.",
    ),
    "known": (
        str,
        "S,S",
        "Samples closed where they have no peak; others are unknown there.  [default: all]",
    ),
    "open_top": (
        SHARE,
        None,
        "Tiles of a bigWig that are open: this share, of the highest mean signal in their centre.  "
        "[default: 0.03]",
    ),
    "closed_bottom": (
        SHARE,
        None,
        "Those that are closed: this share, of the lowest; others are unknown.  [default: 0.9]",
    ),
    "valid_bed": (FILE, "BED", "With --split bed."),
    "test_bed": (FILE, "BED", "With --split bed."),
}


def along_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --along and the options that go with it."""
    for name, (kind, metavar, text) in reversed(OPTIONS.items()):
        flag = f"--{name.replace('_', '-')}"
        add = click.option(flag, type=kind, metavar=metavar, help=f"With --along: {text}")
        function = add(function)
    return click.option("--along", is_flag=True, help="Make tiles along the genome.")(function)


def check_no_along(options: dict[str, Any]) -> None:
    """Refuse options that go with --along alone."""
    for name in OPTIONS:
        if options[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with --along")


def make_along(
    samples: Path, output: Path, fasta: Path, excluded: tuple[str, ...], options: dict[str, Any]
) -> None:
    """Make the set, and tell what is in it."""
    length = options["length"]
    centre = options["centre"] or min(200, length)
    match = comma_separated(options["match"])
    if centre > length:
        raise click.BadParameter("must not be above --length", param_hint="--centre")
    if set(match) - {"gc", "repeats"}:
        raise click.BadParameter("is gc, repeats, or gc,repeats", param_hint="--match")
    if match and options["closed"] is None:
        raise click.UsageError("--match goes with --closed")
    if options["share"] is not None and options["label"] != "overlap":
        raise click.UsageError("--share goes with --label overlap")
    if options["summits"]:
        raise click.UsageError("--summits does not go with --along: see --label")
    known = options["known"]
    with needs("train"):
        from regplug.data.sites.from_genome import prepare_along
        from regplug.data.sites.samples import Settings
        from regplug.data.sites.tiles import CLOSED_BOTTOM, OPEN_TOP, Along
    shares = options["open_top"] or OPEN_TOP, options["closed_bottom"] or CLOSED_BOTTOM
    if sum(shares) > 1:
        raise click.UsageError("--open-top and --closed-bottom are more than 1 together")
    along = Along(
        step=options["step"] or max(1, length // 2),
        centre=centre,
        label=options["label"] or "summit",
        share=options["share"] or 0.5,
        closed=options["closed"],
        match=match,  # type: ignore[arg-type]  # checked above
        seed=options["seed"] or 0,
        known=None if known is None else comma_separated(known),
        regions=options["regions_file"] is not None,
        open_top=options["open_top"],
        closed_bottom=options["closed_bottom"],
    )
    settings = Settings(
        split=_held_out(options), length=length, overlap=0, centres="tiles", excluded=excluded
    )
    with moving("samples") as progress:
        card, counts = prepare_along(
            samples,
            output,
            fasta=fasta,
            settings=settings,
            along=along,
            regions=options["regions_file"],
            progress=progress,
        )
    tell_set(output, card, counts)


def _held_out(options: dict[str, Any]) -> "ContigSplit | RegionSplit":
    """Return the contigs or regions that are held out; options of the other way are refused."""
    from regplug.data.sites.parts import ContigSplit, RegionSplit
    from regplug.genome.regions import read_bed

    how = options["split"] or "chrom"
    if how == "random":
        raise click.UsageError("--along needs --split chrom or bed: tiles overlap their neighbours")
    ways = {"chrom": ("valid_chroms", "test_chroms"), "bed": ("valid_bed", "test_bed")}
    for name in ("valid", "test", *ways["bed" if how == "chrom" else "chrom"]):
        if options[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --split {how}")
    given = [options[name] for name in ways[how]]
    if not any(given):
        raise click.UsageError(
            f"--split {how} needs "
            + " or ".join(f"--{name.replace('_', '-')}" for name in ways[how])
        )
    if how == "chrom":
        return ContigSplit(*(comma_separated(names) for names in given))
    return RegionSplit(
        *(
            tuple((r.chrom, r.start, r.end) for r in read_bed(str(bed))) if bed else ()
            for bed in given
        )
    )
