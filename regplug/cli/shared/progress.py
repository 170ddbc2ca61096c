"""Progress on stderr, where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress, ProgressColumn


@contextmanager
def bars(*columns: ProgressColumn, quiet: bool = False) -> Iterator[Progress]:
    """Give rich's display of progress bars, by default with rich's columns; none if `quiet`."""
    console = Console(stderr=True)
    off = quiet or not console.is_terminal
    console.quiet = off  # before 14.3, rich ends hidden bars with a line
    with Progress(*columns, console=console, disable=off, transient=True) as shown:
        yield shown


@contextmanager
def bar(what: str, total: int | None, *columns: ProgressColumn) -> Iterator[Callable[[int], None]]:
    """Show a single bar; give a function that advances it by a number.

    Args:
        what: is counted.
        total: how many there will be; None: not known.
        columns: of rich, in place of its own.
    """
    with bars(*columns) as shown:
        task = shown.add_task(what, total=total)
        yield lambda more: shown.update(task, advance=more)


def tell(line: str) -> None:
    """Print a line on stderr."""
    click.echo(line, err=True)
