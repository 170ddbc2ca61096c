"""Sequences, or regions of a genome ─predict→ their scores, as a table or a TSV."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from regplug.api.annotate import File
from regplug.api.models import PLAIN, OpenModel, opened
from regplug.errors import RegionError
from regplug.files.extras import needs
from regplug.genome.codes import Codes, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.regions import BedLine, check_regions, read_bed_lines
from regplug.genome.variant import Interval
from regplug.scoring.alleles import enough_known
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.card import ModelCard
from regplug.scoring.sequences import (
    TOGETHER,
    Chunk,
    predict_named,
    predict_rows,
    read_fasta,
    write_scores,
)

if TYPE_CHECKING:
    import pyarrow


def predict(
    sequences: File | Iterable[str],
    *,
    model: str | OpenModel,
    fasta: File | None = None,
    output: File | None = None,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
) -> "pyarrow.Table | None":
    """Return the scores of sequences: an Arrow table, name and a column per target.

    Args:
        sequences: a FASTA or FASTQ (`-` is standard input), of any lengths where the model allows
            it; with `fasta`, a BED file (0-based, half-open): the model's window around each
            region's middle base, (start + end) // 2, or the region itself where the model reads any
            length; or several sequences as text, which are named 1, 2 ...
        model: a name, or an open model.
        fasta: the genome of a BED.
        output: a TSV to write in place of the table; `-` is standard output.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.

    A region of which over a tenth is unknown bases has no scores. Models of RNA read the strand in
    column 6.

    Raises:
        SequenceError: the sequences cannot be read, or do not fit the model's window.
        RegionError: the BED cannot be read, or a region is not in the genome.
        MissingLibraryError: pyarrow is not installed, and no `output` is given.
    """
    with ExitStack() as stack:
        (run,) = stack.enter_context(opened([model], repo, options))
        backend = run.for_sequences
        if fasta is not None:
            genome = stack.enter_context(Genome(find_fasta(fasta)))
            chunks = _of_regions(_path(sequences), genome, backend)
        elif isinstance(sequences, str | os.PathLike):
            chunks = predict_named(read_fasta(os.fspath(sequences)), backend)
        else:
            named = ((str(number), letters) for number, letters in enumerate(sequences, start=1))
            chunks = predict_named(named, backend)
        if output is None:
            return _table(chunks, backend.card.labels)
        write_scores(chunks, backend.card.labels, os.fspath(output))
        return None


def _path(sequences: File | Iterable[str]) -> str:
    """Return the path of a BED file; RegionError if it is no path."""
    if not isinstance(sequences, str | os.PathLike):
        raise RegionError("with a FASTA of the genome, give the path of a BED file")
    return os.fspath(sequences)


def _of_regions(bed: str, genome: Genome, backend: Backend) -> Iterator[Chunk]:
    """Yield the names and scores of the regions in a BED file, in its order."""
    waiting = iter(read_bed_lines(bed))
    while lines := list(islice(waiting, TOGETHER)):
        codes, known = zip(
            *(_bases(line, genome, backend.card, bed) for line in lines), strict=True
        )
        scores = predict_rows(codes, backend)
        scores[~np.array(known)] = np.nan
        yield [_name(line) for line in lines], scores


def _bases(line: BedLine, genome: Genome, card: ModelCard, bed: str) -> tuple[Codes, bool]:
    """Return the codes (bases,) that the model reads of a region, and whether enough are known."""
    region = line.region
    contig = genome.contig(region.chrom) or region.chrom
    check_regions([Interval(contig, region.start, region.end)], genome.lengths)
    width = card.window or len(region)
    start = (region.start + region.end) // 2 - width // 2 if card.window else region.start
    codes = genome.codes(Interval(contig, start, start + width))
    known = bool(enough_known(codes, start, genome.lengths[contig], width)[0])
    if card.strand != "forward":
        return codes, known
    strand = line.cells[5] if len(line.cells) > 5 else ""
    if strand not in ("+", "-"):
        raise RegionError(
            f"{bed}, line {line.number} has no strand in column 6, and {card.name} reads the "
            "transcribed one"
        )
    return (reverse_complement(codes) if strand == "-" else codes), known


def _name(line: BedLine) -> str:
    """Return a region's name in column 4, or else CHROM:FROM-TO, 1-based."""
    return line.cells[3] if len(line.cells) > 3 and line.cells[3] != "." else str(line.region)


def _table(chunks: Iterable[Chunk], labels: Sequence[str]) -> "pyarrow.Table":
    """Return names and scores as a table, nan as null."""
    with needs("parquet"):
        import pyarrow
    found = list(chunks)
    names = list(chain.from_iterable(names for names, _ in found))
    none = np.empty((0, len(labels)), np.float32)
    scores = np.concatenate([none, *(scores for _, scores in found)])
    columns = [pyarrow.array(column, from_pandas=True) for column in scores.T]
    return pyarrow.table([pyarrow.array(names, pyarrow.string()), *columns], ["name", *labels])
