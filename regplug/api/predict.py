"""Sequences, or regions of a genome ─predict→ their scores, as a table or a TSV.

They are read as `Cut`s: each whole, or its middle, or with `whole` window by window.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from regplug.api.annotate import File
from regplug.api.cuts import Cut, Window, cut_regions, cut_sequences
from regplug.api.models import PLAIN, OpenModel, opened, trained_on
from regplug.errors import ModelError, RegionError
from regplug.files.extras import needs
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.one_output import OneOutput
from regplug.scoring.sequences import (
    TOGETHER,
    Chunk,
    predict_named,
    predict_rows,
    read_fasta,
    write_scores,
)
from regplug.tracks.regions import default_step

if TYPE_CHECKING:
    import pyarrow


def predict(
    sequences: File | Iterable[str],
    *,
    model: str | OpenModel,
    fasta: File | None = None,
    output: File | None = None,
    head: str = "",
    whole: bool = False,
    step: int | None = None,
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
) -> "pyarrow.Table | None":
    """Return the scores of sequences: an Arrow table, name and a column per target.

    With `whole` it has a row for each window of a sequence, and the columns name, start and end of
    the window; of the regions of a BED name, chrom, start and end. 0-based, half-open.

    Args:
        sequences: a FASTA or FASTQ (`-` is standard input), of any lengths where the model allows
            it; with `fasta`, a BED file (0-based, half-open): the model's window around each
            region's middle base, (start + end) // 2, or the region itself where the model reads any
            length; or several sequences as text, which are named 1, 2 ...
        model: a name, or an open model.
        fasta: the genome of a BED.
        output: a TSV to write in place of the table; `-` is standard output.
        head: the model's output that is wanted, by its name, such as a profile; a column for each
            of its numbers, `profile[0,7]` or, where it has one per target, the target. "": that
            by which variants are scored.
        whole: score every window of sequences and regions that are longer than the model's window,
            one every `step` bases, and the last at the end. A shorter region has the window around
            its middle base.
        step: by default that of `track`: 50 bases for windows of 200 or more, else a tenth of the
            window.
        force: go on though the model was trained on another organism than the FASTA's.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.

    A region, and with `whole` a window, of which over a tenth is unknown bases has no scores.
    Models of RNA read the strand in column 6.

    Raises:
        SequenceError: the sequences cannot be read, or do not fit the model's window.
        ModelError: `whole`, and the model has no window; or it has no such output.
        GenomeError: the model was trained on another organism than the FASTA's (unless `force`).
        RegionError: the BED cannot be read, or a region is not in the genome.
        MissingLibraryError: pyarrow is not installed, and no `output` is given.
    """
    with ExitStack() as stack:
        (run,) = stack.enter_context(opened([model], repo, options))
        backend, window = run.for_sequences, _window(run, step) if whole else None
        backend = OneOutput(backend, head) if head else backend
        keys = ["name"]
        if fasta is not None:
            genome = stack.enter_context(Genome(find_fasta(fasta)))
            if not force:
                check_organism(genome, trained_on([run]))
            chunks = _scored(cut_regions(_path(sequences), genome, backend.card, window), backend)
            keys += ["chrom", "start", "end"] if window else []
        elif window:
            chunks = _scored(cut_sequences(_named(sequences), window), backend)
            keys += ["start", "end"]
        else:
            chunks = predict_named(_named(sequences), backend)
        if output is None:
            return _table(chunks, keys, backend.card.labels)
        write_scores(chunks, [*keys, *backend.card.labels], os.fspath(output))
        return None


def _window(run: OpenModel, step: int | None) -> Window:
    """Return the model's window and its step; ModelError if it has none."""
    if run.card.window is None:
        raise ModelError(f"{run.card.name} reads sequences of any length: leave out --whole")
    return Window(run.card.name, run.card.window, step or default_step(run.card))


def _named(sequences: File | Iterable[str]) -> Iterable[tuple[str, str]]:
    """Return the names and letters of sequences, in a file or as text."""
    if isinstance(sequences, str | os.PathLike):
        return read_fasta(os.fspath(sequences))
    return ((str(number), letters) for number, letters in enumerate(sequences, start=1))


def _path(sequences: File | Iterable[str]) -> str:
    """Return the path of a BED file; RegionError if it is no path."""
    if not isinstance(sequences, str | os.PathLike):
        raise RegionError("with a FASTA of the genome, give the path of a BED file")
    return os.fspath(sequences)


def _scored(cuts: Iterable[Cut], backend: Backend) -> Iterator[Chunk]:
    """Yield the keys and scores of cuts; those of too few known bases have nan."""
    waiting = iter(cuts)
    while some := list(islice(waiting, TOGETHER)):
        scores = predict_rows([cut.codes for cut in some], backend)
        scores[[not cut.known for cut in some]] = np.nan
        yield [cut.key for cut in some], scores


def _table(chunks: Iterable[Chunk], keys: Sequence[str], labels: Sequence[str]) -> "pyarrow.Table":
    """Return keys and scores as a table, nan as null."""
    with needs("parquet"):
        import pyarrow
    found = list(chunks)
    cells = [key for of_chunk, _ in found for key in of_chunk]
    none = np.empty((0, len(labels)), np.float32)
    scores = np.concatenate([none, *(scores for _, scores in found)])
    columns = [
        pyarrow.array(
            [key[at] for key in cells],
            pyarrow.int64() if column in ("start", "end") else pyarrow.string(),
        )
        for at, column in enumerate(keys)
    ]
    columns += [pyarrow.array(column, from_pandas=True) for column in scores.T]
    return pyarrow.table(columns, [*keys, *labels])
