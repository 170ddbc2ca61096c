"""A table of sequences and the samples they are open in ─read_labelled_sites→ LabelledSites."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sequences.records import read_lines
from regplug.data.sites.parts import ContigSplit
from regplug.data.sites.sites import GRADES, UNLABELLED
from regplug.errors import DataError
from regplug.genome.codes import Codes, encode

NOWHERE = "sequences"  # contig of sites whose place is not known


class LabelledSites(NamedTuple):
    """Sequences, where they are in the genome, the samples they are open in, and their parts."""

    contigs: NDArray[np.str_]  # (n,)
    places: NDArray[np.int64]  # (n, 2), start and end of each site, 0-based, half-open
    codes: Codes  # (n, length)
    targets: NDArray[np.uint8]  # (n, samples), 0, 1 or UNLABELLED, or grades
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


def read_labelled_sites(
    table: Path, samples: Sequence[str], split: ContigSplit, graded: Sequence[str] = ()
) -> LabelledSites:
    """Return the sites in a table, in its order.

    An empty label is unknown; labels of `graded` samples are 0 to 1, and become grades. Sites of a
    table without the column chr are counted from 0 on a contig called `sequences`.

    Raises:
        DataError: it cannot be read or lacks a column, a value is no number or no 0 or 1,
            sequences differ in length, or a part is empty.
    """
    lines = csv.DictReader((text for _, text in read_lines(table)), delimiter="\t")
    contigs, letters, labels = [], [], []
    places: list[tuple[int, int]] = []
    try:
        names = lines.fieldnames or ()
        columns, placed = [_column(table, names, sample) for sample in samples], "chr" in names
        for row in lines:
            at = len(places)
            contigs.append(row["chr"] if placed else NOWHERE)
            places.append((int(row["start"]), int(row["end"])) if placed else (at, at + 1))
            letters.append(row["sequence"])
            values = [row[column] for column in columns]  # None where the line is cut short
            labels.append([np.nan if value == "" else float(value) for value in values])
        codes = np.stack([encode(sequence) for sequence in letters])
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{table}, line {lines.line_num}: {error}; it needs chr, start, end, sequence (all "
            "equally long) and a column of 0, 1 or nothing per sample"
        ) from error
    targets, is_graded = np.array(labels), np.isin(samples, graded)
    unknown = np.isnan(targets)
    within = np.where(is_graded, (targets >= 0) & (targets <= 1), np.isin(targets, (0, 1)))
    if not (within | unknown).all():
        wrong = columns[int(np.argwhere(~(within | unknown))[0, 1])]
        raise DataError(f"{table} has a value that is neither 0 nor 1 in {wrong}")
    targets = np.where(unknown, UNLABELLED, np.rint(targets * np.where(is_graded, GRADES, 1)))
    found, of_found = np.unique(contigs, return_inverse=True)
    parts = split.assign(of_found, found.tolist())
    return LabelledSites(
        np.array(contigs), np.array(places), codes, targets.astype(np.uint8), parts
    )


def _column(table: Path, columns: Sequence[str], sample: str) -> str:
    """Return the name of a sample's column."""
    found = [column for column in columns if sample in (column, column.partition("_")[0])]
    if len(found) != 1:
        raise DataError(f"{table} has {len(found)} columns for {sample}: {', '.join(columns)}")
    return found[0]
