"""`regplug prepare sequences`: sequences and what they are open in → sites; `prepare dhs`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.prepare.messages import tell_set
from regplug.cli.shared.options import PATH, comma_separated
from regplug.files.extras import needs

if TYPE_CHECKING:
    from regplug.data.sites.closed import Measurement


def _table_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what is held out and left out, and the output."""
    for option in (
        click.option("--output", "-o", required=True, type=PATH, help="SET.h5; more beside it."),
        click.option("--exclude-chroms", metavar="C,C", default="", help="To leave out."),
        click.option("--test-chroms", metavar="C,C", default="", help="To report on."),
        click.option("--valid-chroms", metavar="C,C", default="", help="To choose by."),
    ):
        function = option(function)
    return function


@click.command(short_help="Make sites of sequences and labels.")
@click.argument("table", type=PATH)
@click.option("--columns", metavar="C,C", required=True, help="Samples, or their starts before _.")
@click.option("--graded", metavar="C,C", default="", help="Columns that hold 0 to 1.")
@_table_options
def sequences(table: Path, columns: str, graded: str, **options: Any) -> None:
    """Make a set of the sequences in TABLE, each open in some samples.

    TABLE has chr, start, end, sequence and a column per sample: 0, 1 or, where nobody knows,
    nothing. Without the first three, all are trained on. Closed tiles come from `regplug prepare
    basset --along`; `regplug prepare join` unites the two sets. Columns that are --graded hold how
    open a sequence is, 0 to 1. Networks learn that; in tests the upper half counts as open.
    """
    _make(table, columns, options, graded=comma_separated(graded))


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
@_table_options
def dhs(
    table: Path,
    cells: str,
    windows: Path,
    signal: Path,
    windows_split: Path,
    below: float,
    apart: int,
    step: int,
    **options: Any,
) -> None:
    """Make a set as `regplug prepare sequences`, and of tiles that count as closed in all cells.

    Closed tiles come from the measured parts of windows: those for training from train windows,
    those of the test from test windows, where no open site is trained on either. `basset_dhs4` was
    made of such a set. For sets of your own see `regplug prepare basset --along`, which reads
    bigWigs, and does not call a tile closed in a cell that was not measured.
    """
    with needs("train"):
        from regplug.data.sites.closed import Measurement
        from regplug.data.sites.sites import Closed
    closed = Closed(below=below, apart=apart, step=step)
    _make(table, cells, options, Measurement(windows, windows_split, signal, closed))


def _make(
    table: Path,
    columns: str,
    options: dict[str, Any],
    measurement: "Measurement | None" = None,
    graded: Sequence[str] = (),
) -> None:
    """Make the set, and tell what is in it."""
    with needs("train"):
        from regplug.data.sites.from_table import prepare_table
        from regplug.data.sites.parts import ContigSplit
    valid, test, excluded = (
        comma_separated(options[f"{name}_chroms"]) for name in ("valid", "test", "exclude")
    )
    card, counts = prepare_table(
        table,
        options["output"],
        samples=comma_separated(columns),
        split=ContigSplit(valid, test),
        excluded=excluded,
        graded=graded,
        measurement=measurement,
    )
    tell_set(options["output"], card, counts)
