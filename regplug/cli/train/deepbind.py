"""`regplug train deepbind`: sets → a network per target."""

from pathlib import Path

import click

from regplug.cli.shared.parts import executor_option
from regplug.cli.shared.progress import tell
from regplug.cli.shared.recipes import read_with, set_option
from regplug.cli.train.progress import training
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Train a DeepBind network on each of several sets.")
@click.argument("recipe", type=FILE)
@click.argument("sets", nargs=-1, required=True, type=FILE)
@click.option("--test", type=FILE, help="Folder of the test sets, called as the SETS are.")
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@executor_option("folds and networks")
def deepbind(
    recipe: Path,
    sets: tuple[Path, ...],
    test: Path | None,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
    executor: str,
) -> None:
    """Calibrate, train and test a DeepBind network on each of SETS, by RECIPE, a TOML file.

    SETS are folders made by `regplug prepare deepbind`; a target is called as its folder. The run
    holds weights.safetensors, metrics.json, report.html and what each target came from.
    """
    with needs("train"):
        from regplug.train.deepbind.recipe import read_recipe
        from regplug.train.deepbind.report import write_run_report
        from regplug.train.deepbind.run import train_run
        from regplug.train.loop.elsewhere import SEQUENTIAL, check_alone
    read = read_with(read_recipe, recipe, settings)
    check_alone()
    with training(read.batch if executor in SEQUENTIAL else None) as (say, stepped):
        train_run(
            *(read, sets, test, output),
            resume=resume,
            progress=say,
            stepped=stepped,
            executor=executor,
        )
    tell(f"report: {write_run_report(output, sets)}")
