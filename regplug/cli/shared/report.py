"""What `regplug annotate` prints on stderr: a bar while it runs, a table at its end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from regplug.cli.shared.progress import bars
from regplug.genome.variant import Status
from regplug.hooks.writer import Batch
from regplug.vcf.annotate import Tally


@contextmanager
def progress_bar() -> Iterator[Callable[[Batch], None]]:
    """Show a progress bar on stderr, if it is a terminal; give a function that takes each batch."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with bars(*columns) as bar:
        task = bar.add_task("ALTs", total=None)

        def advance(batch: Batch) -> None:
            last = batch.records[-1]
            at = f"{last.contig}:{last.pos}  ALTs"
            bar.update(task, advance=len(batch.variants), description=at)

        yield advance


def report(tally: Tally, renamed: Mapping[str, str]) -> None:
    """Print renamed contigs, and how many ALTs got which status from each model.

    Args:
        tally: the counts.
        renamed: contigs, the VCF's name → the FASTA's.
    """
    console = Console(stderr=True, soft_wrap=True)
    if renamed:
        pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in list(renamed.items())[:4])
        console.print(f"contigs matched by name in the FASTA: {pairs}", highlight=False)
    seen = [status for status in Status if any(c[status] for c in tally.by_model.values())]
    table = Table(title=f"{tally.alts} ALTs in {tally.records} records", title_justify="left")
    for heading in ("model", *seen):
        table.add_column(str(heading), justify="left" if heading == "model" else "right")
    for name, counts in tally.by_model.items():
        table.add_row(name, *(str(counts[status]) for status in seen))
    console.print(table)
