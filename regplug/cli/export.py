"""`regplug export`: a finished training run as a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from regplug.cli.shared.options import threads_option, windows_from, windows_options
from regplug.errors import ConfigError, ModelError
from regplug.files.extras import needs


@click.command(short_help="Make a model of a finished run.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Of the model.")
@click.option(
    "--test",
    type=click.Path(path_type=Path),
    help="Folder of the test sets, called as the run's targets are; for a panel's run, or of "
    "<TARGET>_*_B.seq.gz. SET.h5 for one of `regplug train basset`, which may go without.",
)
@click.option(
    "--outputs",
    multiple=True,
    metavar="RUN=T,T",
    help="Take these targets alone of a run of `regplug train basset`; TARGET:NAME under another "
    "name.  [default: all]",
)
@windows_options
@threads_option
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@click.option("--version", default="1", show_default=True, help="Of the model.")
@click.option("--trained-on", default="", help="Said in the card.")
@click.option("--assembly", default="", help="Of the training data; several: hg19,hg38.")
@click.option("--license", default="", help="Of the weights, said in the card.")
@click.option("--cite-as", default="", help="The publication to cite.  [default: the method's]")
@click.option("--doc", default="", help="What the outputs are.  [default: by the kind of run]")
@click.option("--default", is_flag=True, help="Let annotate run it unasked.")
def export(
    runs: tuple[Path, ...],
    test: Path | None,
    outputs: tuple[str, ...],
    output: Path,
    threads: int,
    **options: Any,
) -> None:
    """Make a model of the run in folder RUNS, and test it on held-out data in the form users run.

    Several runs of `regplug train basset` with networks of kind cnn become one ensemble: a target
    is the mean of the runs that have it, and a run of a narrower window reads the middle. Without
    --test, the card of such a model has the AUCs on validation sites. A panel's run is tested on
    windows of a genome too.
    """
    with needs("train"):
        from regplug.train.basset.publish import publish_basset
        from regplug.train.deepbind.publish import publish_deepbind
        from regplug.train.loop.about import About
        from regplug.train.panel.publish import publish_panel
    from regplug.files.runs import Form, form_of
    from regplug.hooks.measuring import SNVS, measuring

    windows, split = windows_from(options)
    taken = _outputs_of(outputs)
    about = About(**options)
    run, *more = runs
    form = form_of(run)
    if form is None:
        raise ModelError(f"{run} holds no finished run: train it, or go on with --resume")
    if form is not Form.PANEL and (windows or split):
        raise ConfigError(f"{run} is a {form}: leave out --windows and --windows-split")
    if taken and form is not Form.BASSET:
        raise ConfigError(f"{run} is a {form}: leave out --outputs")
    with measuring(SNVS, threads) as how:
        if form is Form.BASSET:
            made = publish_basset(runs, output, about, test=test, outputs=taken, measuring=how)
        elif more:
            raise ConfigError(f"{run} is no run of regplug train basset: export one at a time")
        elif test is None:
            raise ConfigError(f"the model of {run} is tested: give --test")
        elif form is Form.DEEPBIND:
            made = publish_deepbind(run, output, about, test=test, measuring=how)
        elif windows and split:
            made = publish_panel(
                run, output, about, data=test, genome=windows, split=split, measuring=how
            )
        else:
            raise ConfigError(
                f"{run} is a panel's run, tested on windows too: give --windows, --windows-split"
            )
    for target in made.targets:
        aucs = (f"{key.upper().replace('_', ' ', 1)} {auc}" for key, auc in target.about.items())
        click.echo("\t".join([target.label, *aucs]))
    for metric, value in made.metrics.items():
        click.echo(f"{output / made.name}\t{metric} {value:.4f}")


def _outputs_of(pairs: Sequence[str]) -> dict[Path, list[str]]:
    """Return run → targets of the values of --outputs; ConfigError for one that says no such."""
    split = [pair.rpartition("=") for pair in pairs]
    if wrong := [
        pair for pair, (run, _, names) in zip(pairs, split, strict=True) if not run or not names
    ]:
        raise ConfigError(f"--outputs {wrong[0]} does not say RUN=TARGET,TARGET:NAME")
    return {Path(run): names.split(",") for run, _, names in split}
