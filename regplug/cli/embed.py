"""`regplug embed`: how a network sees sequences."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regplug.cli.shared.options import (
    device_option,
    model_repo_option,
    targets_option,
    threads_option,
)
from regplug.errors import SequenceError

if TYPE_CHECKING:
    from regplug.interpret.embed.inputs import LabelledSequence
    from regplug.scoring.backend import Backend

FILE = click.Path(path_type=Path)
WINDOW = 101  # bases around a BED region's midpoint, for models of any length


@click.command(short_help="Write and draw how a network sees sequences.")
@click.argument("model")
@click.argument("sequences", nargs=-1, required=True, type=FILE)
@click.option("--output", "-o", required=True, type=FILE, help="Folder to write.")
@targets_option("Network of a run, or published ID, where there are several.")
@model_repo_option
@threads_option
@device_option
@click.option("--labels", type=FILE, help="Table name<TAB>label; others are grey.")
@click.option("--fasta", type=FILE, help="Reference, plain or bgzipped: the files are BED.")
@click.option(
    "--length",
    type=click.IntRange(1),
    help="Bases around the midpoint of each BED region.  [default: the model's window, or 101]",
)
@click.option("--label-column", type=click.IntRange(4), help="Of the BED, counted from 1.")
@click.option(
    "--max",
    "most",
    type=click.IntRange(5),
    default=2000,
    show_default=True,
    help="Sequences to draw; all are written.",
)
@click.option(
    "--perplexity",
    type=click.FloatRange(1),
    default=30.0,
    show_default=True,
    help="Of t-SNE; at most a third of the sequences drawn.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of chance.")
def embed(
    model: str,
    sequences: tuple[Path, ...],
    output: Path,
    targets: tuple[str, ...],
    model_repo: str | None,
    threads: int,
    device: str,
    labels: Path | None,
    fasta: Path | None,
    length: int | None,
    label_column: int | None,
    most: int,
    perplexity: float,
    seed: int,
) -> None:
    """Write the last hidden layer of a network for each sequence; draw its PCA beside its t-SNE.

    MODEL is the folder of a training run, a folder of published models (db.tsv, params/) or one of
    their parameter files; a model's directory; or a model's name (regplug models list). A DeepBind
    network's layer is taken where it scores best.

    SEQUENCES are FASTA, FASTQ or .seq.gz tables, or BED with --fasta. The colour is a sequence's
    label: that in --labels or --label-column, else bound or unbound where a file has both, else the
    file's name. Writes embedding.npy, embedding.tsv, embed.png and embed.svg.
    """
    from regplug.files.output import check_folder
    from regplug.interpret.embed.inputs import relabelled
    from regplug.interpret.embed.networks import open_units
    from regplug.interpret.embed.projection import check_libraries, project
    from regplug.interpret.embed.report import FILES, EmbeddedSequences, write_embedding
    from regplug.scoring.sequences import predict_sequences

    check_folder(output, FILES)
    check_libraries()
    with open_units(model, targets, model_repo, threads=threads, device=device) as opened:
        title, backend = opened
        read = _read(sequences, backend, fasta, length, label_column)
        if labels:
            read = relabelled(read, labels)
        units = predict_sequences([sequence.letters for sequence in read], backend)
    projection = project(units, most=most, perplexity=perplexity, seed=seed)
    names, given = [sequence.name for sequence in read], [sequence.label for sequence in read]
    scores = write_embedding(output, EmbeddedSequences(title, names, given, units, projection))
    click.echo(f"{output}: {len(units)} sequences, {units.shape[1]} units of {title}", err=True)
    if len(projection.drawn) < len(units):
        click.echo(f"drawn: {len(projection.drawn)} of them, by chance (--max)", err=True)
    if projection.perplexity < perplexity:
        click.echo(f"few sequences: the perplexity is {projection.perplexity:.3g}", err=True)
    for name, score in scores.items():
        if score is not None:
            click.echo(f"silhouette of the labels in {name}: {score:.3f}", err=True)


def _read(
    paths: tuple[Path, ...],
    backend: "Backend",
    fasta: Path | None,
    length: int | None,
    label_column: int | None,
) -> "list[LabelledSequence]":
    """Return the sequences of the files; print on stderr how many regions have none."""
    from regplug.interpret.embed.inputs import read_regions, read_sequences

    if fasta is None:
        if length or label_column:
            raise SequenceError("--length and --label-column are for BED: add --fasta GENOME")
        return read_sequences(paths)
    if backend.card.strand == "forward":
        raise SequenceError("the model reads the transcribed strand, BED has none: give sequences")
    width = length or backend.card.window or WINDOW
    found, dropped = read_regions(paths, fasta, width, label_column)
    if dropped:
        click.echo(f"dropped {dropped} regions: outside the genome, or mostly unknown", err=True)
    return found
