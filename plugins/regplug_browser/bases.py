"""TrackSet ─sparse_fasta→ the bases that a browser shows, at their coordinates in the genome.

igv.js takes a FASTA whose records are slices of contigs, named `>chr5:1295001-1295200
@len=181538259` (1-based, inclusive); igv-reports' own extension.
"""

from collections.abc import Iterable

from regplug.genome.regions import merged
from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackSet
from regplug_browser.panels import contig

FLANK = 500  # bases on each side of what was scored
LARGEST = 2_000_000  # bases that a browser is given as text, at most


def why_not(made: TrackSet) -> str:
    """Return why igv.js cannot be given the bases as text, or ""."""
    slices = list(_slices(made))
    if (count := sum(map(len, slices))) > LARGEST:
        return f"the tracks cover {count:,} bases, and a page shows {LARGEST:,} at most"
    colon = next((piece.chrom for piece in slices if ":" in piece.chrom), None)
    return f"igv.js cannot show {colon}: a contig's name with a colon" if colon else ""


def sparse_fasta(made: TrackSet) -> str:
    """Return the text of a FASTA of all regions and variants, with FLANK bases on either side."""
    return "".join(
        f">{piece} @len={made.genome.lengths[piece.chrom]}\n{made.genome.letters(piece)}\n"
        for piece in _slices(made)
    )


def _slices(made: TrackSet) -> Iterable[Interval]:
    """Return what is shown of each contig, sorted and joined where it overlaps."""
    return merged(sorted(_wanted(made), key=lambda interval: interval.chrom))


def _wanted(made: TrackSet) -> Iterable[Interval]:
    """Yield regions and variants with flanks, clipped to their contigs, named as in the FASTA."""
    for interval in [*made.regions, *(variant.interval for variant in made.variants)]:
        chrom = contig(made, interval.chrom)
        if chrom in made.genome.lengths:
            end = min(interval.end + FLANK, made.genome.lengths[chrom])
            yield Interval(chrom, max(0, interval.start - FLANK), end)
