"""`regplug train panel`: peaks of several factors → one network."""

from pathlib import Path

import click

from regplug.cli.shared.progress import tell
from regplug.cli.shared.recipes import read_with, set_option
from regplug.errors import ConfigError

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("recipe", type=FILE)
@click.option("--data", required=True, type=FILE, help="Folder of .seq.gz files.")
@click.option("--genome", required=True, type=FILE, help="FASTA of windows of a genome.")
@click.option(
    "--windows",
    required=True,
    type=FILE,
    help="TSV with the columns window and split; only those in split `train` are used.",
)
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on where a run of the same recipe was cut off.")
def panel(
    recipe: Path,
    data: Path,
    genome: Path,
    windows: Path,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
) -> None:
    """Train one network for all targets of RECIPE, a TOML file, on ChIP-seq peaks.

    Peaks are told from their shuffles, from other targets' peaks and from pieces of the genome.
    Writes weights.safetensors and metrics.json; `regplug export` makes a model of them.
    """
    try:
        from regplug.train.panel.recipe import read_panel_recipe
        from regplug.train.panel.train import read_panel, train_panel
    except ImportError as error:
        raise ConfigError(f"training needs {error.name}: pip install 'regplug[train]'") from error
    read = read_with(read_panel_recipe, recipe, settings)
    train_panel(
        read,
        read_panel(read, data, genome, windows),
        output,
        resume=resume,
        progress=tell,
    )
