"""`regplug prepare join`: several sets of sites become one."""

from pathlib import Path

import click

from regplug.cli.prepare.messages import moving, tell_set
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Join sets of sites.")
@click.argument("sets", nargs=-1, required=True, type=FILE)
@click.option("--output", "-o", required=True, type=FILE, help="ALL.h5; more appears beside it.")
def join(sets: tuple[Path, ...], output: Path) -> None:
    """Join SETS made by `regplug prepare basset` or `sequences`, of sites of one length.

    Sites keep their parts. Samples are united by name; what a set does not say of a sample is
    unknown there, and counts neither in training nor in a test. The sets may be of several genomes.
    """
    if len(sets) < 2:
        raise click.UsageError("give two sets or more")
    with needs("train"):
        from regplug.data.sites.join import join_sites

    with moving("sites") as progress:
        card, counts = join_sites(sets, output, progress=progress)
    tell_set(output, card, counts)
