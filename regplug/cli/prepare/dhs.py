"""`regplug prepare dhs`: sequences that are open in cells, and closed ones → sites."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH, comma_separated
from regplug.files.extras import needs


@click.command(short_help="Make sites of sequences, and of closed windows.")
@click.argument("table", type=PATH)
@click.option("--cells", metavar="C,C", required=True, help="Columns, or their starts before _.")
@click.option("--windows", required=True, type=PATH, help="FASTA of measured windows.")
@click.option("--signal", required=True, type=PATH, help="Their signal, .npz.")
@click.option("--windows-split", required=True, type=PATH, help="TSV: which are train, which test.")
@click.option(
    "--below",
    type=click.FloatRange(0, min_open=True),
    default=0.3,
    show_default=True,
    help="Closed: less signal than this in each sample.",
)
@click.option(
    "--apart",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Closed: so many bases from any open site.",
)
@click.option(
    "--step",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Closed: bases from one to the next, where they are trained on; else side by side.",
)
@click.option("--valid-chroms", metavar="C,C", required=True, help="To choose by.")
@click.option("--test-chroms", metavar="C,C", required=True, help="To report on.")
@click.option("--exclude-chroms", metavar="C,C", default="", help="To leave out.")
@click.option("--output", "-o", required=True, type=PATH, help="SET.h5.")
def dhs(
    table: Path,
    output: Path,
    cells: str,
    windows: Path,
    signal: Path,
    windows_split: Path,
    below: float,
    apart: int,
    step: int,
    valid_chroms: str,
    test_chroms: str,
    exclude_chroms: str,
) -> None:
    """Make a set from the sequences in TABLE, each open in some cells, and closed tiles.

    TABLE has chr, start, end, sequence and a column of 0 and 1 per cell. Closed tiles come from the
    measured parts of windows: those for training from train windows, those of the test from test
    windows, where no open site is trained on either.
    """
    with needs("train"):
        from regplug.data.sites.from_dhs import Measurement, prepare_dhs
        from regplug.data.sites.parts import PARTS, ContigSplit
        from regplug.data.sites.sites import Closed
    names = comma_separated(cells)
    card, counts = prepare_dhs(
        table,
        output,
        cells=names,
        closed=Closed(below=below, apart=apart, step=step),
        measurement=Measurement(windows, windows_split, signal),
        split=ContigSplit(comma_separated(valid_chroms), comma_separated(test_chroms)),
        excluded=comma_separated(exclude_chroms),
    )
    click.echo(f"{output}: sites of {card.settings.length} bases", err=True)
    for name, row in zip((*names, "closed"), counts.tolist(), strict=True):
        summary = ", ".join(f"{count} {part}" for count, part in zip(row, PARTS, strict=True))
        click.echo(f"{name}: {summary}", err=True)
    for why, count in card.counts.items():
        click.echo(f"{count} {why}", err=True)
