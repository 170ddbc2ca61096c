"""ChIP-seq sets of the DeepBind paper.

`<TF>_..._AC.seq.gz` holds a factor's bound sequences to train on, `<TF>_..._B.seq.gz` those to test
on and their dinucleotide shuffles.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.files.lines import lines_in
from regplug.genome.codes import encode


class ChipSet(NamedTuple):
    """Sequences of one length, strongest peak first, and their labels."""

    codes: NDArray[np.uint8]  # (n, bases)
    bound: NDArray[np.bool_]  # (n,); False for a shuffled sequence


def chip_file(folder: Path, tf: str, part: str) -> Path:
    """Return the only file of `tf` in `folder`; `part` is "AC" (training) or "B" (test).

    Raises:
        FileNotFoundError: there is none, or more than one.
    """
    found = sorted(folder.glob(f"{tf}_*_{part}.seq.gz"))
    if len(found) != 1:
        raise FileNotFoundError(f"{folder}: {len(found)} files named {tf}_*_{part}.seq.gz, not one")
    return found[0]


def read_chip(path: Path) -> ChipSet:
    """Return the sequences and labels of a `.seq.gz` table with the columns `seq` and `Bound`.

    Raises:
        OSError, EOFError: the file cannot be read.
        KeyError, ValueError: a column is missing, or the sequences differ in length.
    """
    table = csv.DictReader(lines_in(path), delimiter="\t")
    try:
        rows = [(encode(row["seq"]), row["Bound"] == "1") for row in table]
    except (csv.Error, TypeError, AttributeError) as error:  # the others: of a line cut short
        raise ValueError(f"line {table.line_num} is no row of the table ({error})") from error
    codes = np.stack([sequence for sequence, _ in rows])
    return ChipSet(codes, np.array([bound for _, bound in rows]))
