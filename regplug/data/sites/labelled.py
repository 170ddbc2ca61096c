"""A table of sequences and the cells they are open in ─read_labelled_sites→ LabelledSites."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.records import read_lines
from regplug.errors import DataError
from regplug.genome.codes import Codes, encode


class LabelledSites(NamedTuple):
    """Sequences, where they are in the genome, and the cells they are open in."""

    contigs: NDArray[np.str_]  # (n,)
    places: NDArray[np.int64]  # (n, 2), start and end of each site, 0-based, half-open
    codes: Codes  # (n, length)
    targets: NDArray[np.uint8]  # (n, cells)

    def rows(self, which: NDArray[np.bool_]) -> "LabelledSites":
        """Return the rows that `which` (n,) holds True for."""
        contigs, places, codes, targets = self
        return LabelledSites(contigs[which], places[which], codes[which], targets[which])


def joined(tables: Sequence[LabelledSites]) -> LabelledSites:
    """Return the rows of all tables."""
    contigs, places, codes, targets = zip(*tables, strict=True)
    return LabelledSites(*map(np.concatenate, (contigs, places, codes, targets)))


def read_labelled_sites(table: Path, cells: Sequence[str]) -> LabelledSites:
    """Return the sites in a table, in its order.

    Raises:
        DataError: it cannot be read or lacks a column, a value is no number or no 0 or 1, or
            sequences differ in length.
    """
    lines = csv.DictReader((text for _, text in read_lines(table)), delimiter="\t")
    columns = [_column(table, lines.fieldnames or (), cell) for cell in cells]
    contigs, places, letters, labels = [], [], [], []
    try:
        for row in lines:
            contigs.append(row["chr"])
            places.append((int(row["start"]), int(row["end"])))
            letters.append(row["sequence"])
            labels.append([float(row[column]) for column in columns])
        codes = np.stack([encode(sequence) for sequence in letters])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{table}, line {lines.line_num}: {error}; it needs chr, start, end, sequence (all "
            "equally long) and a column of 0 and 1 per cell"
        ) from error
    targets = np.array(labels)
    if not np.isin(targets, (0, 1)).all():
        raise DataError(f"{table} has a value that is neither 0 nor 1 in {', '.join(columns)}")
    return LabelledSites(np.array(contigs), np.array(places), codes, targets.astype(np.uint8))


def _column(table: Path, columns: Sequence[str], cell: str) -> str:
    """Return the name of a cell's column."""
    found = [column for column in columns if cell in (column, column.partition("_")[0])]
    if len(found) != 1:
        raise DataError(f"{table} has {len(found)} columns for {cell}: {', '.join(columns)}")
    return found[0]
