"""`regplug train`: fit networks to a data set."""

from pathlib import Path

import click

from regplug.cli.recipes import read_with, set_option
from regplug.cli.train_basset import basset
from regplug.errors import ConfigError

FILE = click.Path(path_type=Path)


@click.group()
def train() -> None:
    """Train models; needs torch (pip install 'regplug[train]')."""


train.add_command(basset)


@train.command()
@click.argument("recipe", type=FILE)
@click.argument("sets", nargs=-1, required=True, type=FILE)
@click.option("--test", type=FILE, help="Folder of the test sets, called as the SETS are.")
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
def deepbind(
    recipe: Path,
    sets: tuple[Path, ...],
    test: Path | None,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
) -> None:
    """Calibrate, train and test a DeepBind network on each of SETS, by RECIPE, a TOML file.

    SETS are folders made by `regplug prepare deepbind`; a target is called as its folder. The run
    holds weights.safetensors, metrics.json, report.html and what each target came from.
    """
    try:
        from regplug.train.recipe import read_recipe
        from regplug.train.report import write_report
        from regplug.train.run import train_run
    except ImportError as error:
        raise ConfigError(f"training needs {error.name}: pip install 'regplug[train]'") from error
    read = read_with(read_recipe, recipe, settings)
    train_run(read, sets, test, output, resume=resume, progress=_tell)
    _tell(f"report: {write_report(output, sets)}")


@train.command()
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
        from regplug.train.panel import read_panel, train_panel
        from regplug.train.panel_recipe import read_panel_recipe
    except ImportError as error:
        raise ConfigError(f"training needs {error.name}: pip install 'regplug[train]'") from error
    read = read_with(read_panel_recipe, recipe, settings)
    train_panel(
        read,
        read_panel(read, data, genome, windows),
        output,
        resume=resume,
        progress=_tell,
    )


def _tell(line: str) -> None:
    click.echo(line, err=True)
