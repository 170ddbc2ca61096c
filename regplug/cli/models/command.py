"""`regplug models`: a command for each thing to do with models."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.models.calibrate import calibrate
from regplug.cli.models.config import config
from regplug.cli.models.int8 import int8
from regplug.cli.models.new import new
from regplug.cli.models.peaks import peaks
from regplug.cli.models.pull import pull
from regplug.cli.models.record import record
from regplug.cli.models.search import search
from regplug.cli.models.show import show
from regplug.cli.models.variants import variants
from regplug.cli.shared.options import backend_from, backend_options
from regplug.cli.shared.printable import printable
from regplug.errors import ModelError, RegplugError

if TYPE_CHECKING:
    from regplug.scoring.backend import BackendOptions
    from regplug.scoring.card import ModelCard

COLUMNS = ("name", "family", "window", "targets", "strand", "default", "metrics")


@click.group()
def models() -> None:
    """List, find, show, verify, import and measure models."""


models.add_command(show)
models.add_command(record)
models.add_command(calibrate)
models.add_command(peaks)
models.add_command(new)
models.add_command(search)
models.add_command(pull)
models.add_command(variants)
models.add_command(config)
models.add_command(int8)


@models.command("list", short_help="List the models.")
@click.argument("names", nargs=-1)
@backend_options
def list_models(names: tuple[str, ...], **options: Any) -> None:
    """List the models: name, family, window, targets, strand, default, metrics.

    NAMES, which may be patterns such as 'deepbind_*' or 'K562/*' (quoted, from the shell), leave
    out others.
    A table on a terminal, tab-separated elsewhere.
    """
    from regplug.hooks.manager import cards, plugin_manager
    from regplug.models.patterns import fitting

    location, backend = backend_from(options)
    there = cards(plugin_manager(), location, backend)
    wanted = {found for name in names for found in fitting(name, there)}
    rows = [_cells(card) for card in there if not names or card.name in wanted]
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

    NAMES may be patterns such as 'deepbind_*' or 'K562/*' (quoted, from the shell). With --device
    cuda, all outputs are also compared with the CPU's, to 1e-5 on random sequences.
    """
    from regplug.hooks.manager import cards, locations, plugin_manager
    from regplug.models.patterns import fitting, is_pattern

    manager = plugin_manager()
    location, backend_options = backend_from(options)
    if not names or any(map(is_pattern, names)):
        known = cards(manager, location, backend_options)
        chosen = (fitting(name, known) if is_pattern(name) else [name] for name in names)
        every = [card.name for card in known]
        names = tuple(dict.fromkeys(chain.from_iterable(chosen) if names else every))
    folders = [Path(against)] if against else [Path(p) for p in locations(manager, location)]
    bad = 0
    for name in names:
        try:
            folder = next((f / name for f in folders if (f / name).is_dir()), None)
            if folder is None:
                raise ModelError(
                    f"the files of {name} are not in {folders[0]}: give --against FOLDER"
                )
            found = _verified(folder, location, backend_options)
            click.echo("\t".join([name, "ok", *found]))
        except RegplugError as error:
            bad += 1
            click.echo(printable(f"{name}\tFAILED\t{error}"))
    sys.exit(1 if bad else 0)


def _verified(folder: Path, location: str | None, options: "BackendOptions") -> Iterator[str]:
    """Yield by how much the model of a folder is off its golden scores, and a GPU off the CPU."""
    from contextlib import closing

    from msgspec.structs import replace

    from regplug.hooks.manager import open_backend, plugin_manager
    from regplug.models.verify import apart, verify_model
    from regplug.scoring.backend import confirm

    manager = plugin_manager()
    with closing(open_backend(manager, location, folder.name, options)) as backend:
        yield f"largest error {verify_model(folder, backend):.2g}"
        if options.device != "cpu":
            on_cpu = replace(options, device="cpu")
            with closing(open_backend(manager, location, folder.name, on_cpu)) as other:
                yield f"off the CPU by {apart(backend, other):.2g}"
        confirm(backend)


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
