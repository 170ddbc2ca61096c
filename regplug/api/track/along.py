"""Regions ─track_regions→ a file per target."""

from collections.abc import Sequence

import numpy as np

from regplug.api.parts.run import Parting
from regplug.api.parts.tracks import fill_in_parts, settings_of
from regplug.api.track.asked import Asked, target_places
from regplug.api.track.views import check_views
from regplug.errors import RegionError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackSet
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import read_width
from regplug.tracks.folder import write_tracks
from regplug.tracks.kept import keep
from regplug.tracks.loops import fill_regions, has_profile
from regplug.tracks.regions import Tracked, covered, default_step
from regplug.tracks.strands import by_strand


def along_regions(
    asked: Asked,
    wanted: Sequence[Interval],
    genome: Genome,
    parting: Parting | None,
    repo: str | None,
    options: BackendOptions,
) -> TrackSet:
    """Write a track per target over the regions, or two, of its strands.

    Args:
        asked: what the user asked for.
        wanted: regions; those that overlap are joined.
        genome: that they are of.
        parting: how they are cut into parts; None: not at all.
        repo: where other processes find the model.
        options: how they run it.

    Raises:
        RegionError: a region is not in the genome.
        ModelError: as `target_places` and `by_strand`.
        OutputError: a file cannot be written.
    """
    backend = asked.model.for_sequences
    card = backend.card
    targets, width = target_places(card, asked), read_width(card)
    places = covered(wanted, genome, width)
    tracked = Tracked(asked.model.adapter, backend, targets, asked.step or 1)
    if asked.step is None and not has_profile(tracked):
        tracked = tracked._replace(step=default_step(card))
    labels = [card.labels[target] for target in targets]
    plain = tracked
    if asked.strands:
        tracked, labels = by_strand(tracked)
    none = np.empty((0, 0), np.float32)
    planned = TrackSet(asked.output, (), asked.assembly, genome, tuple(places), (), none)
    check_views(asked.views, planned)
    with asked.bar("bases", sum(map(len, places))) as progress:
        if parting:
            settings = settings_of(asked.model, plain, genome, repo, options, strands=asked.strands)
            fill = fill_in_parts(places, settings, parting, progress)
        else:
            fill = fill_regions(places, tracked, genome, progress)
        tracks = write_tracks(
            asked.output,
            asked.model.card.name,
            labels,
            ["score"],
            genome,
            fill,
            file_format=asked.file_format,
            kept=keep(asked.model.card, genome, asked.assembly, places),
        )
    return planned._replace(tracks=tracks)


def whole_genome(genome: Genome, asked: Asked) -> tuple[list[Interval], int]:
    """Return all contigs that are as long as the model's window, and how many are shorter.

    Raises:
        RegionError: all are shorter.
    """
    width = read_width(asked.model.for_sequences.card)
    contigs = [Interval(name, 0, length) for name, length in genome.lengths.items()]
    kept = [contig for contig in contigs if len(contig) >= width]
    if not kept:
        raise RegionError(f"no contig of {genome.path} has {width} bases, the model's window")
    return kept, len(contigs) - len(kept)
