"""A file of regions, read by the rules of bcftools' option -R ─read_region_file→ Intervals."""

from collections.abc import Iterator
from typing import NamedTuple

from regplug.errors import UNREADABLE, RegionError
from regplug.files.lines import lines_in
from regplug.genome.regions import position, read_bed
from regplug.genome.variant import Interval


class _Row(NamedTuple):
    """A line: its number from 1, its contig, and its second and third column as numbers."""

    number: int
    chrom: str
    start: int | None
    end: int | None


def read_region_file(path: str) -> list[Interval]:
    """Return the regions of a file, plain or gzipped.

    One that is called .bed or .bed.gz is BED: 0-based, half-open. Any other is 1-based: the columns
    CHROM, FROM, TO (both inclusive) or CHROM, POS, in all lines the same; or a VCF, of which each
    record's POS is a region. Source: bcftools(1), --regions-file.

    Raises:
        RegionError: the file cannot be read, or a line is no region; the message names the line.
    """
    if path.lower().endswith((".bed", ".bed.gz")):
        return read_bed(path)
    try:
        lines = list(lines_in(path))
    except UNREADABLE as error:
        raise RegionError(f"cannot read the regions in {path}: {error}") from error
    is_vcf = bool(lines) and lines[0].startswith("##fileformat=VCF")
    rows = list(_rows(lines, is_vcf=is_vcf))
    if not rows:
        raise RegionError(f"{path} holds no region")
    return [_region(path, row, rows[0]) for row in rows]


def _rows(lines: list[str], *, is_vcf: bool) -> Iterator[_Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t") if "\t" in line else line.split()
            start, end = map(position, [*cells, "", ""][1:3])
            yield _Row(number, cells[0], start, None if is_vcf else end)


def _region(path: str, row: _Row, first: _Row) -> Interval:
    """Return the region of a line; `first` is the first line of the file."""
    where = f"{path}, line {row.number}"
    if row.start is None:
        raise RegionError(f"{where} has no position in its second column")
    if (row.end is None) != (first.end is None):
        raise RegionError(
            f"{where} has other columns than line {first.number}: write CHROM, POS or CHROM, FROM, "
            "TO in all lines"
        )
    end = row.start if row.end is None else row.end
    if not 1 <= row.start <= end:
        raise RegionError(
            f"{where}, {row.start}-{end}, is no region: positions start at 1, and end behind their "
            "start; if it is BED, which starts at 0, give it a name that ends in .bed"
        )
    return Interval(row.chrom, row.start - 1, end)
