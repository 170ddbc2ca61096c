"""The loop from variants to REF, ALT and difference, for models that tell of many bases at once.

VCF record ─vcf.variants_of→ Variant ─encode_alleles→ windows ─Adapter.track→ REF's and ALT's bases
           ─Pair→ values at bases of the reference ─bigwig→ .bw

The windows are those in which `regplug annotate` scores the variant; its tracks reach as far as
their bases do. All are in the reference's coordinates, as in `variants`: left of the variant the
flanks agree on the left, behind it on the right; within it, ALT's base i stands at REF's base i,
where ALT has no such base, its last one does, and inserted bases have no place. A length change has
two windows (first base, last base in the column): a value is the mean of those that reach there.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.alleles import column, encode_alleles
from regplug.scoring.card import ModelCard, read_width
from regplug.scoring.effects import Array, difference
from regplug.scoring.examined import Examined
from regplug.tracks.bigwig import TrackFiles
from regplug.tracks.profile_regions import tiles_at_once, write_means
from regplug.tracks.regions import Tracked
from regplug.tracks.variants import Neighbourhood, Reach


class Pair(NamedTuple):
    """What a model tells of the bases around a variant.

    Attributes:
        interval: n bases of the reference.
        ref: shape (n, targets), of REF.
        alt: shape (n, targets), of ALT.
    """

    interval: Interval
    ref: Array
    alt: Array


def profile_reach(card: ModelCard, bases: int) -> Reach:
    """Return how far the bases in the middle of a variant's window reach from it."""
    window = read_width(card)
    left = column(window) - (window - bases) // 2
    return Reach(left, bases - 1 - left)


def profile_pairs(variants: Sequence[Variant], tracked: Tracked, genome: Genome) -> list[Pair]:
    """Return REF's and ALT's values around each variant, as far as its windows tell of bases.

    Args:
        variants: normalised, and such as a model can score.
        tracked: the model and its targets.
        genome: that it reads.

    Raises:
        RegplugError: as the genome and the backend raise.
    """
    adapter, backend, targets, _ = tracked
    examined = [Examined(variant, Status.OK) for variant in variants]
    window, bases = read_width(backend.card), adapter.covers(backend.card)
    alleles = encode_alleles(examined, genome, window=window)
    found = adapter.track([*alleles.ref, *alleles.alt], backend, width=window, step=window)
    sides = np.concatenate(found)[:, :, targets].reshape(2, len(alleles.ref), bases, -1)
    left = profile_reach(backend.card, bases).left
    return [
        _pair(variant, sides[:, alleles.owner == index], left, genome.lengths[variant.chrom])
        for index, variant in enumerate(variants)
    ]


def track_profile_variants(
    places: Sequence[Neighbourhood],
    tracked: Tracked,
    genome: Genome,
    files: TrackFiles,
    *,
    progress: Callable[[int], None] = lambda variants: None,
) -> None:
    """Write REF, ALT and difference, in this order for each target that is tracked.

    Values are means over each step's bases; the variant's first is the middle one of its step.

    Args:
        places: as `variants.neighbourhoods` gives them.
        tracked: the model, its targets, and their step.
        genome: that the model reads.
        files: that are written, three for each target.
        progress: called with the number of variants done, a batch at a time.

    Raises:
        RegplugError: as the genome and the backend raise.
        OSError: as `files` raises.
    """
    at_once = max(1, tiles_at_once(tracked) // 4)  # an ALT has two windows, or four
    for start in range(0, len(places), at_once):
        batch = places[start : start + at_once]
        pairs = profile_pairs([place.variant for place in batch], tracked, genome)
        for place, pair in zip(batch, pairs, strict=True):
            values = np.stack([pair.ref, pair.alt, difference(pair.ref, pair.alt)], axis=2)
            write_means(
                files,
                pair.interval,
                values.reshape(len(pair.interval), -1),
                inside=place.interval,
                step=tracked.step,
                origin=place.variant.start - (tracked.step - 1) // 2,
            )
        progress(len(batch))


def _pair(variant: Variant, sides: Array, left: int, length: int) -> Pair:
    """Return a variant's values of `sides`, shape (2, rows, bases, targets): REF's, then ALT's."""
    start, end, grown = variant.start, variant.interval.end, len(variant.alt) - len(variant.ref)
    last = end - 1 if grown else start  # the base in the column of the last row
    rows, bases = sides.shape[1:3]
    interval = Interval(variant.chrom, max(0, start - left), min(length, last - left + bases))
    at = np.arange(interval.start, interval.end)
    in_alt = np.where(at >= end, at + grown, np.minimum(at, start + len(variant.alt) - 1))
    firsts = np.array([start, last][:rows]) - left
    alt_firsts = np.array([start, last + grown][:rows]) - left
    return Pair(interval, _means(sides[0], firsts, at), _means(sides[1], alt_firsts, in_alt))


def _means(rows: Array, firsts: NDArray[np.int64], at: NDArray[np.int64]) -> Array:
    """Return the mean, at each base, of the rows that reach there, shape (n, targets); else NaN.

    Args:
        rows: shape (rows, bases, targets).
        firsts: the first base of each row, shape (rows,).
        at: bases, shape (n,).
    """
    places = at - firsts[:, None]  # (rows, n)
    there = (places >= 0) & (places < rows.shape[1])
    picked = np.take_along_axis(rows, np.where(there, places, 0)[:, :, None], axis=1)
    total = np.where(there[:, :, None], picked, 0).sum(axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        means: Array = (total / there.sum(axis=0)[:, None]).astype(np.float32)
    return means
