"""A table of sequences and the samples they are open in ─read_labelled_sites→ LabelledSites."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.records import read_lines
from regplug.data.sites.parts import ContigSplit
from regplug.errors import DataError
from regplug.genome.codes import Codes, encode


class LabelledSites(NamedTuple):
    """Sequences, where they are in the genome, the samples they are open in, and their parts."""

    contigs: NDArray[np.str_]  # (n,)
    places: NDArray[np.int64]  # (n, 2), start and end of each site, 0-based, half-open
    codes: Codes  # (n, length)
    targets: NDArray[np.uint8]  # (n, samples)
    parts: NDArray[np.uint8]  # (n,), see `parts.PARTS`

    def rows(self, which: NDArray[np.bool_]) -> "LabelledSites":
        """Return the rows that `which` (n,) holds True for."""
        contigs, places, codes, targets, parts = self
        return LabelledSites(
            contigs[which], places[which], codes[which], targets[which], parts[which]
        )


def joined(tables: Sequence[LabelledSites]) -> LabelledSites:
    """Return the rows of all tables."""
    return LabelledSites(*map(np.concatenate, zip(*tables, strict=True)))


def read_labelled_sites(table: Path, samples: Sequence[str], split: ContigSplit) -> LabelledSites:
    """Return the sites in a table, in its order.

    Raises:
        DataError: it cannot be read or lacks a column, a value is no number or no 0 or 1,
            sequences differ in length, or a part is empty.
    """
    lines = csv.DictReader((text for _, text in read_lines(table)), delimiter="\t")
    columns = [_column(table, lines.fieldnames or (), sample) for sample in samples]
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
            "equally long) and a column of 0 and 1 per sample"
        ) from error
    targets = np.array(labels)
    if not np.isin(targets, (0, 1)).all():
        raise DataError(f"{table} has a value that is neither 0 nor 1 in {', '.join(columns)}")
    names, of_names = np.unique(contigs, return_inverse=True)
    parts = split.assign(of_names, names.tolist())
    return LabelledSites(
        np.array(contigs), np.array(places), codes, targets.astype(np.uint8), parts
    )


def _column(table: Path, columns: Sequence[str], sample: str) -> str:
    """Return the name of a sample's column."""
    found = [column for column in columns if sample in (column, column.partition("_")[0])]
    if len(found) != 1:
        raise DataError(f"{table} has {len(found)} columns for {sample}: {', '.join(columns)}")
    return found[0]
