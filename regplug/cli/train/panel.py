"""`regplug train panel`: peaks of several factors → one network."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import windows_from, windows_options
from regplug.cli.shared.parts import executor_option
from regplug.cli.shared.recipes import read_with, set_option
from regplug.cli.train.progress import training
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Train one network for several factors.")
@click.argument("recipe", type=FILE)
@click.argument("sets", nargs=-1, type=FILE)
@click.option("--fasta", type=FILE, help="Reference of SETS that are BEDs: 101 bases per midpoint.")
@click.option(
    "--data", type=FILE, help="In place of SETS: folder of <TARGET>_*_AC.seq.gz, or of sets."
)
@windows_options
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on where a run of the same recipe was cut off.")
@executor_option("members of the ensemble")
def panel(
    recipe: Path,
    sets: tuple[Path, ...],
    fasta: Path | None,
    data: Path | None,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
    executor: str,
    **options: Any,
) -> None:
    """Train one network for all targets of RECIPE, a TOML file, on ChIP-seq peaks.

    SETS are a folder per factor, made by `regplug prepare deepbind chip`, or what that command
    reads: BEDs with --fasta, FASTA, or .seq.gz. A factor is called as its folder, or as its file up
    to the first dot; the recipe's targets are these, or none (--set 'targets=[]'). The strongest
    peaks come first.

    Peaks are told from their shuffles, from other targets' peaks and from pieces of those windows
    that the split calls train.
    Writes weights.safetensors and metrics.json; `regplug export` makes a model of them.
    """
    with needs("train"):
        from regplug.train.loop.elsewhere import SEQUENTIAL, check_alone
        from regplug.train.panel.recipe import read_panel_recipe
        from regplug.train.panel.sets import given_sets, read_sets, with_targets
        from regplug.train.panel.train import read_panel, train_panel
    check_alone()
    windows, split = windows_from(options)
    if windows is None or split is None:
        raise click.UsageError("give --windows and --windows-split")
    if bool(sets) == (data is not None) or (fasta and not sets):
        raise click.UsageError("give SETS [--fasta], or --data")
    read = read_with(read_panel_recipe, recipe, settings)
    found = read_sets(data, read.targets, "AC") if data else given_sets(sets, fasta)
    read = with_targets(read, found)
    peaks = read_panel(read, found, windows, split)
    with training(read.schedule.batch if executor in SEQUENTIAL else None) as (tell, stepped):
        train_panel(
            *(read, peaks, output),
            resume=resume,
            progress=tell,
            stepped=stepped,
            executor=executor,
        )
