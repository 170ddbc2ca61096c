"""`regplug models variants`: the graph for variants, for a Triton server."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH


@click.command(short_help="Write the graph with which a server scores SNVs faster.")
@click.argument("names", nargs=-1, required=True)
@click.option("--model-repo", required=True, type=PATH, metavar="DIR", help="Folder of models.")
def variants(names: tuple[str, ...], model_repo: Path) -> None:
    """Write NAME_variants beside each model NAME, for a Triton server on that folder.

    Its SNVs are then scored together: what windows that overlap share is computed once. In this
    process every model is scored so without it.
    """
    from regplug.models.variants.served import write_variants

    for name in names:
        click.echo(write_variants(model_repo / name))
