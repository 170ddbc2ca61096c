"""Regions and variants as users write them → Intervals, Variants."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from regplug.errors import UNREADABLE, RegionError
from regplug.files.lines import lines_in
from regplug.genome.variant import Interval, Variant

END_OF_CONTIG = 2**31 - 2
_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_SPAN = re.compile(r"(?P<chrom>.+):(?P<start>\d+)(?P<dash>-(?P<end>\d+)?)?", re.ASCII)
_VARIANT = re.compile(
    r"(?P<chrom>.+)[:-](?P<pos>\d[\d,]*)[: -]?(?P<ref>[ACGTN]+)[:>-](?P<alt>[ACGTN]+)",
    re.ASCII | re.IGNORECASE,
)
_THOUSANDS = re.compile(r"\d{3}(-\d{0,3})?", re.ASCII)


def position(text: str) -> int | None:
    """Return the position or length that `text` is, or None: ASCII digits, up to END_OF_CONTIG."""
    value = int(text) if _DIGITS.fullmatch(text) else END_OF_CONTIG + 1
    return value if value <= END_OF_CONTIG else None


def parse_regions(text: str, contigs: Collection[str]) -> list[Interval]:
    """Return the regions in `text`: CONTIG, CONTIG:POS, CONTIG:FROM- or CONTIG:FROM-TO.

    Positions are 1-based and inclusive, and may have thousands separators (chr1:1,000-2,000).
    Several regions are separated by commas. Text that is a name in `contigs` is that contig, even
    if it looks like a region.

    Raises:
        RegionError: a region cannot be read, or ends before it starts.
    """
    parts: list[str] = []
    for piece in filter(None, text.split(",")):
        if parts and ":" in parts[-1] and _THOUSANDS.fullmatch(piece) and piece not in contigs:
            parts[-1] += piece
        else:
            parts.append(piece)
    return [_region(part, contigs) for part in parts]


def parse_variant(text: str) -> Variant | None:
    """Return the variant in `text`, or None if it is something else.

    It may be CHROM:POS:REF:ALT, CHROM-POS-REF-ALT or CHROM:POSREF>ALT; POS is 1-based.
    """
    match = _VARIANT.fullmatch(text)
    if not match:
        return None
    pos = position(match["pos"].replace(",", ""))
    if pos is None:
        return None
    return Variant(match["chrom"], pos, match["ref"].upper(), match["alt"].upper())


class BedLine(NamedTuple):
    """A line of a BED file: its number from 1, its region, and all of its columns."""

    number: int
    region: Interval
    cells: list[str]


def read_bed(path: str) -> list[Interval]:
    """Return the regions of a BED file, plain or gzipped.

    Raises:
        RegionError: as `read_bed_lines`.
    """
    return [line.region for line in read_bed_lines(path)]


def read_bed_lines(path: str) -> list[BedLine]:
    """Return the lines of a BED file (0-based, half-open), plain or gzipped.

    Raises:
        RegionError: no such file, or a line that is not BED; the message names the line.
    """
    try:
        lines = list(lines_in(path))
    except UNREADABLE as error:
        raise RegionError(f"cannot read the regions in {path}: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith(("#", "track", "browser")):
            where = f"{path}, line {number}"
            cells = line.split("\t") if "\t" in line else line.split()
            start, end = map(position, [*cells, "", ""][1:3])
            if start is None or end is None:
                raise RegionError(f"{where} is not BED (contig, start, end): {line[:60]}")
            region = _checked(Interval(cells[0], start, end), where)
            found.append(BedLine(number, region, cells))
    if not found:
        raise RegionError(f"{path} holds no region")
    return found


def middle(line: BedLine) -> int:
    """Return the 0-based summit of a narrowPeak (column 10), or else a region's middle base."""
    region, offset = line.region, position(line.cells[9]) if len(line.cells) > 9 else None
    if offset is None or offset >= region.end - region.start:
        return (region.start + region.end) // 2
    return region.start + offset


def merged(regions: Iterable[Interval]) -> list[Interval]:
    """Return the regions sorted and joined where they overlap or touch.

    Contigs stay in the order in which they first appear.
    """
    regions, joined = list(regions), list[Interval]()
    contigs = list(dict.fromkeys(region.chrom for region in regions))
    for region in sorted(regions, key=lambda r: (contigs.index(r.chrom), r.start, r.end)):
        last = joined[-1] if joined else None
        if last and last.chrom == region.chrom and region.start <= last.end:
            joined[-1] = Interval(last.chrom, last.start, max(last.end, region.end))
        else:
            joined.append(region)
    return joined


def check_regions(regions: Iterable[Interval], contigs: Mapping[str, int | None]) -> None:
    """Check that each region starts in one of the `contigs` (name → length or None).

    Raises:
        RegionError: a region is on another contig, or starts behind the end of its contig.
    """
    for region in regions:
        if region.chrom not in contigs:
            known = ", ".join(list(contigs)[:5]) + (" ..." if len(contigs) > 5 else "")
            raise RegionError(f"no contig {region.chrom} in the input; it has {known or 'none'}")
        length = contigs[region.chrom]
        if length and region.start >= length:
            raise RegionError(f"region {region} starts behind the end of {region.chrom} ({length})")


def _region(text: str, contigs: Collection[str]) -> Interval:
    if text in contigs:
        return Interval(text, 0, END_OF_CONTIG)
    match = _SPAN.fullmatch(text)
    if not match:
        if ":" in text:
            raise RegionError(f"{text} is not a region: write chr1, chr1:1000 or chr1:1000-2000")
        return Interval(text, 0, END_OF_CONTIG)
    start = position(match["start"])
    end = position(match["end"] or (str(END_OF_CONTIG) if match["dash"] else match["start"]))
    if start is None or end is None:
        raise RegionError(f"{text} is no region: positions end at {END_OF_CONTIG}")
    return _checked(Interval(match["chrom"], start - 1, end), text)


def _checked(region: Interval, text: str) -> Interval:
    if not 0 <= region.start < region.end:
        raise RegionError(
            f"{text} is no region: it must end behind its start, and positions start at 1"
        )
    return region
