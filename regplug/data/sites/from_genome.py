"""Tiles along a genome ─prepare_along→ sites in one HDF5 file, and what is in it beside it.

Ground ─Tiling→ tiles with labels ─Draw→ those that are taken ─SitesWriter→ file
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.beside import BESIDE, write_beside
from regplug.data.sites.drawn import BINS, Draw
from regplug.data.sites.from_peaks import Progress, with_names_of
from regplug.data.sites.ground import Ground
from regplug.data.sites.parts import PARTS, TEST, TRAIN, VALID, ContigSplit, RegionSplit, no_sites
from regplug.data.sites.placed import regions_of
from regplug.data.sites.samples import Sample, Settings, read_samples
from regplug.data.sites.signals import Signals
from regplug.data.sites.sites import SitesCard
from regplug.data.sites.spill import Spill
from regplug.data.sites.summary import Counts
from regplug.data.sites.tiled import Tiling
from regplug.data.sites.tiles import CLOSED_BOTTOM, OPEN_TOP, Along
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
        table: names and BEDs or bigWigs of the samples.
        output: of the HDF5 file that `sites` describes.
        fasta: the genome; contigs may be called with or without chr.
        settings: of the tiles; split by contig or region.
        along: how tiles are labelled and drawn.
        regions: BED that the tiles lie in; None for all contigs.
        progress: called as work is done.

    Raises:
        DataError: the table, a BED or a bigWig cannot be used, a sample is open nowhere or nothing
            is known of it, or a part would be empty.
        RegionError: `regions` is no BED.
        GenomeError: the FASTA cannot be read.
        OutputError: a file cannot be written, or would replace one that is read.
    """
    samples = read_samples(table)
    strangers = set(along.known or ()) - {sample.name for sample in samples}
    if strangers:
        raise DataError(f"{table} has no sample {', '.join(sorted(strangers))}: see --known")
    along = _with_shares(along, table, samples)
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
            with (
                Spill(folder) as starts,
                Spill(folder) as ends,
                Signals(samples, genome, along, length=settings.length, folder=folder) as signals,
            ):
                ground = Ground(genome, settings, along, where)
                tiling = Tiling(ground, samples, (starts, ends), signals)
                card = _make(partials[0], ground, tiling, samples, inputs, progress)
        counts = write_beside(outputs, partials)
        check_labelled(counts)
    return card, counts


def check_labelled(counts: Counts) -> None:
    """Check that each sample of a set has an open site.

    Raises:
        DataError: one has none, or all of its labels are unknown.
    """
    for at, name in enumerate(counts.samples):
        if counts.unknown[at].sum() == counts.sites.sum():
            raise DataError(f"all labels of {name} are unknown: take the sample out")
        if not counts.of_sample[at].any():
            raise DataError(f"{name} is open in no site: take the sample out")


def _with_shares(along: Along, table: Path, samples: Sequence[Sample]) -> Along:
    """Return the settings with shares of open and closed tiles where a sample has a bigWig."""
    if any(sample.is_signal for sample in samples):
        return msgspec.structs.replace(
            along,
            open_top=along.open_top or OPEN_TOP,
            closed_bottom=along.closed_bottom or CLOSED_BOTTOM,
        )
    if along.open_top or along.closed_bottom:
        raise DataError(f"{table} has no bigWig: --open-top and --closed-bottom go with those")
    return along


def _make(
    path: Path,
    ground: Ground,
    tiling: Tiling,
    samples: Sequence[Sample],
    inputs: Sequence[Path],
    progress: Progress,
) -> SitesCard:
    """Write the HDF5 file to `path`; return its card."""
    settings, along, names = ground.settings, ground.along, ground.names
    peaks, counts = [], Counter[str]()
    for at in range(len(samples)):
        progress("samples", at, len(samples))
        peaks.append(tiling.read(at))
    cuts = tiling.measure(progress)
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
            raise DataError(f"{ground.genome.path} has no tile of known bases: see --regions-file")
        if draw is not None:
            counts[MISSING] += draw.missing
        if "repeats" in along.match and not ground.lower_case:
            counts[NO_REPEATS] = 1
        told = dict(tiling.counts + counts) | no_sites(settings.split, writer.contigs(), names)
        card = SitesCard(
            settings=settings,
            along=along,
            cuts=dict(cuts),
            unknown=bool(cuts)
            or (along.known is not None and set(along.known) != {s.name for s in samples}),
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
