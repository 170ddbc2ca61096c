"""`regplug export`: a finished training run as a model."""

from pathlib import Path

import click

from regplug.errors import ConfigError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Of the model.")
@click.option(
    "--test",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the test sets, called as the run's targets are.",
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@click.option("--version", default="1", show_default=True, help="Of the model.")
@click.option("--trained-on", default="", help="Said in the card.")
@click.option("--assembly", default="", help="Of the training data.")
@click.option("--default", is_flag=True, help="Let annotate run it unasked.")
def export(run: Path, output: Path, **card: str | Path | bool) -> None:
    """Make a model of the run in folder RUN, and test it on held-out data in the form users run."""
    try:
        from regplug.train.publish import publish
    except ImportError as error:
        raise ConfigError(f"export needs {error.name}: pip install 'regplug[train]'") from error
    made = publish(run, output, **card)  # type: ignore[arg-type]
    for target in made.targets:
        click.echo("\t".join([target.label, *map(" ".join, target.about.items())]))
    for metric, value in made.metrics.items():
        click.echo(f"{output / made.name}\t{metric} {value:.4f}")
