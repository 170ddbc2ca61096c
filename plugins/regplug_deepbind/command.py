"""`regplug models import deepbind`."""

from pathlib import Path

import click


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
@click.option(
    "--snvs", default=10_000, show_default=True, help="Random SNVs to measure spreads on."
)
def deepbind(
    folder: Path,
    species: tuple[str, ...],
    proteins: tuple[str, ...],
    kind: str | None,
    ids: str,
    name: str,
    output: Path,
    snvs: int,
) -> None:
    """Import published DeepBind v0.11 models from FOLDER (db.tsv, params/, LICENSE.TXT).

    The models chosen become one panel, which scores them all in a call; models of RNA become a
    second one, NAME_rna, that reads the transcribed strand only.
    """
    from rich.console import Console
    from rich.progress import Progress

    from regplug_deepbind.importer import choose, import_deepbind, read_index

    rows = choose(
        read_index(folder),
        species=species,
        proteins=proteins,
        kind=kind or "",
        ids=[identity.strip() for identity in ids.split(",") if identity.strip()],
    )
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("measuring spreads")

        def show(model: str, done: int, total: int) -> None:
            bar.update(task, description=f"{model}: spreads", completed=done, total=total)

        cards = import_deepbind(folder, rows, output, name=name, snvs=snvs, progress=show)
    for card in cards:
        click.echo(f"{output / card.name}\t{len(card.targets)} targets")
