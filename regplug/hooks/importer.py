"""What brings other people's weights into a model repository."""

from typing import Protocol

import click


class Importer(Protocol):
    """A subcommand of `regplug models import`.

    Attributes:
        name: of the subcommand, that of the model family.
        command: what it runs.
    """

    name: str
    command: click.Command
