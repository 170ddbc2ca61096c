"""`regplug prepare`: a command for each form of data."""

import click

from regplug.cli.prepare.basset import basset
from regplug.cli.prepare.deepbind import deepbind
from regplug.cli.prepare.dhs import dhs
from regplug.cli.prepare.join import join


@click.group()
def prepare() -> None:
    """Make a training set from data; needs no torch."""


for command in (basset, deepbind, dhs, join):
    prepare.add_command(command)
