"""How the spreads of a model's targets are measured when it is exported or imported."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

SNVS = 10_000


class Measuring(NamedTuple):
    """How the spreads are measured.

    Attributes:
        snvs: how many random SNVs.
        threads: of the CPU; 0 for all cores.
        progress: called with the model's name, how many SNVs are done, and of how many.
    """

    snvs: int = SNVS
    threads: int = 0
    progress: Callable[[str, int, int], None] = lambda model, done, total: None


def measuring_options(function: Callable[..., Any], *, snvs: int = SNVS) -> Callable[..., Any]:
    """Add --snvs and --threads to the command of an importer; `snvs` if it is not said."""
    function = click.option(
        "--threads", type=click.IntRange(0), default=0, help="CPU threads; 0: all."
    )(function)
    return click.option(
        "--snvs",
        type=click.IntRange(1),
        default=snvs,
        show_default=True,
        help="Random SNVs to measure spreads on.",
    )(function)


@contextmanager
def measuring(snvs: int, threads: int) -> Iterator[Measuring]:
    """Give how spreads are measured, with a bar on stderr if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("measuring spreads")

        def show(model: str, done: int, total: int) -> None:
            bar.update(task, description=f"{model}: spreads", completed=done, total=total)

        yield Measuring(snvs, threads, show)
