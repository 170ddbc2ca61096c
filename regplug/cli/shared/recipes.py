"""What the commands that train share: how a recipe is read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from regplug.errors import UNREADABLE, ConfigError

Recipe = TypeVar("Recipe")

set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the recipe (TOML); a dot leads into a table, as in schedule.epochs=3.",
)


def read_with(
    read: Callable[[Path, Sequence[str]], Recipe], path: Path, settings: Sequence[str]
) -> Recipe:
    """Return the recipe that `read` makes of the file `path`, changed by settings (KEY=VALUE).

    Raises:
        ConfigError: the file cannot be read, or a key or value is wrong.
    """
    try:
        return read(path, settings)
    except UNREADABLE as error:
        raise ConfigError(f"the recipe {path} cannot be used: {error}") from error
