"""BED6 ─read_exons→ Exons ─keep→ Exons that can be scored ─Exon.codes→ bases as transcribed.

A position counts from a splice site, in the direction of transcription; 0 is the first base behind
the site. Upstream of an exon, the intron has ... -2, -1 and the exon 0, 1 ...; downstream, the exon
has ... -2, -1 and the intron 0, 1 ... .
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np

from regplug.errors import GenomeError, RegionError
from regplug.genome.codes import UNKNOWN, Codes, encode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.genes import Strand
from regplug.genome.regions import BedLine, position, read_bed_lines
from regplug.genome.transcripts import STRANDS
from regplug.genome.variant import Interval

Side = Literal["upstream", "downstream"]
SIDES: tuple[Side, ...] = ("upstream", "downstream")
MOST_N = 0.1  # share of the bases read around an exon that may be unknown

_ACCEPTOR, _DONOR = encode("AG"), encode("GT")


class Reason(StrEnum):
    """Why an exon is not scored."""

    DUPLICATE = "duplicate"
    UNKNOWN_CONTIG = "unknown_contig"
    OFF_CONTIG = "off_contig"
    MOSTLY_N = "mostly_n"


class Exon(NamedTuple):
    """An exon (0-based, half-open) and the strand that is transcribed."""

    interval: Interval
    strand: Strand

    def around(self, side: Side, start: int, end: int) -> Interval:
        """Return the genome's interval of positions [start, end) of `side`; see the module."""
        chrom, first, last = self.interval.chrom, self.interval.start, self.interval.end
        if self.strand == "+":
            site = first if side == "upstream" else last
            return Interval(chrom, site + start, site + end)
        site = last if side == "upstream" else first
        return Interval(chrom, site - end, site - start)

    def codes(self, genome: Genome, side: Side, start: int, end: int) -> Codes:
        """Return the codes of positions [start, end) of `side`, as transcribed, (end - start,).

        Raises:
            GenomeError: the contig is not in the genome, or the FASTA is truncated.
        """
        codes = genome.codes(self.around(side, start, end))
        return codes if self.strand == "+" else reverse_complement(codes)

    def has_signals(self, genome: Genome) -> bool:
        """Tell whether the introns end in AG before the exon and begin with GT behind it."""
        acceptor = self.codes(genome, "upstream", -2, 0)
        donor = self.codes(genome, "downstream", 0, 2)
        return bool((acceptor == _ACCEPTOR).all() and (donor == _DONOR).all())


class Dropped(NamedTuple):
    """An exon that is not scored, and why."""

    exon: Exon
    reason: Reason


def read_exons(path: str) -> list[Exon]:
    """Return the exons of a BED file with a strand in column 6, plain or gzipped.

    Raises:
        RegionError: it cannot be read, or a line has no strand or several blocks (a transcript).
    """
    return [Exon(line.region, _strand(path, line)) for line in read_bed_lines(path)]


def keep(
    exons: Iterable[Exon], genome: Genome, spans: dict[Side, tuple[int, int]]
) -> tuple[list[Exon], list[Dropped]]:
    """Return the exons that can be scored, each once, and the others.

    They are on a contig of the genome, and at most MOST_N of the bases around them are unknown:
    those at positions [start, end) in `spans`, for each side.

    Raises:
        GenomeError: an exon ends behind its contig, so the genome is of another build.
    """
    kept: dict[Exon, None] = {}
    dropped = []
    for exon in exons:
        reason = Reason.DUPLICATE if exon in kept else _reason(exon, genome, spans)
        if reason:
            dropped.append(Dropped(exon, reason))
        else:
            kept[exon] = None
    return list(kept), dropped


def _strand(path: str, line: BedLine) -> Strand:
    cells = line.cells
    if len(cells) == 12 and (position(cells[9]) or 0) > 1:
        raise RegionError(
            f"{path}, line {line.number} is a transcript of {cells[9]} blocks: give a line per exon"
        )
    for strand in STRANDS:
        if len(cells) > 5 and cells[5] == strand:
            return strand
    raise RegionError(
        f"{path}, line {line.number} has no strand: exons need BED with + or - in column 6"
    )


def _reason(exon: Exon, genome: Genome, spans: dict[Side, tuple[int, int]]) -> Reason | None:
    contig = genome.contig(exon.interval.chrom)
    if contig is None:
        return Reason.UNKNOWN_CONTIG
    length = genome.lengths[contig]
    if exon.interval.end > length:
        raise GenomeError(
            f"the exon {exon.interval} ends behind {contig}, which has {length} bases in "
            f"{genome.path}: another genome build? Give the right one with --fasta"
        )
    around = [exon.around(side, *span) for side, span in spans.items()]
    if any(interval.start < 0 or interval.end > length for interval in around):
        return Reason.OFF_CONTIG
    codes = np.concatenate([genome.codes(interval) for interval in around])
    return Reason.MOSTLY_N if (codes == UNKNOWN).mean() > MOST_N else None
