"""The sets of variants whose effects were measured, and what a model predicts of them.

dsQTL.tsv.gz … ─read_pairs→ Pairs ─pair_changes→ HIGH − LOW (n, targets)
raqtl.hg19.vcf ─read_reporters→ Reporters ─variant_changes→ ALT − REF (n, targets)
"""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.variant_truth_figures import Floats
from regplug.genome.codes import UNKNOWN, Codes, encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Status, Variant
from regplug.scoring.alleles import column
from regplug.scoring.backend import Backend
from regplug.scoring.effects import EFFECTS
from regplug.scoring.examined import examine
from regplug.scoring.model import BATCH, Model

PAIRS = {"dsQTL": "GM12878", "H3K27ac": "GM12878", "CTCF_asb": "CTCF"}  # and what shows them
REPORTERS = {"K562": "K562", "HEPG2": "HepG2"}  # INFO tag → cell


class Pairs(NamedTuple):
    """n sites: the allele of higher and of lower signal, codes (n, bases), the SNV in `at`."""

    high: Codes
    low: Codes
    at: int


class Reporters(NamedTuple):
    """n variants, and the log2 ALT / REF of one cell (n,)."""

    variants: list[Variant]
    effects: Floats


def read_pairs(path: Path) -> Pairs:
    """Return the sites of a table with the columns high and low, letters of equal length."""
    with gzip.open(path, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    high, low = (np.stack([encode(row[name]) for row in rows]) for name in ("high", "low"))
    differ = high != low
    places = np.unique(differ.argmax(axis=1))
    if (differ.sum(axis=1) != 1).any() or len(places) != 1:
        raise SystemExit(f"{path}: alleles must differ in one base, the same one of all rows")
    return Pairs(high, low, int(places[0]))


def read_reporters(path: Path) -> dict[str, Reporters]:
    """Return the variants of a VCF by cell, those that were measured there."""
    with pysam.VariantFile(str(path)) as records:
        rows = [
            (Variant(one.chrom, one.pos, one.ref, one.alts[0]), dict(one.info)) for one in records
        ]
    return {
        cell: Reporters(
            [variant for variant, info in rows if tag in info],
            np.array([float(info[tag]) for _, info in rows if tag in info]),
        )
        for tag, cell in REPORTERS.items()
    }


def in_window(codes: Codes, at: int, window: int) -> Codes:
    """Return codes (n, bases) as a model reads them, (n, window): base `at` in the SNV's column.

    What the sequences do not hold is unknown, and what the window does not is left out.
    """
    padded = np.full((len(codes), window), UNKNOWN, np.uint8)
    shift = column(window) - at
    start, stop = max(shift, 0), min(shift + codes.shape[1], window)
    padded[:, start:stop] = codes[:, start - shift : stop - shift]
    return padded


def pair_changes(pairs: Pairs, backend: Backend, window: int, effect: str) -> Floats:
    """Return the predicted HIGH − LOW of each site and target, (n, targets)."""
    low, high = (backend.predict(in_window(x, pairs.at, window)) for x in (pairs.low, pairs.high))
    return EFFECTS[effect](low, high).astype(np.float64)


def variant_changes(
    variants: Sequence[Variant], model: Model, genome: Genome, effect: str
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the predicted ALT − REF (n, targets), NaN without a score, and which are scored."""
    changes, scored = [], []
    for start in range(0, len(variants), BATCH):
        batch = [examine(one, genome) for one in variants[start : start + BATCH]]
        scores = model.score(batch, genome)
        changes.append(EFFECTS[effect](scores.ref, scores.alt).astype(np.float64))
        scored += [status is Status.OK for status in scores.status]
    return np.concatenate(changes), np.array(scored)
