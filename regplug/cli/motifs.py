"""`regplug motifs`: what the filters of networks learned."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regplug.cli.shared.options import (
    device_option,
    known_motifs_options,
    model_repo_option,
    old_or_new,
    renamed,
    targets_option,
    threads_option,
)
from regplug.errors import ModelError, MotifError

if TYPE_CHECKING:
    from rich.progress import Progress

    from regplug.hooks.networks import StoredNetwork
    from regplug.interpret.filters.report import Learned
    from regplug.motifs.matches import Collection, Matches, TaxGroup

FILE = click.Path(path_type=Path)


@click.command(short_help="Draw the motifs that filters learned.")
@click.argument("run", required=False, type=FILE)
@click.option("--model", help="Convolutional model: its name, or its folder. In place of RUN.")
@model_repo_option
@threads_option
@device_option
@click.option(
    "--sequences",
    required=True,
    type=FILE,
    help="Bound sequences: FASTA, a .seq.gz table, or a folder of <PROTEIN>_*_AC.seq.gz. For a "
    "model, of its window; or a set of sites, .h5 (regplug prepare basset).",
)
@click.option("--output", "-o", required=True, type=FILE, help="Folder to write.")
@targets_option("Of the run, or published IDs.  [default: all]")
@known_motifs_options
@renamed("--most", "--max", "most", type=click.IntRange(1))
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    callback=old_or_new,
    help="Sequences to read, at most.",
)
@click.option(
    "--gc",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Share of G and C where information is 0 bits: 0.5 as in the papers, 0.41 in human DNA.",
)
@click.option("--rna", is_flag=True, help="Motifs of RNA: U for T, one strand.")
def motifs(
    run: Path | None,
    model: str | None,
    model_repo: str | None,
    threads: int,
    device: str,
    sequences: Path,
    output: Path,
    targets: tuple[str, ...],
    against: Path | None,
    tax_group: "TaxGroup",
    most: int,
    gc: float,
    rna: bool,
) -> None:
    """Extract the motif of every filter, draw it, and name known motifs like it.

    RUN is the folder of a finished training run, a folder of published models (db.tsv, params/) or
    one of their parameter files. Writes motifs.meme, motifs.tsv, matches.tsv, logos/ and
    overview.png; filters count from 0. RNA motifs are compared with --against only.

    With --model, such as Basset: the filters of the first layer, by the method of Basset's authors.
    Motifs are of all placements where a filter's output is above halfway from its mean to its
    largest. Then each filter's outputs become their mean, and the change of the scores is its
    influence: influence.tsv has it on each target, influence_scatter sets it against information,
    influence_heatmap clusters filters and targets.
    motifs.tsv also says how far scores move without a filter, in standard deviations, and with the
    labels of sites how much the loss rises. Filters of an ensemble stand behind their member: 2.17.
    It takes a while: filters × sequences predictions.
    """
    from regplug.cli.shared.progress import bars
    from regplug.files.output import check_folder
    from regplug.interpret.filters.models import look_at, open_first_layer, read_model_sequences
    from regplug.interpret.filters.report import FILES, write_motif_report
    from regplug.motifs.matches import match
    from regplug.motifs.meme import DNA, RNA

    if (run is None) == (model is None) or (run and model_repo) or (model and targets):
        raise click.UsageError("give RUN [--targets], or --model [--model-repo]")
    check_folder(output, FILES)
    with bars() as bar:
        influence, labels = None, []
        if run is None:
            opened = open_first_layer(
                str(model), model_repo, rna=rna, threads=threads, device=device
            )
            collection = _known(against, tax_group, rna)
            windows = read_model_sequences(sequences, opened.card, most)
            click.echo(windows.summary, err=True)
            learned, influence = look_at(opened, windows, gc, lambda word: _task(bar, word))
            labels = opened.card.labels
        else:
            networks = _networks(run, targets, rna)
            collection = _known(against, tax_group, rna)
            learned = _learned(networks, sequences, most, gc)
        found = None
        if collection:
            found = match(
                [filter_motif.motif for filter_motif in learned], collection, both_strands=not rna
            )
        write_motif_report(
            output,
            learned,
            found,
            letters=RNA if rna else DNA,
            influence=influence,
            targets=labels,
            progress=_task(bar, "logos"),
        )
    _tell(output, learned, collection, found)


def _task(bar: "Progress", word: str) -> Callable[[int, int], None]:
    """Add a bar; return a function that takes how much is done, and of how much."""
    task = bar.add_task(word, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _networks(run: Path, targets: tuple[str, ...], rna: bool) -> "list[StoredNetwork]":
    """Return the networks in `run`; ModelError if one reads both strands, with `rna` if not."""
    from regplug.hooks.manager import networks_at, plugin_manager

    networks = networks_at(plugin_manager(), run, targets)
    for network in networks:
        of_rna = network.card.strand == "forward"
        if rna and not of_rna:
            raise ModelError(
                f"{network.label} reads both strands, so it is of DNA: leave --rna out"
            )
        if of_rna and not rna:
            raise ModelError(f"{network.label} reads one strand, so it is of RNA: add --rna")
    return networks


def _learned(
    networks: "list[StoredNetwork]", sequences: Path, most: int, gc: float
) -> "list[Learned]":
    """Return the motifs of the networks' filters."""
    from regplug.data.sequences.bound import read_codes
    from regplug.interpret.filters.report import motifs_of_target
    from regplug.motifs.motif import motifs_of

    learned = []
    for network in networks:
        codes = read_codes(sequences, network.protein or network.label, most)
        found = motifs_of(network.site_counts(codes))
        learned += motifs_of_target(network.label, found, gc=gc)
    return learned


def _tell(
    output: Path,
    learned: "Sequence[Learned]",
    collection: "Collection | None",
    found: "Matches | None",
) -> None:
    """Print what was made, and how many filters are like known motifs."""
    from regplug.interpret.filters.report import marked
    from regplug.motifs.matches import FEW, REPORTED

    known = f"{len(collection.motifs)} of {collection.title}" if collection else "no known motifs"
    click.echo(f"{output}: {len(learned)} filters, compared with {known}", err=True)
    if collection and len(collection.motifs) < FEW:
        click.echo(f"fewer than {FEW} known motifs: the p-values depend on which", err=True)
    if found:
        like = sum(bool(filter_motif.known) for filter_motif in marked(learned, found))
        share = like / len(learned)
        click.echo(
            f"{like} of them ({share:.0%}) are like a known motif: q < {REPORTED}, and more so "
            "than 39 of 40 random orders of their columns",
            err=True,
        )


def _known(against: Path | None, tax_group: "TaxGroup", rna: bool) -> "Collection | None":
    """Return the known motifs to compare with; None for RNA without a file."""
    from regplug.motifs.matches import Collection, jaspar
    from regplug.motifs.meme import RNA, read_meme

    if against is None:
        return None if rna else jaspar(tax_group)
    letters, known = read_meme(against)
    if letters == RNA and not rna:
        raise MotifError(f"the motifs in {against} are of RNA: add --rna, or give motifs of DNA")
    return Collection(against.name, known)
