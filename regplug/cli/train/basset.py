"""`regplug train basset`: sites of open chromatin → a network."""

from functools import partial
from pathlib import Path

import click

from regplug.cli.shared.parts import executor_option
from regplug.cli.shared.recipes import read_with, set_option
from regplug.cli.train.progress import training
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Train a network on sites: open or not, per sample.")
@click.argument("recipe", type=FILE)
@click.argument("sites", type=FILE)
@click.option("--output", "-o", required=True, type=FILE, help="Folder of the run.")
@set_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option(
    "--seed-from",
    type=FILE,
    metavar="RUN|FILE",
    help="Begin with a trained network (a run, or a file of Basset's weights); of its last layer "
    "only a run's targets that the SITES have too are kept.",
)
@click.option(
    "--trials",
    type=click.IntRange(1),
    help="Train so many networks, searching the recipe's space; keep the best.",
)
@executor_option("trials")
def basset(
    recipe: Path,
    sites: Path,
    output: Path,
    settings: tuple[str, ...],
    resume: bool,
    seed_from: Path | None,
    trials: int | None,
    executor: str,
) -> None:
    """Train a network on SITES.h5 by RECIPE, a TOML file: which samples are open, at each site.

    SITES.h5 is made by `regplug prepare basset`. The run holds weights.safetensors, of the epoch
    with the best validation AUC, log.csv and metrics.json; `regplug export` makes a model of it.
    Several GPUs: torchrun --nproc-per-node N -m regplug train basset ...
    """
    with needs("train"):
        from regplug.train.basset.recipe import read_basset_recipe
        from regplug.train.basset.search import search_basset
        from regplug.train.basset.train import train_basset
    if executor and trials is None:
        raise click.UsageError("--executor is for --trials; torchrun shares a network's batches")
    read = read_with(read_basset_recipe, recipe, settings)
    train = (
        train_basset if trials is None else partial(search_basset, trials=trials, executor=executor)
    )
    with training(read.schedule.batch) as (tell, stepped):
        made = train(
            *(read, sites, output),
            resume=resume,
            seeded_from=seed_from,
            tell=tell,
            stepped=lambda epoch, *steps: stepped(f"epoch {epoch}", *steps),
        )
        tell(f"{output}: validation AUC {made.valid_auc:.4f}, epoch {made.best_epoch}")
