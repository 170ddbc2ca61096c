"""`regplug motifs`: what the filters of DeepBind networks learned."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regplug.errors import ModelError, MotifError

if TYPE_CHECKING:
    from regplug.matches import Collection


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--sequences",
    required=True,
    type=click.Path(path_type=Path),
    help="Bound sequences: FASTA, a .seq.gz table, or a folder of <PROTEIN>_*_AC.seq.gz.",
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--target", "targets", multiple=True, help="Of the run, or a published ID; repeat for more."
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Known motifs, MEME format.  [default: JASPAR CORE, vertebrates]",
)
@click.option(
    "--most", type=click.IntRange(1), default=2000, show_default=True, help="Sequences to read."
)
@click.option("--rna", is_flag=True, help="Motifs of RNA: U for T, one strand.")
def motifs(
    run: Path,
    sequences: Path,
    output: Path,
    targets: tuple[str, ...],
    against: Path | None,
    most: int,
    rna: bool,
) -> None:
    """Extract the motif of every filter in RUN, draw it, and name known motifs like it.

    RUN is the folder of a finished training run, a folder of published models (db.tsv, params/) or
    one of their parameter files. Writes motifs.meme, motifs.tsv, matches.tsv, logos/ and
    overview.png; filters count from 0. RNA motifs are compared with --against only.
    """
    from rich.console import Console
    from rich.progress import Progress

    from regplug.cli.motif_inputs import read_codes
    from regplug.matches import FEW, match
    from regplug.meme import DNA, RNA
    from regplug.motif_report import FILES, named, write_report
    from regplug.output import check_folder
    from regplug_deepbind.sites import filter_motifs
    from regplug_deepbind.weights import named_networks

    check_folder(output, FILES)
    networks = named_networks(run, targets)
    for label, _, network in networks:
        if rna and network.reverse_complement:
            raise ModelError(f"{label} reads both strands, so it is of DNA: leave --rna out")
        if not rna and not network.reverse_complement:
            raise ModelError(f"{label} reads one strand, so it is of RNA: add --rna")
    collection = _known(against, rna)
    learned = []
    for label, protein, network in networks:
        codes = read_codes(sequences, protein or label, most)
        learned += named(label, filter_motifs(network, codes))
    found = None
    if collection:
        found = match([one.motif for one in learned], collection, both_strands=not rna)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("logos")
        write_report(
            output,
            learned,
            found,
            letters=RNA if rna else DNA,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    known = f"{len(collection.motifs)} of {collection.title}" if collection else "no known motifs"
    click.echo(f"{output}: {len(learned)} filters, compared with {known}", err=True)
    if collection and len(collection.motifs) < FEW:
        click.echo(f"fewer than {FEW} known motifs: the p-values depend on which", err=True)


def _known(against: Path | None, rna: bool) -> "Collection | None":
    """Return the known motifs to compare with; None for RNA without a file."""
    from regplug.matches import Collection, jaspar
    from regplug.meme import RNA, read_meme

    if against is None:
        return None if rna else jaspar()
    letters, known = read_meme(against)
    if letters == RNA and not rna:
        raise MotifError(f"the motifs in {against} are of RNA: add --rna, or give motifs of DNA")
    return Collection(against.name, known)
