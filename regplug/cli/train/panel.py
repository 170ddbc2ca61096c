"""`regplug train panel`: peaks of several factors → one network."""

from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import windows_from, windows_options
from regplug.cli.shared.progress import tell
from regplug.cli.shared.recipes import read_with, set_option
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Train one network for several factors.")
@click.argument("recipe", type=FILE)
@click.option("--data", required=True, type=FILE, help="Folder of .seq.gz files.")
@windows_options
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on where a run of the same recipe was cut off.")
def panel(
    recipe: Path,
    data: Path,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
    **options: Any,
) -> None:
    """Train one network for all targets of RECIPE, a TOML file, on ChIP-seq peaks.

    Peaks are told from their shuffles, from other targets' peaks and from pieces of those windows
    that the split calls train.
    Writes weights.safetensors and metrics.json; `regplug export` makes a model of them.
    """
    with needs("train"):
        from regplug.train.panel.recipe import read_panel_recipe
        from regplug.train.panel.train import read_panel, train_panel
    windows, split = windows_from(options)
    if windows is None or split is None:
        raise click.UsageError("give --windows and --windows-split")
    read = read_with(read_panel_recipe, recipe, settings)
    train_panel(
        read,
        read_panel(read, data, windows, split),
        output,
        resume=resume,
        progress=tell,
    )
