"""`regplug models import keras`."""

from pathlib import Path
from typing import Any

import click

from regplug.hooks.importing import about_from, head_option, import_options, say
from regplug.hooks.measuring import measuring, measuring_options


@click.command("keras", short_help="Sequential and functional Keras models.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--backend",
    type=click.Choice(["theano", "tensorflow"]),
    help="Keras ran on it in training.  [default: as the file says; where it does not, theano for "
    "channels first]",
)
@head_option
@import_options
@measuring_options
def keras(
    files: tuple[Path, ...],
    backend: str | None,
    golden: Path | None,
    output: Path,
    snvs: int,
    threads: int,
    **said: Any,
) -> None:
    """Import a Keras model of DNA, Sequential or functional.

    FILES are what model.save() made (.keras, .h5), or the JSON of model.to_json() and then the HDF5
    file of model.save_weights(), in Keras 0.3, 1, 2 or 3. Several networks (folds) become one
    model, the mean of their answers. Nothing in them is run, and Keras is not needed.
    """
    from regplug_keras.importer import import_keras

    about = about_from(**said)
    with measuring(snvs, threads) as how:
        done = import_keras(
            files, output, about, backend=backend or "", golden=golden, measuring=how
        )
    say(done.card, output, done.warnings)
