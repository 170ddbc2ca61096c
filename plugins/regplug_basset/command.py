"""`regplug models import basset`."""

from pathlib import Path

import click

from regplug.hooks.about import check_license
from regplug.hooks.importing import license_options, say
from regplug.hooks.measuring import measuring, measuring_options


@click.command("basset", short_help="Basset networks: Torch7 files, state dicts.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--targets", type=click.Path(path_type=Path), help="File of their names, one a line.")
@click.option("--name", default="basset", show_default=True, help="Of the model.")
@click.option("--window", default=600, show_default=True, help="Bases that the network reads.")
@license_options
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@measuring_options
def basset(
    file: Path,
    targets: Path | None,
    name: str,
    window: int,
    license: str,
    accept_license: bool,
    output: Path,
    snvs: int,
    threads: int,
) -> None:
    """Import a Basset network from FILE.

    FILE is what Basset saves (Torch7: .th, .t7), or a state dict of the Kipoi port (PyTorch: .pth,
    .pt; or .safetensors with the same names). Nothing in it is run.
    """
    from regplug_basset.importer import import_basset

    check_license(license, accepted=accept_license)
    with measuring(snvs, threads) as how:
        card = import_basset(
            file,
            output,
            name=name,
            labels=targets,
            width=window,
            license=license,
            measuring=how,
        )
    say(card, output)
