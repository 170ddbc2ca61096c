"""What brings other people's weights into a model repository."""

from typing import Protocol

import click


class Importer(Protocol):
    """One subcommand of `regplug models import`, named after the model family."""

    name: str
    command: click.Command
