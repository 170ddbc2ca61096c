"""`regplug prepare join`: several sets of sites become one."""

from pathlib import Path

import click

from regplug.cli.prepare.messages import moving, tell_set
from regplug.files.extras import needs

FILE = click.Path(path_type=Path)


@click.command(short_help="Join sets of sites.")
@click.argument("sets", nargs=-1, required=True, type=FILE)
@click.option("--output", "-o", required=True, type=FILE, help="ALL.h5; more appears beside it.")
@click.option("--widen", is_flag=True, help="Put shorter sites into closed tiles.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="With --widen: of chance."
)
def join(sets: tuple[Path, ...], output: Path, widen: bool, seed: int) -> None:
    """Join SETS made by `regplug prepare basset` or `sequences`, of sites of one length.

    Sites keep their parts. Samples are united by name; what a set does not say of a sample is
    unknown there, and counts neither in training nor in a test. The sets may be of several genomes.

    With --widen sites may differ in length: the shorter ones are put into the middle of tiles drawn
    from those that are trained on and open in no sample, as long as the longest.
    """
    if len(sets) < 2:
        raise click.UsageError("give two sets or more")
    with needs("train"):
        from regplug.data.sites.join import join_sites

    with moving("sites") as progress:
        card, counts = join_sites(sets, output, widen=seed if widen else None, progress=progress)
    tell_set(output, card, counts)
