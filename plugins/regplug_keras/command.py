"""`regplug models import keras`."""

from pathlib import Path
from typing import get_args

import click

from regplug.hooks.measuring import measuring, measuring_options


@click.command("keras")
@click.argument("architecture", type=click.Path(path_type=Path))
@click.argument("weights", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Of the model.")
@click.option("--targets", type=click.Path(path_type=Path), help="File of their names, one a line.")
@click.option(
    "--output-scale",
    type=click.Choice(["probability", "positive", "score"]),
    help="Of the outputs.  [default: probability after a sigmoid or softmax, else score]",
)
@click.option("--license", default="not stated", show_default=True, help="Of the weights.")
@click.option("--cite-as", default="", help="The publication.")
@click.option("--assembly", default="", help="Of the training data, such as hg19.")
@click.option("--doc", default="", help="What the outputs are.")
@click.option(
    "--backend",
    type=click.Choice(["theano", "tensorflow"]),
    help="Keras ran on it in training.  [default: as the file says; where it does not, theano for "
    "channels first]",
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@measuring_options
def keras(
    architecture: Path,
    weights: Path,
    name: str,
    targets: Path | None,
    output_scale: str | None,
    license: str,
    cite_as: str,
    assembly: str,
    doc: str,
    backend: str | None,
    output: Path,
    snvs: int,
    threads: int,
) -> None:
    """Import a Sequential Keras model of DNA.

    ARCHITECTURE is the JSON of model.to_json(), WEIGHTS the HDF5 file of model.save_weights() or
    model.save(), in Keras 0.3, 1 or 2. Nothing in them is run, and Keras is not needed. Letters are
    A C G T; both strands are read, and their outputs averaged.
    """
    from regplug_keras.importer import About, Scale, import_keras

    scale = next((scale for scale in get_args(Scale) if scale == output_scale), None)
    about = About(output_scale=scale, license=license, cite_as=cite_as, assembly=assembly, doc=doc)
    with measuring(snvs, threads) as how:
        card = import_keras(
            architecture,
            weights,
            output,
            name=name,
            labels=targets,
            about=about,
            backend=backend or "",
            measuring=how,
        )
    click.echo(f"{output / card.name}\t{len(card.targets)} targets")
