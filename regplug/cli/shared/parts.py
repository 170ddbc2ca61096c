"""--resume, --executor and --part-size: a run in parts."""

from collections.abc import Callable
from typing import Any

import click


def executor_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that says where a run's work is done."""
    return click.option(
        "--executor",
        default="",
        metavar="WHERE",
        help=f"Do {what} elsewhere: processes:4, dask:local, dask://HOST:PORT, dask:FILE.toml.",
    )


def parts_options(of: str, size: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds the options; a part is `size` `of` (records, bases) by default."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
            click.option(
                "--resume",
                is_flag=True,
                help="Keep what is done in OUTPUT.parts until all is; go on with what is there.",
            ),
            executor_option("parts of the run"),
            click.option(
                "--part-size",
                type=click.IntRange(1),
                default=size,
                show_default=True,
                metavar="N",
                help=f"{of} of a part, with --resume or --executor.",
            ),
        ]
        for option in reversed(options):
            function = option(function)
        return function

    return add
