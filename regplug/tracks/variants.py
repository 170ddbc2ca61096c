"""The loop from variants to REF, ALT and difference tracks.

VCF record ─vcf.variants_of→ Variant ─_around→ Alleles, an ALT per base ─Adapter.score→ ref, alt
           ─bigwig→ .bw

All tracks are in the reference's coordinates. A base's REF value is that of the reference's window
around it, and its ALT value that of the window around the same base in the reference with the ALT
put in; windows are those of `regplug annotate`. Left of the variant the flanks agree on the left,
behind it on the right. Within it, ALT's base i stands at REF's base i; where ALT has no such base
(a deletion), its last one does; where REF has none (an insertion), ALT's further bases have no
place. At the variant's first base, once trimmed and left-aligned (the anchor of an insertion or
deletion), stand the numbers of the VCF: for a length change, means over the first and the last
base of the alleles.

A variant's tracks reach as far as a window can hold it. Where those of two meet, each base belongs
to the nearer, by first base (to the left one halfway); of several ALTs of one base only the most
extreme is drawn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes, encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.alleles import Alleles, column, enough_known
from regplug.scoring.card import read_width
from regplug.scoring.effects import Array, Scores, difference
from regplug.tracks.bigwig import Edges, TrackFiles
from regplug.tracks.regions import BATCH, Tracked, runs


class Neighbourhood(NamedTuple):
    """A variant and where its tracks stand.

    Attributes:
        variant: normalised, its contig called as in the FASTA.
        interval: the bases that get values, 0-based and half-open.
    """

    variant: Variant
    interval: Interval


class Reach(NamedTuple):
    """How many bases to the left and right of a variant's are drawn."""

    left: int
    right: int


class _Around(NamedTuple):
    """The windows of n bases around a variant.

    Attributes:
        variant: as in Neighbourhood.
        bases: the edges of each run of neighbouring bases; together n bases.
        ref: codes, shape (rows, window).
        alt: codes, shape (rows, window).
        owner: shape (rows,): which of the n bases a row is of.
    """

    variant: Variant
    bases: list[Edges]
    ref: Codes
    alt: Codes
    owner: NDArray[np.intp]


