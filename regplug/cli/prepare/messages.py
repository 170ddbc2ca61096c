"""What the commands that make sites tell on stderr: a bar while they run, and what was made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from regplug.data.sites.sites import SitesCard
    from regplug.data.sites.summary import Counts


@contextmanager
def moving(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar; give what is called with what is done, how many, and of how many."""
    from regplug.cli.shared.progress import bars

    with bars() as bar:
        task = bar.add_task(what)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )


def tell_set(output: Path, card: "SitesCard", counts: "Counts") -> None:
    """Say what is in a set of sites, and what is not."""
    train, valid, test = counts.sites.tolist()
    click.echo(
        f"{output}: {train + valid + test} sites of {card.settings.length} bases in "
        f"{len(counts.samples)} samples, {train} to train on, {valid} to validate, {test} to test",
        err=True,
    )
    for why, count in card.counts.items():
        click.echo(f"{count} {why}", err=True)
    for name, (opened, closed) in card.cuts.items():
        click.echo(
            f"{name}: open from a mean signal of {opened:g}, closed up to {closed:g}", err=True
        )
    for name, unknown in zip(counts.samples, counts.unknown.sum(axis=1).tolist(), strict=True):
        if unknown:
            click.echo(f"{unknown} sites of which {name} says nothing", err=True)
