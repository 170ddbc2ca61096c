"""`regplug models import basset`."""

from pathlib import Path

import click


@click.command("basset", short_help="Basset networks: Torch7 files, state dicts.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--targets", type=click.Path(path_type=Path), help="File of their names, one a line.")
@click.option("--name", default="basset", show_default=True, help="Of the model.")
@click.option("--window", default=600, show_default=True, help="Bases that the network reads.")
@click.option("--license", default="not stated", show_default=True, help="Of the weights.")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@click.option(
    "--snvs", default=10_000, show_default=True, help="Random SNVs to measure spreads on."
)
def basset(
    file: Path,
    targets: Path | None,
    name: str,
    window: int,
    license: str,
    output: Path,
    snvs: int,
) -> None:
    """Import a Basset network from FILE.

    FILE is what Basset saves (Torch7: .th, .t7), or a state dict of the Kipoi port (PyTorch: .pth,
    .pt; or .safetensors with the same names). Nothing in it is run.
    """
    from rich.console import Console
    from rich.progress import Progress

    from regplug_basset.importer import import_basset

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("measuring spreads")
        card = import_basset(
            file,
            output,
            name=name,
            labels=targets,
            width=window,
            license=license,
            snvs=snvs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo(f"{output / card.name}\t{len(card.targets)} targets")
