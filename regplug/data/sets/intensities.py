"""Probe intensities (PBM, RNAcompete) ─prepare_intensities→ TrainingSet, a regression."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.records import NO_BASE, Record, known_bases, read_lines, to_codes
from regplug.data.sets.folds import assign_folds, same_sequences
from regplug.data.sets.training import Scale, SetCard, TrainingSet
from regplug.errors import DataError
from regplug.files.sources import sources_of

SEQUENCE = ("seq", "sequence")  # names of the column, in any case


class Table(NamedTuple):
    """Probes and their intensities."""

    records: list[Record]
    intensities: NDArray[np.float64]  # (n, columns)
    columns: list[str]
    target: int  # which of the columns is to be learned


class Columns(NamedTuple):
    """Which columns of a table are what.

    Attributes:
        target: the one to learn; may be left out where there is one.
        sequence: that of the sequences; by default the one called seq or sequence.
        ignore: those that are no intensities.
        names: of all columns, where the table's first line does not have them.
    """

    target: str | None = None
    sequence: str | None = None
    ignore: Sequence[str] = ()
    names: Sequence[str] = ()


def prepare_intensities(
    path: Path,
    columns: Columns = Columns(),  # noqa: B008 - it never changes
    *,
    median: bool = False,
    percentile: float = 99.95,
    strand: Literal["both", "forward"] = "both",
    length: int | None = None,
    folds: int = 3,
    seed: int = 0,
) -> TrainingSet:
    """Return the probes of a table, and one column of intensities scaled to mean 0, variance 1.

    Args:
        path: a tab-separated table.
        columns: which of them are what.
        median: first divide by the probe's median over all columns (PBM).
        percentile: intensities above it are set to it (100: none are).
        strand: both for DNA, forward for RNA.
        length: bases of each sequence.
        folds: of cross-validation; the copies of a sequence share one.
        seed: of the folds.

    Raises:
        DataError: the table cannot be read, an intensity is missing, or all are the same.
    """
    table = _read(path, columns, only_target=not median)
    codes = to_codes(path, table.records, length)
    known = known_bases(codes)
    if not known.any():
        raise DataError(f"no sequence of {path} holds a known base")
    measured = table.intensities[known, table.target]
    medians = _medians(path, table)[known] if median else None
    column = table.columns[table.target]
    divided = measured if medians is None else measured / medians
    targets, scale = scaled(path, divided, column, median, percentile)
    codes = codes[known]
    groups = same_sequences(codes, both_strands=strand == "both")
    rng = np.random.default_rng(seed)
    fold = assign_folds(groups, folds=folds, rng=rng, what="sequences")
    card = SetCard(
        form="intensities",
        kind="regression",
        strand=strand,
        length=codes.shape[1],
        rows=len(codes),
        positives=None,
        negatives="none",
        folds=folds,
        seed=seed,
        sources=sources_of([path]),
        dropped={} if known.all() else {NO_BASE: int((~known).sum())},
        scale=scale,
    )
    kept = None if medians is None else medians.astype(np.float32)
    return TrainingSet(codes, targets, fold, card, kept)


def _read(path: Path, asked: Columns, *, only_target: bool) -> Table:
    """Return the sequences and intensities of a table; see `prepare_intensities`.

    Of columns of intensities all are read, or `only_target`.

    Raises:
        DataError: as `read_lines`; a column is missing, or a cell is no finite number (the message
            names its line and column).
    """
    lines = read_lines(path)
    names = list(asked.names) or next(lines)[1].split("\t")
    if len(set(names)) < len(names):
        raise DataError(f"{path} has two columns of one name: {', '.join(names)}")
    sequence_at = _sequence_column(path, names, asked.sequence)
    measured = [name for name in names if name != names[sequence_at] and name not in asked.ignore]
    target_at = _column(path, measured, asked.target)
    columns = [measured[target_at]] if only_target else measured
    columns_at = [names.index(name) for name in columns]
    records, rows = [], []
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(names):
            raise DataError(f"{path}, line {number}: {len(cells)} columns, not {len(names)}")
        if not cells[sequence_at]:
            raise DataError(f"{path}, line {number}: no sequence")
        records.append(Record(number, "", cells[sequence_at]))
        rows.append([_number(path, number, names[at], cells[at]) for at in columns_at])
    if not rows:
        raise DataError(f"{path} holds no probe, only the names of its columns")
    intensities = np.array(rows).reshape(len(rows), len(columns))
    return Table(records, intensities, columns, 0 if only_target else target_at)


def _sequence_column(path: Path, names: list[str], sequence: str | None) -> int:
    """Return the index of the column of sequences."""
    wanted = (sequence,) if sequence else SEQUENCE
    found = [i for i, name in enumerate(names) if (name if sequence else name.lower()) in wanted]
    if len(found) != 1:
        raise DataError(
            f"{path} has {len(found)} columns called {' or '.join(wanted)}: name the column of "
            f"sequences with --sequence; there are {', '.join(names[:9])} (of a table without a "
            "line of names, give them with --names)"
        )
    return found[0]


def _column(path: Path, columns: list[str], target: str | None) -> int:
    """Return the index of the column to learn."""
    if target in columns:
        return columns.index(target)
    if target is None and len(columns) == 1:
        return 0
    problem = f"no column {target}" if target else f"{len(columns)} columns of intensities"
    raise DataError(f"{path} has {problem}: give one with --column; {', '.join(columns[:9])}")


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            f"{path}, line {line}: {column} is {cell!r}, no number: take the line out, or leave a "
            f"column that holds no intensities out with --ignore {column}"
        )
    return value


def _medians(path: Path, table: Table) -> NDArray[np.float64]:
    """Return each probe's median over the columns (n,)."""
    if len(table.columns) < 2:
        raise DataError(f"{path} has one column of intensities: a median takes two or more")
    medians: NDArray[np.float64] = np.median(table.intensities, axis=1)
    if (medians <= 0).any():
        line = table.records[int((medians <= 0).argmax())].line
        raise DataError(f"{path}, line {line}: the median is not above 0, nothing divides by it")
    return medians


def scaled(
    path: Path, values: NDArray[np.float64], column: str, median: bool, percentile: float
) -> tuple[NDArray[np.float32], Scale]:
    """Return values (n,) clamped at their percentile, then with mean 0 and variance 1; and how.

    `path`, `column` and `median` (whether probes were divided by theirs) are for the message and
    the Scale.

    Raises:
        DataError: all values are the same.
    """
    ceiling = np.percentile(values, percentile)
    clamped = np.minimum(values, ceiling)
    mean, deviation = float(clamped.mean()), float(clamped.std())
    if deviation <= 1e-12 * abs(mean):
        raise DataError(f"{path}: the intensities in {column} are all the same")
    scale = Scale(column, median, percentile, float(ceiling), mean, deviation)
    return ((clamped - mean) / deviation).astype(np.float32), scale
