"""A file of genes ─read_genes→ Genes: where they lie, and where they begin; GTF, GFF3 or BED12."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import unquote

from regplug.errors import UNREADABLE, GenomeError
from regplug.files.lines import lines_in
from regplug.genome.regions import position
from regplug.genome.variant import Interval

Strand = Literal["+", "-"]
# Where a gene's name stands, the symbol first: GENCODE's, NCBI's and SGD's, GFF3's, Ensembl's.
NAMES = ("gene_name", "gene", "Name", "gene_id", "ID")
_PARTS = re.compile(r"exon|CDS|intron|.*UTR|.*codon.*", re.IGNORECASE)
_GTF = re.compile(r'\b(\w+) (?:"([^"]*)"|([^;\s]+))')
_GFF3 = re.compile(r'\s*[^\s;="]+=')


class Transcript(NamedTuple):
    """A transcript, or a gene whose transcripts the file does not have.

    Attributes:
        interval: from its first base to its last, 0-based and half-open.
        strand: that is transcribed.
        gene: the gene's name.
    """

    interval: Interval
    strand: Strand
    gene: str

    @property
    def start_site(self) -> int:
        """Return the 0-based position of its first transcribed base."""
        return self.interval.start if self.strand == "+" else self.interval.end - 1


class Genes(NamedTuple):
    """What a file of genes holds.

    Attributes:
        transcripts: each with its own start.
        genes: the genes as wholes, or the transcripts where the file has no genes.
    """

    transcripts: list[Transcript]
    genes: list[Transcript]


class _Feature(NamedTuple):
    """A line of a GTF or GFF3: what it is, where, and its attributes."""

    kind: str
    interval: Interval
    strand: str
    attributes: Mapping[str, str]


def read_genes(path: str) -> Genes:
    """Return the genes of a GTF, GFF3 or BED of 6 columns and more, plain or gzipped.

    What it is, the first line tells. Of a GTF the lines `gene` and `transcript` are read; of a GFF3
    the genes and all that has a gene as its parent, but exons, CDS, UTRs and codons; of a BED each
    line is a transcript, named as in column 4. What has no strand is passed over.

    Raises:
        GenomeError: the file cannot be read, or has no genes; the message names the line.
    """
    try:
        rows = (
            (number, line.split("\t"))
            for number, line in enumerate(lines_in(path), start=1)
            if line.strip() and not line.startswith(("#", "track", "browser"))
        )
        found = _read(rows)
    except UNREADABLE as error:
        raise GenomeError(f"cannot read the genes in {path}: {error}") from error
    if not found.transcripts:
        raise GenomeError(f"{path} has no genes with a strand: is it a GTF, GFF3 or BED12?")
    return found


def _read(rows: Iterable[tuple[int, list[str]]]) -> Genes:
    bed: list[Transcript] = []
    features: list[_Feature] = []
    for number, cells in rows:
        if len(cells) >= 8 and position(cells[1]) is None:
            features += _feature(cells, number)
        elif len(cells) >= 6:
            start, end = _span(cells[1], cells[2], number, 0)
            bed += _transcript(_Feature("", Interval(cells[0], start, end), cells[5], {}), cells[3])
        else:
            raise ValueError(f"line {number} has {len(cells)} columns, and no strand")
    return Genes(bed, bed) if bed else _of_features(features)


def _feature(cells: list[str], number: int) -> list[_Feature]:
    """Return the line of a GTF or GFF3, if it may be a gene or a transcript."""
    kind, attributes = cells[2], cells[8] if len(cells) > 8 else ""
    if _PARTS.fullmatch(kind):
        return []
    start, end = _span(cells[3], cells[4], number, 1)
    return [_Feature(kind, Interval(cells[0], start, end), cells[6], _attributes(attributes))]


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of a line: KEY=VALUE of a GFF3, or KEY "VALUE" of a GTF."""
    if _GFF3.match(text):
        pairs = (part.partition("=") for part in text.split(";"))
        return {key.strip(): unquote(value) for key, _, value in pairs}
    return {key: quoted or plain for key, quoted, plain in _GTF.findall(text)}


def _of_features(features: list[_Feature]) -> Genes:
    by_id = {f.attributes["ID"]: f for f in features if f.kind.endswith("gene") and _has_id(f)}
    genes, transcripts, with_transcripts = [], [], set()
    for feature in features:
        parent = feature.attributes.get("Parent", "")
        of_gtf = feature.kind == "transcript" and "Parent" not in feature.attributes
        if of_gtf or parent in by_id:
            name = _name(by_id[parent]) if parent in by_id else _name(feature)
            transcripts += _transcript(feature, name)
            with_transcripts.add(name)
        elif feature.kind.endswith("gene"):
            genes += _transcript(feature, _name(feature))
    alone = [gene for gene in genes if gene.gene not in with_transcripts]
    return Genes([*transcripts, *alone], genes or transcripts)


def _has_id(feature: _Feature) -> bool:
    return "ID" in feature.attributes


def _transcript(feature: _Feature, gene: str) -> list[Transcript]:
    """Return a transcript, if its strand is known."""
    if feature.strand not in ("+", "-"):
        return []
    return [Transcript(feature.interval, "+" if feature.strand == "+" else "-", gene)]


def _name(feature: _Feature) -> str:
    found = next((feature.attributes[key] for key in NAMES if feature.attributes.get(key)), ".")
    return found.removeprefix("gene:").removeprefix("gene-")


def _span(first: str, last: str, number: int, base: int) -> tuple[int, int]:
    """Return start (0-based) and end; `base` is what the file counts its first base as."""
    start, end = position(first), position(last)
    if start is None or end is None or not base <= start < end + base:
        raise ValueError(f"line {number}: {first[:20]} to {last[:20]} is no span")
    return start - base, end
