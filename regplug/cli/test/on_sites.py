"""`regplug test --model`: how well a model tells open sites from closed ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import backend_from
from regplug.files.extras import needs

if TYPE_CHECKING:
    from regplug.data.measure.sites import SiteTest


def test_on_sites(
    path: Path,
    model: str,
    output: Path | None,
    part: str | None,
    bootstrap: int | None,
    **rest: Any,
) -> None:
    """Test a model on sites: write the folder, print the table, and notes on stderr.

    Args:
        path: of the sites (.h5).
        model: its name.
        output: folder to write, or None.
        part: of the sites; by default test.
        bootstrap: bootstraps for the intervals; by default none.
        rest: what `backend_options` adds.
    """
    with needs("train"):
        from regplug.data.measure.report import FILES, About, medians, table, write_site_report
        from regplug.data.measure.sites import measure_targets, predict_part
        from regplug.data.sites.sites import Sites
    from regplug.api.models import open_model
    from regplug.files.output import check_folder

    part, bootstraps = part or "test", bootstrap or 0
    location, options = backend_from(rest)
    if output is not None:
        check_folder(output, FILES)
    with Sites(path) as sites, open_model(model, repo=location, options=options) as opened:
        backend = opened.for_sequences
        with counting("sequences", sites.count(part)) as advance:
            predicted = predict_part(sites, part, backend, advance)
        tests = []
        with counting("targets", len(sites.samples)) as advance:
            for tested in measure_targets(predicted, bootstraps=bootstraps):
                tests.append(tested)
                advance(1)
        about = About(backend.card, path.name, sites.card, part, bootstraps)
    if output is not None:
        write_site_report(output, about, predicted, tests)
    click.echo(table(tests), nl=False)
    _tell(tests, part)
    if not predicted.probabilities:
        click.echo(
            f"no calibration: {about.model.name} gives scores, not probabilities "
            f"(its output_scale is {about.model.output_scale})",
            err=True,
        )
    found = ", ".join(f"{name.upper()} {value:.4f}" for name, value in medians(tests).items())
    click.echo(
        f"{model}: {len(tests)} targets, {len(predicted.scores)} sites, medians {found}", err=True
    )


def _tell(tests: "list[SiteTest]", part: str) -> None:
    """Say which targets have no areas."""
    for tested in tests:
        if not (tested.positives and tested.negatives):
            click.echo(
                f"{tested.name}: no AUROC, no AUPRC; {tested.positives} of "
                f"{tested.positives + tested.negatives} sites in part {part} are open",
                err=True,
            )


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar and its speed on stderr, if it is a terminal; give what moves it on."""
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from regplug.cli.shared.progress import bars

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn())
    speed = TextColumn("{task.fields[speed]}")
    with bars(*columns, speed, TimeRemainingColumn()) as bar:
        task = bar.add_task(what, total=total, speed="")

        def advance(count: int) -> None:
            bar.update(task, advance=count)
            rate = bar.tasks[task].speed
            bar.update(task, speed=f"{rate:,.0f} {what}/s" if rate else "")

        yield advance
