"""Measured effects of variants, and the loci they lie in ─read_experiments→ Experiment.

The table is that of Kircher et al. 2019: Chrom, Pos (1-based), Ref, Alt (`-`: the base is deleted),
Barcodes, Coefficient (log2), pValue, Element, Release. The loci are a FASTA of the elements alone;
each becomes a contig of its own, between unknown bases.
"""

import csv
import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from regplug.genome.variant import Variant

BARCODES, SIGNIFICANT = 10, 1e-5  # at least, and below: what the data's own page shows unasked
AROUND = 10_000  # unknown bases at either end of a locus
# From the page that comes with the data: github.com/kircherlab/MPRA_SaturationMutagenesis, about.md
MEASURED_IN = {
    "HEK293T": "HNF4A MSMB MYCrs6983267",
    "HEK293T, SF7996": "TERT",
    "HEL 92.1.7": "BCL11A GP1BB HBB HBG1",
    "HaCaT": "IRF6",
    "HeLa": "FOXE1",
    "HepG2": "F9 LDLR SORT1",
    "K562": "PKLR",
    "LNCaP": "MYCrs11986220",
    "MIN6": "TCF7L2 ZFAND3",
    "NIH/3T3": "ZRS",
    "Neuro-2a": "RET UC88",
    "SK-MEL-28": "IRF4",
}
CELLS = {locus: cell for cell, loci in MEASURED_IN.items() for locus in loci.split()}

Floats = NDArray[np.float64]
Row = dict[str, str]


class Locus(NamedTuple):
    """The bases of an element; `start` is 1-based, on the forward strand."""

    name: str
    chrom: str
    start: int
    letters: str

    def variant(self, row: Row) -> Variant:
        """Return a row's variant on the contig of this locus, a deletion as a VCF has it."""
        at = int(row["Pos"]) - self.start
        if row["Alt"] != "-":
            return Variant(self.name, AROUND + at + 1, row["Ref"], row["Alt"])
        anchor = self.letters[at - 1] if at else "N"
        return Variant(self.name, AROUND + at, anchor + row["Ref"], anchor)

    def holds(self, row: Row) -> bool:
        """Tell whether a row's variant lies here."""
        inside = 0 <= int(row["Pos"]) - self.start < len(self.letters)
        return inside and self.chrom == f"chr{row['Chrom'].removeprefix('chr')}"


class Experiment(NamedTuple):
    """The n variants of one experiment: measured effects (n,), and which are significant (n,)."""

    name: str
    locus: Locus
    variants: list[Variant]
    effects: Floats
    significant: NDArray[np.bool_]


def read_loci(path: Path) -> list[Locus]:
    """Return the records of a FASTA, named `chr5:1294989-1295247 TERT`."""
    with pysam.FastxFile(str(path)) as records:
        places = [(re.fullmatch(r"(\w+):(\d+)-\d+", record.name), record) for record in records]
    return [
        Locus(record.comment, place[1], int(place[2]), record.sequence.upper())
        for place, record in places
        if place
    ]


def read_experiments(path: Path, loci: Sequence[Locus]) -> list[Experiment]:
    """Return the experiments of the table, GRCh38, variants of enough barcodes."""
    with gzip.open(path, "rt", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines, delimiter="\t")
            if row["Release"] == "GRCh38" and int(row["Barcodes"]) >= BARCODES
        ]
    names = dict.fromkeys(row["Element"] for row in rows)
    return [
        experiment(name, [row for row in rows if row["Element"] == name], loci) for name in names
    ]


def experiment(name: str, rows: Sequence[Row], loci: Sequence[Locus]) -> Experiment:
    """Return the experiment `name`, on the locus that holds all of its rows."""
    locus = next((locus for locus in loci if all(locus.holds(row) for row in rows)), None)
    if locus is None:
        raise SystemExit(f"no locus holds all variants of {name}: are the loci of GRCh38?")
    return Experiment(
        name,
        locus,
        [locus.variant(row) for row in rows],
        np.array([float(row["Coefficient"]) for row in rows]),
        np.array([float(row["pValue"]) < SIGNIFICANT for row in rows]),
    )


def padded(letters: str) -> str:
    """Return the letters with unknown bases around."""
    return "N" * AROUND + letters + "N" * AROUND
