"""TrackSet ─sparse_fasta→ the bases that a browser shows, at their true coordinates.

igv.js takes a FASTA whose records are slices of contigs, named `>chr5:1295001-1295200
@len=181538259` (1-based, inclusive); igv-reports' own extension.
"""

from collections.abc import Iterable

from regplug.errors import OutputError
from regplug.track_writer import TrackSet
from regplug.variant import Interval
from regplug_browser.panels import contig

FLANK = 500  # bases on each side of what was scored


def sparse_fasta(made: TrackSet, *, limit: int) -> str:
    """Return the FASTA of all regions and variants with their flanks.

    Raises:
        OutputError: there are more than `limit` bases, or a contig's name has a colon.
    """
    slices = list(_merged(_wanted(made)))
    if (count := sum(map(len, slices))) > limit:
        raise OutputError(
            f"the tracks cover {count:,} bases, and a page or igv.js shows {limit:,} at most: name "
            "fewer regions, or use --hub, or --igv with IGV desktop"
        )
    records = []
    for interval in slices:
        if ":" in interval.chrom:
            raise OutputError(f"igv.js cannot show {interval.chrom}: a contig's name has a colon")
        length = made.genome.lengths[interval.chrom]
        records.append(f">{interval} @len={length}\n{made.genome.letters(interval)}\n")
    return "".join(records)


def _wanted(made: TrackSet) -> Iterable[Interval]:
    """Yield regions and variants with flanks, clipped to their contigs, named as in the FASTA."""
    for interval in [*made.regions, *(variant.interval for variant in made.variants)]:
        chrom = contig(made, interval.chrom)
        if chrom in made.genome.lengths:
            end = min(interval.end + FLANK, made.genome.lengths[chrom])
            yield Interval(chrom, max(0, interval.start - FLANK), end)


def _merged(intervals: Iterable[Interval]) -> Iterable[Interval]:
    """Yield the union of `intervals`, sorted."""
    last: Interval | None = None
    for interval in sorted(intervals, key=lambda one: (one.chrom, one.start)):
        if last and last.chrom == interval.chrom and interval.start <= last.end:
            last = Interval(last.chrom, last.start, max(last.end, interval.end))
        else:
            if last:
                yield last
            last = interval
    if last:
        yield last
