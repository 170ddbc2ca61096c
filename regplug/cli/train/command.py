"""`regplug train`: a command for each form of network."""

import click

from regplug.cli.train.basset import basset
from regplug.cli.train.deepbind import deepbind
from regplug.cli.train.memory import keep_memory
from regplug.cli.train.panel import panel


@click.group(short_help="Train networks; needs torch.")
def train() -> None:
    """Train models; needs torch (pip install 'regplug[train]')."""
    keep_memory()


for command in (basset, deepbind, panel):
    train.add_command(command)
