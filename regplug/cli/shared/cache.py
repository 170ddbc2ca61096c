"""--cache FILE: predictions that are kept for later runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.progress import tell

if TYPE_CHECKING:
    from regplug.models.cache import Cache


def cache_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --cache, which `opened_cache` opens."""
    return click.option(
        "--cache",
        default="",
        metavar="FILE",
        help="Look predictions up there, and keep new ones there; made if it is not there.",
    )(function)


@contextmanager
def opened_cache(path: str, *, quiet: bool = False) -> "Iterator[Cache | None]":
    """Give the open cache at `path`, or None without a path; tell in the end what it was good for.

    Raises:
        CacheError: as `Cache`.
    """
    if not path:
        yield None
        return
    from regplug.models.cache import Cache

    with Cache(path) as cache:
        yield cache
    if not quiet:
        tell(f"{cache.found:,} of {cache.asked:,} predictions were in {path}")
    if cache.trouble and not quiet:
        tell(cache.trouble)
