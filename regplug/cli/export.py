"""`regplug export`: a finished training run as a model."""

from pathlib import Path
from typing import Any

import click

from regplug.errors import ConfigError
from regplug.files.extras import needs


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Of the model.")
@click.option(
    "--test",
    type=click.Path(path_type=Path),
    help="Folder of the test sets, called as the run's targets are; of .seq.gz for a panel's run. "
    "SET.h5 for one of `regplug train basset`, which may go without.",
)
@click.option(
    "--genome", type=click.Path(path_type=Path), help="Windows of a genome; for a panel's run."
)
@click.option("--windows", type=click.Path(path_type=Path), help="Their split; for a panel's run.")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@click.option("--version", default="1", show_default=True, help="Of the model.")
@click.option("--trained-on", default="", help="Said in the card.")
@click.option("--assembly", default="", help="Of the training data.")
@click.option("--license", default="", help="Of the weights, said in the card.")
@click.option("--default", is_flag=True, help="Let annotate run it unasked.")
def export(
    runs: tuple[Path, ...],
    test: Path | None,
    output: Path,
    genome: Path | None,
    windows: Path | None,
    **card: Any,
) -> None:
    """Make a model of the run in folder RUNS, and test it on held-out data in the form users run.

    Several runs of `regplug train basset` with networks of kind cnn become one ensemble. Without
    --test, the card of such a model has the AUCs on validation sites.
    """
    with needs("train"):
        from regplug.train.basset.publish import publish_basset
        from regplug.train.basset.run import is_basset_run
        from regplug.train.deepbind.publish import publish
        from regplug.train.panel.publish import is_panel_run, publish_panel
    run, *more = runs
    if is_basset_run(run):
        if genome or windows:
            raise ConfigError(
                f"{run} is a run of regplug train basset: leave out --genome and --windows"
            )
        made = publish_basset(runs, output, test=test, **card)
    elif more:
        raise ConfigError(f"{run} is no run of regplug train basset: export one at a time")
    elif test is None:
        raise ConfigError(f"the model of {run} is tested: give --test")
    elif not is_panel_run(run):
        made = publish(run, output, test=test, **card)
    elif genome is None or windows is None:
        raise ConfigError(
            f"{run} is a panel's run, tested on windows too: give --genome, --windows"
        )
    else:
        made = publish_panel(run, output, data=test, genome=genome, split=windows, **card)
    for target in made.targets:
        aucs = (f"{key.upper().replace('_', ' ', 1)} {auc}" for key, auc in target.about.items())
        click.echo("\t".join([target.label, *aucs]))
    for metric, value in made.metrics.items():
        click.echo(f"{output / made.name}\t{metric} {value:.4f}")
