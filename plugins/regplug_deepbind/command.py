"""`regplug models import deepbind`."""

from pathlib import Path

import click

from regplug.hooks.importing import say
from regplug.hooks.measuring import measuring, measuring_options


@click.command("deepbind", short_help="Published DeepBind models, v0.11.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--species", multiple=True, help="For example 'Homo sapiens'; repeat for more.")
@click.option("--protein", "proteins", multiple=True, help="For example CTCF; repeat for more.")
@click.option(
    "--type", "kind", type=click.Choice(["TF", "RBP"], case_sensitive=False), default=None
)
@click.option("--ids", default="", help="IDs, comma separated.")
@click.option("--name", default="deepbind", show_default=True, help="Of the panel.")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Model repository."
)
@measuring_options
def deepbind(
    folder: Path,
    species: tuple[str, ...],
    proteins: tuple[str, ...],
    kind: str | None,
    ids: str,
    name: str,
    output: Path,
    snvs: int,
    threads: int,
) -> None:
    """Import published DeepBind v0.11 models from FOLDER (db.tsv, params/, LICENSE.TXT).

    The models chosen become one panel, which scores them all in a call; models of RNA become a
    second one, NAME_rna, that reads the transcribed strand only.
    """
    from regplug_deepbind.importer import choose, import_deepbind, read_index

    rows = choose(
        read_index(folder),
        species=species,
        proteins=proteins,
        kind=kind or "",
        ids=[identity.strip() for identity in ids.split(",") if identity.strip()],
    )
    with measuring(snvs, threads) as how:
        cards = import_deepbind(folder, rows, output, name=name, measuring=how)
    for card in cards:
        say(card, output)
