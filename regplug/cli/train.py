"""`regplug train`: fit networks to a data set."""

from pathlib import Path

import click

from regplug.errors import ConfigError


@click.group()
def train() -> None:
    """Train models; needs torch (pip install 'regplug[train]')."""


@train.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder of .seq.gz files."
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the run."
)
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change the recipe (TOML)."
)
def deepbind(recipe: Path, data: Path, output: Path, settings: tuple[str, ...]) -> None:
    """Train a DeepBind network per target of RECIPE, a TOML file, on ChIP-seq peaks.

    Writes weights.safetensors and metrics.json; `regplug export` makes a model of them.
    """
    import tomllib

    import msgspec

    try:
        from regplug.train.fit import train_panel
        from regplug.train.recipe import read_recipe
    except ImportError as error:
        raise ConfigError(f"training needs {error.name}: pip install 'regplug[train]'") from error
    try:
        read = read_recipe(recipe, settings)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"the recipe {recipe} cannot be used: {error}") from error
    train_panel(read, data, output, progress=lambda line: click.echo(line, err=True))


@train.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder of .seq.gz files."
)
@click.option(
    "--genome", required=True, type=click.Path(path_type=Path), help="FASTA of windows of a genome."
)
@click.option(
    "--windows",
    required=True,
    type=click.Path(path_type=Path),
    help="TSV with the columns window and split; only those in split `train` are used.",
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the run."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the recipe (TOML), as in schedule.epochs=3.",
)
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
    import tomllib

    import msgspec

    try:
        from regplug.train.panel import read_panel, train_panel
        from regplug.train.panel_recipe import read_panel_recipe
    except ImportError as error:
        raise ConfigError(f"training needs {error.name}: pip install 'regplug[train]'") from error
    try:
        read = read_panel_recipe(recipe, settings)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"the recipe {recipe} cannot be used: {error}") from error
    train_panel(
        read,
        read_panel(read, data, genome, windows),
        output,
        resume=resume,
        progress=lambda line: click.echo(line, err=True),
    )
