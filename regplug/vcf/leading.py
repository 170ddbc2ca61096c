"""Annotated records ─lead→ Leading: the ALTs that are rarest for the models, a row each.

Rows stand by RP_Q, those without one last, then by |Z| of their top target.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import pysam

from regplug.genome.variant import Variant
from regplug.vcf.info import info_pairs
from regplug.vcf.leading_row import Genotype, Row, row_of
from regplug.vcf.recorded import Recorded
from regplug.vcf.records import variants_of


class Leading:
    """Collects rows, and keeps the first of them; what several files have, once.

    Attributes:
        counts: status → ALTs; `ranked` those that have a place.
    """

    def __init__(self, most: int) -> None:
        """Keep `most` rows."""
        self._most = most
        self._kept: dict[Variant, Row] = {}
        self.counts: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Take a row in."""
        other = self._kept.get(row.variant)
        if other is not None:
            best = min(other, row, key=lambda each: each.key)
            files = tuple(dict.fromkeys([*other.files, *row.files]))
            row = best._replace(files=files)
        self._kept[row.variant] = row
        if len(self._kept) > 2 * self._most + 100:
            self._kept = {kept.variant: kept for kept in self.rows}

    @property
    def rows(self) -> list[Row]:
        """Return the first rows, in order."""
        return heapq.nsmallest(self._most, self._kept.values(), key=lambda row: row.key)


def lead(
    records: Iterable[pysam.VariantRecord],
    said: Recorded,
    leading: Leading,
    *,
    name: str,
    sample: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> None:
    """Take the ALTs of annotated records into `leading`.

    Args:
        records: of a VCF, of which htslib knows the header.
        said: what the header says of the models that annotated it.
        leading: collects the rows.
        name: of the file.
        sample: whose ALTs count; "": all do.
        progress: called with 1 for each record.
    """
    models = [model.name for model in said.models if said.by(model.name) == "model"]
    for record in records:
        tags = dict(info_pairs(record))
        genotype = Genotype(record, sample)
        for at, variant in enumerate(variants_of(record)):
            if genotype.carries(at):
                values = {tag: _at(text, at) for tag, text in tags.items() if tag[:3] == "RP_"}
                status, row = row_of(variant, record.id or "", values, models, said.stems)
                leading.counts[status] += 1
                if row:
                    leading.add(row._replace(genotype=genotype.text, files=(name,)))
        progress(1)


def _at(text: str, at: int) -> str:
    parts = text.split(",")
    return parts[at] if at < len(parts) else "."


def columns(sample: str) -> Iterator[str]:
    """Yield the names of the table's columns."""
    yield from ("rank", "chrom", "pos", "id", "ref", "alt", "q", "model", "target", "z", "act")
    yield from ("gene", "tss_distance", *(["genotype"] if sample else []), "files")


def cells(place: int, row: Row, sample: str) -> Iterator[str]:
    """Yield the cells of a row whose rank is `place`, from 1; `.` where there is nothing."""
    v = row.variant
    yield from (str(place), v.chrom, str(v.pos), row.id or ".", v.ref, v.alt)
    yield from (_shown(row.q), row.model, row.target, _shown(row.z), _shown(row.act))
    yield from (row.gene or ".", _shown(row.distance))
    if sample:
        yield row.genotype or "."
    yield ",".join(row.files)


def _shown(number: float | None) -> str:
    if number is None:
        return "."
    return str(number) if isinstance(number, int) else f"{number:.6g}"
