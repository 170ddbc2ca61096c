"""Tiles along a genome ─prepare_along→ sites in one HDF5 file, and what is in it beside it.

Tiling ─Draw→ the tiles that are taken ─SitesWriter→ file
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.beside import BESIDE, write_beside
from regplug.data.sites.drawn import BINS, Draw
from regplug.data.sites.from_peaks import Progress, with_names_of
from regplug.data.sites.parts import PARTS, TEST, TRAIN, VALID, ContigSplit, RegionSplit, no_sites
from regplug.data.sites.placed import regions_of
from regplug.data.sites.samples import Sample, Settings, read_samples
from regplug.data.sites.sites import SitesCard
from regplug.data.sites.spill import Spill
from regplug.data.sites.summary import Counts
from regplug.data.sites.tiled import Tiling
from regplug.data.sites.tiles import Along
from regplug.data.sites.writer import SitesWriter
from regplug.errors import DataError
from regplug.files.output import check_paths, complete, naming
from regplug.files.sources import sources_of
from regplug.genome.fasta import Genome

NOT_DRAWN = "closed tiles left out: not drawn"
MISSING = "closed tiles fewer than asked for: there are no more like the open ones"
NO_REPEATS = "FASTA without lower case: repeats were not matched"


def prepare_along(
    table: Path,
    output: Path,
    *,
    fasta: Path,
    settings: Settings,
    along: Along,
    regions: Path | None,
    progress: Progress,
) -> tuple[SitesCard, Counts]:
    """Write the tiles along a genome to `output`; return its card and what is in it.

    Beside `output`, which appears last, stand the tiles as a BED, and a summary as a table and a
    picture. Closed tiles are drawn for training alone: a part that is held out keeps all of its
    tiles, as a test along the genome needs.

    Args:
        table: names and BEDs of the samples.
        output: of the HDF5 file that `sites` describes.
        fasta: the genome; contigs may be called with or without chr.
        settings: of the tiles; split by contig or region.
        along: how tiles are labelled and drawn.
        regions: BED that the tiles lie in; None for all contigs.
        progress: called as work is done.

    Raises:
        DataError: the table or a BED cannot be used, a sample is open nowhere or nothing is known
            of it, or a part would be empty.
        RegionError: `regions` is no BED.
        GenomeError: the FASTA cannot be read.
        OutputError: a file cannot be written, or would replace one that is read.
    """
    samples = read_samples(table)
    strangers = set(along.known or ()) - {sample.name for sample in samples}
    if strangers:
        raise DataError(f"{table} has no sample {', '.join(sorted(strangers))}: see --known")
    inputs = [table, fasta, *(sample.path for sample in samples)]
    inputs += [] if regions is None else [regions]
    outputs = [output, *(output.with_name(output.stem + suffix) for suffix in BESIDE)]
    check_paths(outputs, inputs)
    with ExitStack() as stack:
        partials = [stack.enter_context(complete(path)) for path in outputs]
        with Genome(fasta) as genome, naming(output):
            settings = with_names_of(genome, settings)
            where = regions_of(genome, regions, settings)
            folder = output.absolute().parent
            with Spill(folder) as starts, Spill(folder) as ends:
                tiling = Tiling(genome, samples, settings, along, where, (starts, ends))
                card = _make(
                    partials[0], tiling, genome, samples, settings, along, inputs, progress
                )
        counts = write_beside(outputs, partials)
        check_labelled(counts)
    return card, counts


def check_labelled(counts: Counts) -> None:
    """Check that each sample of a set has an open tile.

    Raises:
        DataError: one has none, or all of its labels are unknown.
    """
    for at, name in enumerate(counts.samples):
        if counts.unknown[at].sum() == counts.sites.sum():
            raise DataError(f"all labels of {name} are unknown: take the sample out")
        if not counts.of_sample[at].any():
            raise DataError(f"{name} is open in no tile: take the sample out")


def _make(
    path: Path,
    tiling: Tiling,
    genome: Genome,
    samples: Sequence[Sample],
    settings: Settings,
    along: Along,
    inputs: Sequence[Path],
    progress: Progress,
) -> SitesCard:
    """Write the HDF5 file to `path`; return its card."""
    peaks, counts = [], Counter[str]()
    names = list(genome.lengths)
    for at in range(len(samples)):
        progress("samples", at, len(samples))
        peaks.append(tiling.read(at))
    held = _held(settings, names)
    draw = None if along.closed is None else _draw(tiling, along, held, progress)
    parts: list[NDArray[np.uint8]] = []
    with SitesWriter(path, settings.length, names, [sample.name for sample in samples]) as writer:
        for tiles in tiling.tiles():
            progress("contigs", tiles.contig, len(names))
            kept = np.ones(len(tiles.starts), bool)
            if draw is not None and tiles.contig not in held:
                candidates = np.flatnonzero((tiles.parts == TRAIN) & ~tiles.opened)
                kept[candidates] = draw.keep(tiles.bins[candidates])
                counts[NOT_DRAWN] += int((~kept).sum())
            tiles = tiles.rows(kept)
            writer.add(tiles.contig, tiles.starts, tiles.codes, tiles.targets)
            parts.append(tiles.parts.astype(np.uint8))
        if not sum(map(len, parts)):
            raise DataError(f"{genome.path} has no tile of known bases: see --regions-file")
        if draw is not None:
            counts[MISSING] += draw.missing
        if "repeats" in along.match and not tiling.lower_case:
            counts[NO_REPEATS] = 1
        told = dict(+(Counter(tiling.counts) + counts))
        told |= no_sites(settings.split, writer.contigs(), names)
        card = SitesCard(
            settings=settings,
            along=along,
            unknown=along.known is not None and set(along.known) != {s.name for s in samples},
            sources=sources_of(inputs),
            counts=told,
        )
        writer.finish(card, _all_parts(settings, writer, names, parts), peaks)
    return card


def _draw(tiling: Tiling, along: Along, held: set[int], progress: Progress) -> Draw:
    """Return what draws closed tiles to train on, after a pass that counts them."""
    opened, closed = np.zeros((2, BINS), np.int64)
    for at, tiles in enumerate(tiling.tiles()):
        progress("counted", at, at + 1)
        if tiles.contig not in held:
            training, is_open = tiles.parts == TRAIN, tiles.opened
            opened += np.bincount(tiles.bins[training & is_open], minlength=BINS)
            closed += np.bincount(tiles.bins[training & ~is_open], minlength=BINS)
    return Draw(opened, closed, rate=along.closed or 0.0, seed=along.seed)


def _held(settings: Settings, names: Sequence[str]) -> set[int]:
    """Return the contigs that are held out as a whole."""
    split = settings.split
    if not isinstance(split, ContigSplit):
        return set()
    return {names.index(name) for name in (*split.valid, *split.test)}


def _all_parts(
    settings: Settings, writer: SitesWriter, names: Sequence[str], parts: list[NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return the part of each tile; DataError if one that was asked for is empty."""
    split = settings.split
    if isinstance(split, ContigSplit):
        return split.assign(writer.contigs(), names)
    joined = np.concatenate(parts)
    if isinstance(split, RegionSplit):
        asked = {TRAIN: True, VALID: bool(split.valid), TEST: bool(split.test)}
        for part, wanted in asked.items():
            if wanted and part not in joined:
                raise DataError(f"no tile is in part {PARTS[part]}: hold other regions out")
    return joined
