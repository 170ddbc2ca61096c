"""Genes ─Transcripts→ which strand is transcribed where, and which gene begins nearest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import GenomeError
from regplug.genome.fasta import MITOCHONDRION, Reference
from regplug.genome.genes import Strand, Transcript, read_genes
from regplug.genome.variant import Interval

STRANDS: tuple[Strand, ...] = ("+", "-")
UPSTREAM, DOWNSTREAM = 1000, 200  # bases of a transcript's start that are its promoter


class Transcripts:
    """The stretches of each strand that a gene covers, and where transcripts begin.

    A leading `chr` of contigs' names is ignored, and the mitochondrion known by all its names.
    """

    def __init__(self, path: str) -> None:
        """Read a GTF, GFF3 or BED12, plain or gzipped.

        Raises:
            GenomeError: as `read_genes`.
        """
        found = read_genes(path)
        self._spans = _spans(found.genes)
        self._sites = _sites(found.transcripts)

    def has_contig_of(self, genome: Reference) -> bool:
        """Tell whether a contig of the genes is one of the genome's."""
        return not {contig for contig, _ in self._spans}.isdisjoint(map(_bare, genome.lengths))

    def covers(self, interval: Interval, strand: Strand) -> bool:
        """Tell if a gene on `strand` covers a base of `interval`."""
        spans = self._spans.get((_bare(interval.chrom), strand))
        if spans is None:
            return False
        # Spans are joined, so only the last that starts before the interval's end can reach it.
        last = int(np.searchsorted(spans[:, 0], interval.end)) - 1
        return last >= 0 and bool(spans[last, 1] > interval.start)

    def nearest(self, interval: Interval) -> tuple[str, int] | None:
        """Return the gene whose transcript begins nearest to `interval`, and how far away.

        The distance is in bases from the interval's nearest base to the first that is transcribed,
        0 within the interval, below 0 upstream, in the gene's direction. Of genes as far away, that
        whose name comes first. None: no gene on the contig.
        """
        sites = self._sites.get(_bare(interval.chrom))
        if sites is None:
            return None
        first, behind = (
            int(at) for at in np.searchsorted(sites.places, (interval.start, interval.end))
        )
        near = range(first, behind) or range(max(0, first - 1), min(first + 1, len(sites.places)))
        pairs = [(sites.genes[at], sites.distance(at, interval)) for at in near]
        return min(pairs, key=lambda pair: (abs(pair[1]), pair[0]))


def transcripts_of(genes: str, genome: Reference) -> Transcripts | None:
    """Return the genes in the file `genes`, or None for "".

    Raises:
        GenomeError: as `read_genes`; or no contig of the genes is one of the genome's.
    """
    if not genes:
        return None
    found = Transcripts(genes)
    if not found.has_contig_of(genome):
        raise GenomeError(
            f"no contig of the genes in {genes} is one of the genome's "
            f"({', '.join(list(genome.lengths)[:3])} ...): give a file with its names"
        )
    return found


class _Sites(NamedTuple):
    """Where transcripts of a contig begin, a gene for each place.

    Attributes:
        places: 0-based, sorted, shape (n,).
        strands: of each, + or -.
        genes: of each.
    """

    places: NDArray[np.int64]
    strands: list[Strand]
    genes: list[str]

    def distance(self, at: int, interval: Interval) -> int:
        """Return how many bases `interval` lies behind place `at`, in its direction."""
        place = int(self.places[at])
        behind = max(0, interval.start - place) - max(0, place - interval.end + 1)
        return behind if self.strands[at] == "+" else -behind


def _sites(transcripts: Iterable[Transcript]) -> dict[str, _Sites]:
    """Return the sites by contig; of several genes at a place, the first by name."""
    found: dict[str, dict[int, tuple[str, Strand]]] = defaultdict(dict)
    for transcript in transcripts:
        of_contig = found[_bare(transcript.interval.chrom)]
        site = transcript.gene, transcript.strand
        at = transcript.start_site
        of_contig[at] = min(of_contig.get(at, site), site)
    return {contig: _sorted(of_contig) for contig, of_contig in found.items()}


def _sorted(sites: Mapping[int, tuple[str, Strand]]) -> _Sites:
    rows = sorted(sites.items())
    places = np.array([place for place, _ in rows], np.int64)
    return _Sites(places, [strand for _, (_, strand) in rows], [gene for _, (gene, _) in rows])


def _spans(genes: Iterable[Transcript]) -> dict[tuple[str, Strand], NDArray[np.int64]]:
    """Return the stretches of each contig and strand that genes cover."""
    spans: dict[tuple[str, Strand], list[tuple[int, int]]] = defaultdict(list)
    for gene in genes:
        interval = gene.interval
        spans[_bare(interval.chrom), gene.strand].append((interval.start, interval.end))
    return {key: _joined(of_key) for key, of_key in spans.items()}


def _bare(chrom: str) -> str:
    return "MT" if chrom in MITOCHONDRION else chrom.removeprefix("chr")


def promoters(path: str) -> list[Interval]:
    """Return the promoters in a file of genes: UPSTREAM to DOWNSTREAM bases of transcripts' starts.

    Raises:
        GenomeError: as `read_genes`.
    """
    found = []
    for transcript in read_genes(path).transcripts:
        at = transcript.start_site
        before, behind = UPSTREAM, DOWNSTREAM
        if transcript.strand == "-":
            before, behind = DOWNSTREAM - 1, UPSTREAM + 1
        found.append(Interval(transcript.interval.chrom, max(at - before, 0), at + behind))
    return found


def _joined(spans: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the spans (0-based, half-open) sorted and joined, shape (n, 2)."""
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return np.array(joined, np.int64)
