"""`regplug prepare deepbind`: bound sequences or intensities → a training set."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import comma_separated, old_or_new, renamed

if TYPE_CHECKING:
    from regplug.data.sets.training import TrainingSet

FILE = click.Path(path_type=Path)


def set_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that all forms of data share."""
    for option in reversed(
        [
            click.option("--output", "-o", required=True, type=FILE, help="Folder of the set."),
            click.option(
                "--length",
                type=click.IntRange(1),
                help="Bases of each sequence: longer ones are cut to their middle, shorter ones "
                "end in N.  [default: all must be equally long]",
            ),
            click.option(
                "--folds",
                type=click.IntRange(1, 255),
                default=3,
                show_default=True,
                help="Of cross-validation.",
            ),
            click.option(
                "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of chance."
            ),
        ]
    ):
        function = option(function)
    return function


strand_option = click.option(
    "--strand",
    type=click.Choice(["both", "forward"]),
    default="both",
    show_default=True,
    help="forward for RNA.",
)


@click.group(short_help="Make a set to train DeepBind on.")
def deepbind() -> None:
    """Make a set to train DeepBind on: uint8 codes, targets and folds in one folder."""


@deepbind.command(short_help="Peaks against their shuffles; both strands.")
@click.argument("peaks", type=FILE)
@click.option("--fasta", type=FILE, help="Reference of a BED: 101 bases (--length) per midpoint.")
@renamed("--top", "--max", "top", type=click.IntRange(1))
@click.option(
    "--max",
    "top",
    type=click.IntRange(1),
    callback=old_or_new,
    help="Peaks to take: the first so many, at most.",
)
@set_options
def chip(peaks: Path, output: Path, **options: Any) -> None:
    """Take PEAKS against their dinucleotide shuffles; both strands.

    PEAKS is a table with a column `seq` (`.seq.gz`), a FASTA, or a BED with --fasta. A table with
    unbound rows (Bound 0) keeps them and gets no shuffles.
    """
    from regplug.data.sets.chip import prepare_chip

    _make(output, lambda: prepare_chip(peaks, **options))


@deepbind.command(short_help="Bound and unbound RNA (CLIP); forward strand.")
@click.argument("sequences", type=FILE)
@click.option(
    "--apart-from",
    type=FILE,
    multiple=True,
    help="The other split, training or test: what stands in both is dropped.",
)
@set_options
def bound(sequences: Path, output: Path, **options: Any) -> None:
    """Take the bound and unbound RNA (CLIP) in a FASTA, class:1 or class:0 in each header.

    Forward strand only.
    """
    from regplug.data.sets.bound import prepare_bound

    _make(output, lambda: prepare_bound(sequences, **options))


@deepbind.command(short_help="Reads of HT-SELEX against shuffles or a background.")
@click.argument("reads", type=FILE)
@click.option(
    "--background",
    type=FILE,
    help="Reads that were not selected: of the first library.  [default: dinucleotide shuffles]",
)
@click.option("--distinct", is_flag=True, help="Take each read once, whatever its copies.")
@strand_option
@set_options
def selex(reads: Path, output: Path, **options: Any) -> None:
    """Take HT-SELEX READS of the last cycle against their shuffles or a --background.

    READS is a FASTA, a FASTQ, or lines READ,COUNT.
    """
    from regplug.data.sets.selex import prepare_selex

    _make(output, lambda: prepare_selex(reads, **options))


@deepbind.command(short_help="Probes and intensities (PBM, RNAcompete).")
@click.argument("table", type=FILE)
@renamed("--target", "--column", "target")
@click.option("--column", "target", callback=old_or_new, help="To learn, where there are several.")
@click.option("--sequence", help="Column of sequences.  [default: seq or sequence]")
@click.option("--names", metavar="N,N", help="Of all columns, in a table without a line of names.")
@click.option("--ignore", multiple=True, help="Column that holds no intensities.")
@click.option("--median", is_flag=True, help="Divide by the probe's median over columns (PBM).")
@click.option(
    "--clamp",
    "percentile",
    type=click.FloatRange(0, 100, min_open=True),
    default=99.95,
    show_default=True,
    help="Percentile that higher intensities are set to.",
)
@strand_option
@set_options
def intensities(
    table: Path,
    output: Path,
    target: str | None,
    sequence: str | None,
    names: str | None,
    ignore: tuple[str, ...],
    **options: Any,
) -> None:
    """Take the probes and intensities (PBM, RNAcompete) of a tab-separated TABLE; a regression."""
    from regplug.data.sets.intensities import Columns, prepare_intensities

    columns = Columns(target, sequence, ignore, comma_separated(names))
    _make(output, lambda: prepare_intensities(table, columns, **options))


def _make(output: Path, read: "Callable[[], TrainingSet]") -> None:
    """Read a set, write it, and print on stderr what is in it and what was dropped."""
    from regplug.data.sets.training import check_set_folder, write_set

    check_set_folder(output)
    made = read()
    write_set(output, made)
    card = made.card
    summary = f"{output}: {card.rows} sequences of {card.length} bases in {card.folds} folds"
    if card.positives is not None:
        others = "shuffles of them" if card.negatives == "shuffles" else "negatives"
        summary += f", {card.positives} positives and {card.rows - card.positives} {others}"
    click.echo(summary, err=True)
    for why, count in card.dropped.items():
        click.echo(f"dropped {count}: {why}", err=True)
