"""`regplug models`: a command for each thing to do with models."""

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.models.calibrate import calibrate
from regplug.cli.models.new import new
from regplug.cli.models.pull import pull
from regplug.cli.models.record import record
from regplug.cli.models.search import search
from regplug.cli.models.show import show
from regplug.cli.shared.options import backend_from, backend_options
from regplug.cli.shared.printable import printable
from regplug.errors import ModelError, RegplugError

if TYPE_CHECKING:
    from regplug.scoring.card import ModelCard

COLUMNS = ("name", "family", "window", "targets", "strand", "default", "metrics")


@click.group()
def models() -> None:
    """List, find, show, verify, import and measure models."""


models.add_command(show)
models.add_command(record)
models.add_command(calibrate)
models.add_command(new)
models.add_command(search)
models.add_command(pull)


@models.command("list", short_help="List the models.")
@click.argument("names", nargs=-1)
@backend_options
def list_models(names: tuple[str, ...], **options: Any) -> None:
    """List the models: name, family, window, targets, strand, default, metrics.

    NAMES, which may be patterns such as 'deepbind_*' (quoted, from the shell), leave out others.
    A table on a terminal, tab-separated elsewhere.
    """
    from regplug.hooks.manager import cards, plugin_manager
    from regplug.models.patterns import fitting

    location, backend = backend_from(options)
    there = cards(plugin_manager(), location, backend)
    known = [card.name for card in there]
    wanted = {found for name in names or known for found in fitting(name, known)}
    rows = [_cells(card) for card in there if card.name in wanted]
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in (COLUMNS, *rows):
            click.echo("\t".join(row))


def _cells(card: "ModelCard") -> list[str]:
    """Return a model's row of the table, in the order of COLUMNS."""
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in card.metrics.items())
    width, targets = str(card.window or "any"), str(len(card.targets))
    default = "yes" if card.default else "no"
    return [card.name, card.family, width, targets, card.strand, default, metrics or "."]


def _print_table(rows: "list[list[str]]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        number = column in ("window", "targets")
        table.add_column(column, justify="right" if number else "left", no_wrap=column == "name")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


@models.command(short_help="Check models' files, and replay golden scores.")
@click.argument("names", nargs=-1)
@click.option("--against", help="Folder with the models' files, when --model-repo is a server.")
@backend_options
def verify(names: tuple[str, ...], against: str | None, **options: Any) -> None:
    """Check the files of models NAMES (default: all), and replay their golden scores to 1e-5.

    NAMES may be patterns such as 'deepbind_*' (quoted, from the shell).
    """
    from regplug.hooks.manager import cards, locations, open_backend, plugin_manager
    from regplug.models.patterns import fitting, is_pattern
    from regplug.models.verify import verify_model

    manager = plugin_manager()
    location, backend_options = backend_from(options)
    if not names or any(map(is_pattern, names)):
        known = [card.name for card in cards(manager, location, backend_options)]
        chosen = (fitting(name, known) if is_pattern(name) else [name] for name in names)
        names = tuple(dict.fromkeys(chain.from_iterable(chosen) if names else known))
    folders = [Path(against)] if against else [Path(p) for p in locations(manager, location)]
    bad = 0
    for name in names:
        try:
            folder = next((f / name for f in folders if (f / name).is_dir()), None)
            if folder is None:
                raise ModelError(
                    f"the files of {name} are not in {folders[0]}: give --against FOLDER"
                )
            backend = open_backend(manager, location, name, backend_options)
            try:
                click.echo(f"{name}\tok\tlargest error {verify_model(folder, backend):.2g}")
            finally:
                backend.close()
        except RegplugError as error:
            bad += 1
            click.echo(printable(f"{name}\tFAILED\t{error}"))
    sys.exit(1 if bad else 0)


class _Importers(click.Group):
    """The commands of all plugins' importers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from regplug.hooks.manager import importers, plugin_manager

        return sorted(importers(plugin_manager()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from regplug.hooks.manager import importers, plugin_manager

        importer = importers(plugin_manager()).get(cmd_name)
        return importer.command if importer else None


@models.group("import", cls=_Importers)
def import_models() -> None:
    """Turn other people's weights into models."""
