"""ChIP-seq peaks, or any bound DNA ─prepare_chip→ TrainingSet, with dinucleotide shuffles."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.data.sequences.records import (
    NO_BASE,
    known_bases,
    read_lines,
    read_records,
    to_codes,
)
from regplug.data.sequences.tables import read_table
from regplug.data.sequences.windows import MOSTLY_UNKNOWN, OUTSIDE, cut_windows, mostly_unknown
from regplug.data.sets.folds import assign_folds, with_shuffles
from regplug.data.sets.training import SetCard, TrainingSet
from regplug.errors import DataError
from regplug.files.sources import sources_of
from regplug.genome.codes import Codes
from regplug.genome.regions import read_bed

WINDOW = 101  # bases around a BED region's midpoint, as in the DeepBind paper


class Peaks(NamedTuple):
    """Sequences of one length, what is known of them, and what was left out."""

    codes: Codes  # (n, length)
    bound: list[bool]  # of length n
    events: list[str]  # of length n, or empty; a peak and its shuffle have the same
    dropped: dict[str, int]  # reason → sequences


def prepare_chip(
    path: Path,
    *,
    fasta: Path | None = None,
    length: int | None = None,
    top: int | None = None,
    folds: int = 3,
    seed: int = 0,
) -> TrainingSet:
    """Return the peaks in `path` and a shuffle of each, in the same fold.

    Args:
        path: a table with the columns `seq` and, optionally, `Bound` and `EventID`; a FASTA; or,
            with `fasta`, a BED. A table with unbound rows keeps them and gets no shuffles.
        fasta: the genome of a BED.
        length: bases of each sequence; without it, 101 around the midpoints of a BED, and else all
            must be equally long.
        top: how many peaks are used, the first of the file; None for all.
        folds: of cross-validation.
        seed: of folds and shuffles.

    Raises:
        DataError: the data cannot be read or do not suffice.
        RegionError: the BED cannot be read.
        GenomeError: the FASTA cannot be read.
    """
    peaks = read_peak_windows(path, fasta, length or WINDOW) if fasta else read_peaks(path, length)
    peaks = _first(_with_bases(path, peaks), path, top)
    bound = np.array(peaks.bound)
    if not bound.any():
        raise DataError(f"{path} has no bound sequence: one class only")
    if bound.all():
        codes, targets, fold = with_shuffles(peaks.codes, folds=folds, seed=seed)
    else:
        codes, targets = peaks.codes, bound.astype(np.float32)
        groups = np.unique(peaks.events, return_inverse=True)[1]
        fold = assign_folds(groups, folds=folds, rng=np.random.default_rng(seed), what="events")
    card = SetCard(
        form="chip",
        kind="classification",
        strand="both",
        length=codes.shape[1],
        rows=len(codes),
        positives=int(bound.sum()),
        negatives="shuffles" if bound.all() else "given",
        folds=folds,
        seed=seed,
        sources=sources_of([path, fasta] if fasta else [path]),
        dropped=peaks.dropped,
    )
    return TrainingSet(codes, targets, fold, card)


def read_peaks(path: Path, length: int | None = None) -> Peaks:
    """Return the peaks of a table with a column `seq`, or of a FASTA.

    Raises:
        DataError: as `read_records` and `to_codes`; no such column, or Bound is not 0 or 1.
    """
    _, first = next(read_lines(path))
    if first[0] in ">@":
        records = list(read_records(path))
        return Peaks(to_codes(path, records, length), [True] * len(records), [], {})
    rows = read_table(path)
    codes = to_codes(path, [row.record for row in rows], length)
    return Peaks(codes, [row.bound for row in rows], [row.event for row in rows], {})


def read_peak_windows(path: Path, fasta: Path, length: int) -> Peaks:
    """Return the windows around the regions in the BED `path`; its strand does not count.

    Windows that leave their contig, are on none of the genome's, or are mostly unknown are dropped.

    Raises:
        DataError: no window is left.
        RegionError: the BED cannot be read.
        GenomeError: the FASTA cannot be read.
    """
    regions = read_bed(str(path))
    codes, inside = cut_windows(regions, fasta, length)
    if not inside.any():
        raise DataError(
            f"all {len(regions)} regions of {path} are {OUTSIDE} {fasta}: is it another assembly?"
        )
    good = inside & ~mostly_unknown(codes)
    counts = {OUTSIDE: int((~inside).sum()), MOSTLY_UNKNOWN: int((inside & ~good).sum())}
    kept = codes[good]
    return Peaks(kept, [True] * len(kept), [], {why: n for why, n in counts.items() if n})


def _with_bases(path: Path, peaks: Peaks) -> Peaks:
    """Return the peaks that hold a known base."""
    known = known_bases(peaks.codes)
    if not known.any():
        raise DataError(f"no sequence of {path} holds a known base")
    return _kept(peaks, np.flatnonzero(known), NO_BASE)


def _first(peaks: Peaks, path: Path, top: int | None) -> Peaks:
    """Return the first `top` peaks."""
    if top is None:
        return peaks
    if not all(peaks.bound):
        raise DataError(f"{path} has unbound sequences of its own: leave out --max")
    return _kept(peaks, np.arange(min(top, len(peaks.codes))), f"behind the first {top}")


def _kept(peaks: Peaks, rows: np.ndarray[tuple[int], np.dtype[np.intp]], why: str) -> Peaks:
    """Return `rows` of the peaks; the others are counted as dropped."""
    lost = len(peaks.codes) - len(rows)
    return Peaks(
        peaks.codes[rows],
        [peaks.bound[row] for row in rows],
        [peaks.events[row] for row in rows] if peaks.events else [],
        peaks.dropped | ({why: lost} if lost else {}),
    )
