"""`regplug profile`: where around exons a protein binds, group by group."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    fasta_option,
    force_option,
    targets_option,
)
from regplug.errors import ModelError, RegionError

if TYPE_CHECKING:
    from regplug.interpret.profile.exons import Exon
    from regplug.interpret.profile.scores import ExonGroup
    from regplug.interpret.profile.statistics import Test
    from regplug.scoring.card import ModelCard

FEW_SIGNALS = 0.5  # share of a group's exons between AG and GT, below which there is a warning


@click.command(short_help="Draw mean scores around groups of exons.")
@click.argument("files", nargs=-1, required=True, metavar="GROUP.bed...", type=click.Path())
@click.option("--groups", is_flag=True, expose_value=False, help="May stand before the files.")
@click.option(
    "--control", default="", help="Group to compare with.  [default: control, or the last]"
)
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@targets_option("One of the model's; needed where it has several.")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--flank", type=click.IntRange(1), default=300, show_default=True, help="Bases of each intron."
)
@click.option(
    "--exon",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Bases of the exon shown at either end.",
)
@click.option(
    "--window", type=click.IntRange(1), default=50, show_default=True, help="Bases of a test."
)
@click.option(
    "--step", type=click.IntRange(1), help="Bases from test to test.  [default: the window]"
)
@fasta_option
@force_option
@backend_options
def profile(
    files: tuple[str, ...],
    control: str,
    model: str,
    targets: tuple[str, ...],
    output: Path,
    flank: int,
    exon: int,
    window: int,
    step: int | None,
    fasta: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Draw a model's mean score along both introns of each group's exons, and test the difference.

    Each GROUP.bed (.gz) has a line per exon with its strand in column 6; the group is named as the
    file. The score of a base is that of the window around it: models of RNA read the transcribed
    strand, those of DNA the mean or maximum of both (regplug models show NAME). Each exon counts as
    one observation, so those of a group should not share introns.

    Writes profile.png, profile.svg, profile.tsv, tests.tsv (two-sided Mann-Whitney per window, AUC,
    q over all tests) and dropped.tsv: exons that were not scored, and why.
    """
    from regplug.api.models import open_model, trained_on
    from regplug.cli.shared.progress import bar
    from regplug.data.measure.bands import band
    from regplug.files.output import check_folder
    from regplug.genome.assembly import check_organism
    from regplug.genome.fasta import Genome
    from regplug.genome.reference import find_fasta
    from regplug.interpret.profile.exons import SIDES
    from regplug.interpret.profile.report import FILES, write_profile
    from regplug.interpret.profile.scores import Layout, exon_group, score_group
    from regplug.interpret.profile.statistics import Profile, check_libraries, compare
    from regplug.scoring.card import read_width

    check_folder(output, FILES)
    check_libraries()
    layout = Layout(flank, exon, window, step or window)
    exons = _read(files)
    control = _control(control, list(exons))
    location, backend_options = backend_from(options)
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta, {})))
        opened = stack.enter_context(open_model(model, repo=location, options=backend_options))
        if not force:
            check_organism(genome, trained_on([opened]))
        backend = opened.for_sequences
        width, index = read_width(backend.card), _target(backend.card, targets)
        groups = [exon_group(name, each, genome, layout, width) for name, each in exons.items()]
        total = sum(len(group.exons) for group in groups) * 2 * (flank + exon)
        with bar("bases", total) as advance:
            values = {
                group.name: score_group(
                    group, genome, backend, target=index, layout=layout, progress=advance
                )
                for group in groups
            }
    label = backend.card.labels[index]
    means = {(name, side): band(values[name][side]) for name in values for side in SIDES}
    tests = compare(values, control, layout)
    title = f"{label} ({model}) around exons"
    write_profile(output, Profile(title, groups, control, means, tests, layout))
    _tell(groups, control, tests)


def _read(files: Sequence[str]) -> "dict[str, list[Exon]]":
    """Return the exons of each group, which is named as its file."""
    from regplug.interpret.profile.exons import read_exons

    if len(files) < 2:
        raise RegionError(f"{files[0]} is one group: give another BED to compare it with")
    groups: dict[str, list[Exon]] = {}
    for file in files:
        name = Path(file).name.removesuffix(".gz").removesuffix(".bed")
        if name in groups:
            raise RegionError(f"two groups are called {name}: rename a file")
        groups[name] = read_exons(file)
    return groups


def _control(wanted: str, names: Sequence[str]) -> str:
    """Return the group that the others are compared with; RegionError if there is none `wanted`."""
    if wanted and wanted not in names:
        raise RegionError(f"no group {wanted} for --control: there are {', '.join(names)}")
    return wanted or ("control" if "control" in names else names[-1])


def _target(card: "ModelCard", wanted: Sequence[str]) -> int:
    """Return the index, among the model's targets, of the target that is drawn."""
    if len(wanted) == 1 and wanted[0] in card.labels:
        return card.labels.index(wanted[0])
    if wanted or len(card.labels) > 1:
        some = ", ".join(card.labels[:5]) + (" ..." if len(card.labels) > 5 else "")
        unknown = [target for target in wanted if target not in card.labels]
        what = f"has no target {unknown[0]}" if unknown else "has several targets"
        raise ModelError(
            f"{card.name} {what}: give --targets one of {some} (regplug models show {card.name})"
        )
    return 0


def _tell(groups: "Sequence[ExonGroup]", control: str, tests: "Sequence[Test]") -> None:
    """Print what became of the exons, each group's clearest window, and what looks wrong."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None)
    table.add_column("group", overflow="fold")
    for heading in ("scored", "dropped", "AG-exon-GT", "clearest window", "AUC", "q"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in groups:
        counts = [str(len(group.exons)), str(len(group.dropped))]
        share = f"{group.signals / len(group.exons):.0%}"
        found = ["", "", ""]
        if group.name != control:
            best = min((test for test in tests if test.group == group.name), key=lambda t: t.p)
            where = f"{best.side} {best.start} to {best.end}"
            found = [where, f"{best.auc:.2f}", f"{best.q:.2g}"]
        table.add_row(escape(group.name), *counts, share, *found)
    Console(stderr=True, soft_wrap=True).print(table)
    odd = [group.name for group in groups if group.signals < FEW_SIGNALS * len(group.exons)]
    if odd:
        click.echo(
            f"{', '.join(odd)}: most exons do not lie between AG and GT, as nearly all real ones "
            "do: are build and strand right, and starts 0-based?",
            err=True,
        )
    compared = {exon for group in groups if group.name == control for exon in group.exons}
    for group in groups:
        shared = len(compared.intersection(group.exons))
        if shared and group.name != control:
            click.echo(f"{shared} exons of {group.name} are in {control} too", err=True)
