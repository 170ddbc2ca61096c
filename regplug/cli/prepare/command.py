"""`regplug prepare`: a command for each form of data."""

import click

from regplug.cli.prepare.basset import basset
from regplug.cli.prepare.deepbind import deepbind
from regplug.cli.prepare.join import join
from regplug.cli.prepare.sequences import dhs, sequences


@click.group()
def prepare() -> None:
    """Make a training set from data; needs no torch."""


for command in (basset, deepbind, dhs, join, sequences):
    prepare.add_command(command)
