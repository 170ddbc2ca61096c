"""Which loop a model's tracks take: a window for each value, or windows that tell of many bases."""

from collections.abc import Callable, Sequence
from functools import partial

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.scoring.card import read_width
from regplug.tracks.bigwig import TrackFiles
from regplug.tracks.profile_regions import track_profiles
from regplug.tracks.profile_variants import profile_reach, track_profile_variants
from regplug.tracks.regions import Tracked, track_regions
from regplug.tracks.variants import Neighbourhood, Reach, track_variants, window_reach

Fill = Callable[[TrackFiles], None]
Progress = Callable[[int], None]


def fill_regions(
    regions: Sequence[Interval], tracked: Tracked, genome: Genome, progress: Progress
) -> Fill:
    """Return what writes a model's values over regions."""
    loop = track_profiles if has_profile(tracked) else track_regions
    return partial(loop, regions, tracked, genome, progress=progress)


def fill_variants(
    places: Sequence[Neighbourhood], tracked: Tracked, genome: Genome, progress: Progress
) -> Fill:
    """Return what writes REF, ALT and difference around variants."""
    loop = track_profile_variants if has_profile(tracked) else track_variants
    return partial(loop, places, tracked, genome, progress=progress)


def reach_of(tracked: Tracked) -> Reach:
    """Return how far a variant's tracks reach."""
    card = tracked.backend.card
    if has_profile(tracked):
        return profile_reach(card, tracked.adapter.covers(card))
    return window_reach(read_width(card))


def has_profile(tracked: Tracked) -> bool:
    """Tell whether a window of the model tells of many bases.

    Raises:
        ModelError: its card does not say which.
    """
    return tracked.adapter.covers(tracked.backend.card) > 1
