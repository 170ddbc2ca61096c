"""`regplug models search`: which targets there are of a cell, a tissue, a protein or an assay."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import backend_from, backend_options

if TYPE_CHECKING:
    from regplug.scoring.card import ModelCard, Target

ABOUT = ("cell", "tissue", "assay", "ontology", "accession")
MISSING = "."


@click.command(short_help="Find targets by cell, tissue, assay or any word.")
@click.argument("words", nargs=-1)
@click.option("--cell", default="", help="Only targets whose cell has this in its name.")
@click.option("--tissue", default="", help="The same of the tissue.")
@click.option("--assay", default="", help="The same of the assay, such as ATAC.")
@click.option("--also", multiple=True, metavar="DIR|URL", help="Look here too; repeat it for more.")
@backend_options
def search(words: tuple[str, ...], also: tuple[str, ...], **options: Any) -> None:
    """Print the targets that have all WORDS in their label or what the card says of them.

    A word may also be the model's name. Case does not matter. All repositories are looked through,
    or --model-repo, and those of --also; status 1 if there is nothing.
    """
    from regplug.hooks.manager import cards, plugin_manager

    asked = {key: options.pop(key).lower() for key in ("cell", "tissue", "assay")}
    location, backend = backend_from(options)
    manager = plugin_manager()
    found = cards(manager, location, backend)
    for place in also:
        found += [card for card in cards(manager, place, backend) if card not in found]
    wanted = [word.lower() for word in words]
    rows = [row for card in found for row in _rows(card, wanted, asked)]
    if not rows:
        click.echo("no target fits: regplug models list shows all models", err=True)
        raise SystemExit(1)
    for row in (["model", "target", *ABOUT], *rows):
        click.echo("\t".join(row))


def _rows(card: "ModelCard", wanted: list[str], asked: dict[str, str]) -> Iterator[list[str]]:
    """Yield a row per target that fits."""
    for target in card.targets:
        if _fits(card, target, wanted, asked):
            about = (target.about.get(key, MISSING) for key in ABOUT)
            yield [card.name, target.label, *about]


def _fits(card: "ModelCard", target: "Target", wanted: list[str], asked: dict[str, str]) -> bool:
    texts = [card.name.lower(), target.label.lower(), *map(str.lower, target.about.values())]
    return all(any(word in text for text in texts) for word in wanted) and all(
        part in target.about.get(key, "").lower() for key, part in asked.items()
    )
