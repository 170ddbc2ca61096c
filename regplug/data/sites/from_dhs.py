"""Sites that are open in some cells, and tiles that are closed in all → a set to train on.

table ─read_labelled_sites→ LabelledSites ┐
windows, signal ─_closed→ LabelledSites ──┴─SitesWriter→ the HDF5 file that `sites` describes
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.closed import MeasuredWindow, Places, closed_tiles, read_measured
from regplug.data.sites.labelled import LabelledSites, joined, read_labelled_sites
from regplug.data.sites.parts import TEST, TRAIN, VALID, ContigSplit, no_sites
from regplug.data.sites.samples import Settings
from regplug.data.sites.sites import Closed, SitesCard
from regplug.data.sites.writer import SitesWriter
from regplug.files.output import check_paths, complete, naming
from regplug.files.sources import sources_of

NOT_USED = "sites left out: on excluded contigs"
IN_TEST = "sites left out: in windows of the test"
TILES_NOT_USED = "closed tiles left out: on excluded contigs, or those of the test"


class Measurement(NamedTuple):
    """Files of windows with a measured signal: see `closed.read_measured`."""

    fasta: Path
    split: Path
    signal: Path


def prepare_dhs(
    table: Path,
    output: Path,
    *,
    cells: Sequence[str],
    closed: Closed,
    measurement: Measurement,
    split: ContigSplit,
    excluded: Sequence[str],
) -> tuple[SitesCard, NDArray[np.int64]]:
    """Write the sites in `table` and closed tiles; return the card, and counts (cells + 1, parts).

    Open sites belong to the part of their contig; those in test windows are not trained on. Closed
    tiles of `train` windows are trained on or, on contigs for validation, validated on; those of
    `test` windows are for the test, whatever their contig. Nothing is taken from `excluded`
    contigs. The last row of the counts is of closed tiles.

    Args:
        table: tab-separated, perhaps gzipped: chr, start, end (of the site, 0-based), sequence
            (all equally long), and a column of 0 and 1 per cell.
        output: of the HDF5 file; `starts` are those of the sites, whose middle the sequence is.
        cells: names of columns, or their beginnings before `_`.
        closed: what a closed tile is.
        measurement: windows to take closed tiles from.
        split: contigs that are held out.
        excluded: contigs that are left out.

    Raises:
        DataError: a file cannot be used, or a part is empty.
        SequenceError: the windows are no FASTA.
        OutputError: the file cannot be written, or would replace one that is read.
    """
    check_paths([output], [table, *measurement])
    sites = read_labelled_sites(table, cells)
    counts: Counter[str] = Counter()
    names, of_names = np.unique(sites.contigs, return_inverse=True)
    parts = split.assign(of_names, names.tolist())
    used = ~np.isin(sites.contigs, excluded)
    in_test = np.zeros(len(parts), bool)
    measured = {part: read_measured(*measurement, part) for part in ("train", "test")}
    for window in (tested.window for tested in measured["test"]):
        starts, ends = sites.places.T
        here = (sites.contigs == window.chrom) & (starts < window.end) & (ends > window.start)
        in_test |= here & (parts != TEST)
    counts += Counter({NOT_USED: int((~used).sum()), IN_TEST: int((in_test & used).sum())})
    tiles, tile_parts, unused = _closed(sites, closed, measured, split, excluded)
    counts[TILES_NOT_USED] = unused
    kept = sites.rows(used & ~in_test)
    rows = joined([kept, tiles])
    part = np.concatenate([parts[used & ~in_test], tile_parts])
    settings = Settings(
        split=split,
        length=rows.codes.shape[1],
        overlap=0,
        centres="given",
        excluded=tuple(excluded),
    )
    inputs = sources_of([table, *measurement])
    told = dict(counts) | no_sites(split, of_names, names.tolist())
    card = SitesCard(settings=settings, closed=closed, sources=inputs, counts=told)
    with complete(output) as partial, naming(output):
        _write(partial, rows, part, cells, card)
    return card, _counts(rows, part)


def _closed(
    sites: LabelledSites,
    closed: Closed,
    measured: Mapping[str, Sequence[MeasuredWindow]],
    split: ContigSplit,
    excluded: Sequence[str],
) -> tuple[LabelledSites, NDArray[np.uint8], int]:
    """Return closed tiles, their parts (n,), and how many more there are that must not be used."""
    open_places: Places = {
        str(contig): sites.places[sites.contigs == contig] for contig in np.unique(sites.contigs)
    }
    length = sites.codes.shape[1]
    tiles: list[LabelledSites] = []
    parts: list[NDArray[np.uint8]] = []
    unused = 0
    for part, windows in measured.items():
        for measured_window in windows:
            chrom = measured_window.window.chrom
            tile_part = TEST if part == "test" else VALID if chrom in split.valid else TRAIN
            step = closed.step if tile_part == TRAIN else length
            starts, codes = closed_tiles(
                measured_window, open_places, closed, length=length, step=step
            )
            if chrom in excluded or (part == "train" and chrom in split.test):
                unused += len(starts)
                continue
            places = np.stack([starts, starts + length], axis=1)
            targets = np.zeros((len(starts), sites.targets.shape[1]), np.uint8)
            tiles.append(LabelledSites(np.full(len(starts), chrom), places, codes, targets))
            parts.append(np.full(len(starts), tile_part, np.uint8))
    return joined(tiles), np.concatenate(parts), unused


def _write(
    path: Path,
    rows: LabelledSites,
    parts: NDArray[np.uint8],
    cells: Sequence[str],
    card: SitesCard,
) -> None:
    """Write the sites, contig by contig and by start."""
    names, contigs = np.unique(rows.contigs, return_inverse=True)
    order = np.lexsort((rows.places[:, 0], contigs))
    peaks = rows.targets.sum(0, dtype=np.int64).tolist()
    with SitesWriter(path, rows.codes.shape[1], names.tolist(), cells) as writer:
        for contig in range(len(names)):
            here = order[contigs[order] == contig]
            writer.add(contig, rows.places[here, 0], rows.codes[here], rows.targets[here])
        writer.finish(card, parts[order], peaks)


def _counts(rows: LabelledSites, parts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many are open in each cell, and closed, in each part: (cells + 1, 3)."""
    labels = np.column_stack([rows.targets, ~rows.targets.any(axis=1)])
    return np.stack([labels[parts == part].sum(0) for part in (TRAIN, VALID, TEST)], axis=1)
