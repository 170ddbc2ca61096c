"""FASTA ─read_fasta→ sequences ─predict_named→ scores ─write_scores→ a table."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TextIO

import numpy as np
import pysam
from numpy.typing import NDArray

from regplug.errors import SequenceError
from regplug.files.output import destination
from regplug.files.unchanged import Unchanged, changed
from regplug.genome.codes import Codes, encode
from regplug.scoring.backend import Backend

TOGETHER = 1024  # sequences held in memory
PIECE = 2048  # bases of a long sequence that a scan reads at once
ROW = 128  # bases of a row for which a card's max_batch_size is meant; wider rows, fewer of them

Key = tuple[str | int, ...]  # cells before a row's scores, such as its name
Chunk = tuple[list[Key], NDArray[np.float32]]  # n keys, and their scores (n, targets)


def read_fasta(path: str) -> Iterator[tuple[str, str]]:
    """Yield name and letters of each sequence in a FASTA or FASTQ, plain or gzipped; `-` is stdin.

    Raises:
        SequenceError: no such file, not a FASTA, truncated, or a sequence without letters.
    """
    try:
        with pysam.FastxFile(path, persist=False) as file:
            number, unchanged = 0, None if path == "-" else Unchanged(path)
            for number, record in enumerate(file, start=1):
                if not record.sequence:
                    raise SequenceError(f"{path}: sequence {record.name} is empty")
                yield record.name or str(number), record.sequence
            if unchanged and unchanged.is_changed:
                raise SequenceError(changed(path))
    except (OSError, ValueError) as error:
        raise SequenceError(f"{path} cannot be read as FASTA: {error}") from error
    if not number:
        raise SequenceError(f"{path} holds no sequence: is it a FASTA?")


def write_scores(chunks: Iterable[Chunk], columns: Sequence[str], output: str) -> None:
    """Write a TSV to `output` (`-` is standard output): a header, then keys and scores.

    `columns` are those of the keys and the targets. A row without scores has `.`.

    Raises:
        OutputError: it cannot be written.
    """
    with destination(output) as partial, _text(output, str(partial)) as table:
        table.write("\t".join(columns) + "\n")
        for keys, scores in chunks:
            for key, row in zip(keys, scores, strict=True):
                table.write("\t".join([*map(str, key), *map(_number, row)]) + "\n")


def predict_named(sequences: Iterable[tuple[str, str]], backend: Backend) -> Iterator[Chunk]:
    """Yield the names and scores of sequences (name, letters), TOGETHER at a time.

    Raises:
        SequenceError: a sequence's length is not the model's window, where it has one.
    """
    waiting = iter(sequences)
    while chunk := list(islice(waiting, TOGETHER)):
        scores = predict_sequences([letters for _, letters in chunk], backend)
        yield [(name,) for name, _ in chunk], scores


def predict_sequences(sequences: Sequence[str], backend: Backend) -> NDArray[np.float32]:
    """Return the scores of sequences, shape (n, targets); equal lengths are scored together.

    Raises:
        SequenceError: a length is not the model's window, where it has one.
        BackendError: as `Backend.predict`.
    """
    return predict_rows([encode(letters) for letters in sequences], backend)


def predict_output(sequences: Sequence[str], backend: Backend, name: str) -> NDArray[np.float32]:
    """Return an output's answers to sequences, one at a time; shape (n, numbers), in C order.

    Raises:
        ModelError: the model has no such output.
        BackendError: as `Backend.predict`.
    """
    answers = [backend.predict(encode(letters)[np.newaxis], (name,)) for letters in sequences]
    return np.concatenate(answers).reshape(len(sequences), -1)


def predict_rows(rows: Sequence[Codes], backend: Backend) -> NDArray[np.float32]:
    """Return the scores of rows of codes (bases,), shape (n, targets), as `predict_sequences`."""
    window = backend.card.window
    lengths = np.array([len(codes) for codes in rows])
    if window is not None and (lengths != window).any():
        wrong = lengths[lengths != window][0]
        longer = ", or predict every window of it (--whole)" if wrong > window else ""
        raise SequenceError(
            f"{backend.card.name} reads {window} bases, a sequence has {wrong}: "
            f"cut the sequences to {window}{longer}"
        )
    scores = np.empty((len(rows), len(backend.card.targets)), np.float32)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        scores[places] = predict_codes(np.stack([rows[place] for place in places]), backend)
    return scores


def predict_codes(codes: Codes, backend: Backend) -> NDArray[np.float32]:
    """Return the scores (n, targets) of codes (n, width), of any width that the model reads.

    Raises:
        BackendError: as `Backend.predict`.
    """
    if backend.card.window is not None:
        return backend.predict(codes)
    if backend.card.scan and codes.shape[1] > PIECE:
        return np.stack([_best_piece(row, backend) for row in codes])
    return _predict(codes, backend)


def _predict(codes: Codes, backend: Backend) -> NDArray[np.float32]:
    """Return the scores of codes (n, width), fewer rows at a time the wider they are."""
    at_once = max(1, backend.card.max_batch_size * ROW // codes.shape[1])
    starts = range(0, len(codes), at_once)
    return np.concatenate([backend.predict(codes[start : start + at_once]) for start in starts])


def _best_piece(codes: Codes, backend: Backend) -> NDArray[np.float32]:
    """Return the scores of one long sequence, shape (targets,): the maxima over its pieces.

    A scan is a maximum over sub-windows; pieces overlap, so that each sub-window lies in one.
    """
    last = len(codes) - PIECE
    starts = [*range(0, last, PIECE - (backend.card.scan or 0) + 1), last]
    pieces = np.stack([codes[start : start + PIECE] for start in starts])
    best: NDArray[np.float32] = _predict(pieces, backend).max(axis=0)
    return best


def _text(output: str, partial: str) -> TextIO:
    return open(1, "w", closefd=False) if output == "-" else open(partial, "w")  # noqa: PTH123


def _number(score: np.float32) -> str:
    return "." if np.isnan(score) else str(score)  # float32's shortest digits