def neighbourhoods(
    variants: Sequence[Variant], size: NDArray[np.float32], genome: Genome, reach: Reach
) -> list[Neighbourhood]:
    """Return the variants that are drawn, in the genome's order, and where.

    Args:
        variants: normalised.
        size: shape (n,): how extreme each is; NaN where it has no score, and is not drawn.
        genome: has their contigs.
        reach: how far they are drawn.
    """
    best: dict[tuple[str, int], int] = {}
    for index in np.flatnonzero(~np.isnan(size)):
        place = genome.contig(variants[index].chrom) or "", variants[index].start
        if place not in best or size[index] > size[best[place]]:
            best[place] = int(index)
    order = {contig: place for place, contig in enumerate(genome.lengths)}
    places = sorted(best, key=lambda place: (order[place[0]], place[1]))
    found = []
    for at, (contig, start) in enumerate(places):
        variant = replace(variants[best[contig, start]], chrom=contig)
        low, high = start - reach.left, variant.interval.end + reach.right
        for other, base in places[max(0, at - 1) : at + 2]:
            if other == contig and base < start:
                low = max(low, (base + start) // 2 + 1)
            if other == contig and base > start:
                high = min(high, (start + base) // 2 + 1)
        within = Interval(contig, max(0, low), min(high, genome.lengths[contig]))
        found.append(Neighbourhood(variant, within))
    return found


def window_reach(window: int) -> Reach:
    """Return how far a window around a base can lie and hold the variant."""
    return Reach(window - 1 - column(window), column(window))


def track_variants(
    places: Sequence[Neighbourhood],
    tracked: Tracked,
    genome: Genome,
    files: TrackFiles,
    *,
    progress: Callable[[int], None] = lambda variants: None,
) -> None:
    """Write REF, ALT and difference, in this order for each output that is tracked.

    Every step-th base is scored, the variant's among them, and stands for those around it.

    Args:
        places: as `neighbourhoods` gives them.
        tracked: the model, its outputs, and their step.
        genome: that the model reads.
        files: that are written, three for each output.
        progress: called with the number of variants done, a batch at a time.

    Raises:
        RegplugError: as the genome and the backend raise.
        OSError: as `files` raises.
    """
    adapter, backend, targets, step = tracked
    window = read_width(backend.card)
    for batch in _batches(_around(place, genome, window, step) for place in places):
        values = _values(adapter.score(_alleles(batch), backend), targets)
        at = 0
        for around in batch:
            for edges in around.bases:
                files.write(around.variant.chrom, edges, values[at : at + len(edges) - 1])
                at += len(edges) - 1
        progress(len(batch))


def _alleles(batch: Sequence[_Around]) -> Alleles:
    """Return the windows of all variants in a batch, each base as if it were an ALT of its own."""
    counts = [sum(len(edges) - 1 for edges in around.bases) for around in batch]
    first = np.cumsum([0, *counts])
    return Alleles(
        [around.variant for around, count in zip(batch, counts, strict=True) for _ in range(count)],
        [Status.OK] * int(first[-1]),
        np.concatenate([around.ref for around in batch]),
        np.concatenate([around.alt for around in batch]),
        np.concatenate([around.owner + at for around, at in zip(batch, first, strict=False)]),
    )


def _values(scores: Scores, targets: Sequence[int]) -> Array:
    """Return shape (n, targets * 3): REF, ALT and difference of each target."""
    ref, alt = scores.ref[:, targets], scores.alt[:, targets]
    values: Array = np.stack([ref, alt, difference(ref, alt)], axis=2).reshape(len(ref), -1)
    return values


def _around(place: Neighbourhood, genome: Genome, window: int, step: int) -> _Around:
    """Return the windows around a variant; a length change has a second row for its first base."""
    variant, within = place
    ref, alt = encode(variant.ref), encode(variant.alt)
    length, reach = genome.lengths[variant.chrom], window_reach(window).left
    left = genome.codes(Interval(variant.chrom, variant.start - window + 1, variant.start))
    end = variant.interval.end
    right = genome.codes(Interval(variant.chrom, end, end + window - 1))
    ref_codes, alt_codes = (np.concatenate([left, allele, right]) for allele in (ref, alt))

    offsets = np.arange(-(reach // step) * step, len(ref) + column(window), step)
    bases = variant.start + offsets
    edges = np.append(bases, bases[-1] + step) - (step - 1) // 2
    kept = enough_known(ref_codes, variant.start - window + 1, length, window)[offsets + reach]
    kept &= (bases >= 0) & (bases < length)
    kept &= (edges[:-1] < within.end) & (edges[1:] > within.start)
    edges = np.clip(edges, within.start, within.end)

    in_ref = offsets[kept]
    in_alt = np.where(
        in_ref < len(ref), np.minimum(in_ref, len(alt) - 1), in_ref + len(alt) - len(ref)
    )
    owner = np.arange(len(in_ref))
    if len(ref) != len(alt):  # as in encode_alleles: also with the last bases in the column
        owner = np.append(owner, np.flatnonzero(in_ref == 0))
        in_ref, in_alt = np.append(in_ref, len(ref) - 1), np.append(in_alt, len(alt) - 1)
    return _Around(
        variant,
        [edges[i : j + 1] for i, j in runs(kept)],
        sliding_window_view(ref_codes, window)[in_ref + reach],
        sliding_window_view(alt_codes, window)[in_alt + reach],
        owner,
    )


def _batches(found: Iterable[_Around]) -> Iterator[list[_Around]]:
    """Yield variants together until they have BATCH windows or more."""
    batch: list[_Around] = []
    for around in found:
        batch.append(around)
        if sum(len(gathered.owner) for gathered in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
