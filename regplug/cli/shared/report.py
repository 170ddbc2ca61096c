"""What `annotate` and `track` print on stderr: on a terminal a bar, and a table at the end."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from regplug.cli.shared.progress import bars, tell
from regplug.genome.variant import Status
from regplug.hooks.writer import Batch
from regplug.vcf.annotate import Tally


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Callable[[Batch | Tally], None]]:
    """Show a progress bar, if stderr is a terminal and not `quiet`; give what advances it."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with bars(*columns, quiet=quiet) as bar:
        task = bar.add_task("ALTs", total=None)

        def advance(done: Batch | Tally) -> None:
            if isinstance(done, Tally):
                bar.update(task, advance=done.alts)
                return
            last = done.records[-1]
            at = f"{last.contig}:{last.pos}  ALTs"
            bar.update(task, advance=len(done.variants), description=at)

        yield advance


def tell_of_assays(models: int, *, matrix: bool = True) -> None:
    """Print that tags are of assays, as there are so many models; `matrix`: there can be one."""
    tell(
        f"{models} models, so tags are of assays (RP_<ASSAY>__TOP ...): --by model gives each "
        f"model its own{', --matrix FILE has all targets' if matrix else ''}"
    )


def report(
    tally: Tally,
    renamed: Mapping[str, str],
    unindexed: Sequence[str] = (),
    gone: Collection[str] = (),
    warnings: Sequence[str] = (),
) -> None:
    """Print what the user should know; on a terminal, how many ALTs got which status too.

    Args:
        tally: the counts.
        renamed: contigs, the VCF's name → the FASTA's.
        unindexed: outputs without an index, as their records are not sorted.
        gone: tags of an earlier run that this one has not written.
        warnings: of bcftools.
    """
    for warning in warnings:
        tell(f"bcftools warns: {warning}")
    if old := sorted(tag for tag in gone if tag.endswith("__MAX")):
        tell(f"{', '.join(old)} of an earlier version has gone: see __Z and __Q in its place")
    if renamed:
        pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in list(renamed.items())[:4])
        tell(f"contigs matched by name in the FASTA: {pairs}")
    for name in unindexed:
        tell(f"{name} has no index, as its records are not sorted: bcftools sort -W {name} -o NEW")
    console = Console(stderr=True, soft_wrap=True)
    if not console.is_terminal:
        return
    seen = [status for status in Status if any(c[status] for c in tally.by_model.values())]
    table = Table(title=f"{tally.alts} ALTs in {tally.records} records", title_justify="left")
    for heading in ("model", *seen):
        table.add_column(str(heading), justify="left" if heading == "model" else "right")
    for name, counts in tally.by_model.items():
        table.add_row(name, *(str(counts[status]) for status in seen))
    console.print(table)
