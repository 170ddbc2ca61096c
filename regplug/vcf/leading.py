"""Annotated records ─lead→ Leading: the ALTs that are rarest for the models, a row each.

Rows stand by RP_Q, those without one last, then by |Z| of their top target.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import pysam

from regplug.genome.variant import Status, Variant
from regplug.scoring.adapter import tag
from regplug.vcf.records import info_pairs, variants_of

RANKED = "ranked"  # beside the statuses, of an ALT that has a place


class Row(NamedTuple):
    """An ALT with its place.

    Attributes:
        variant: as it stands in the record.
        id: of the record, or "".
        model: that is meant by RP_TOP.
        target: its most extreme.
        q: RP_Q, or None.
        z: of the target, in its spreads, or None.
        act: percentile of the stronger allele's score, or None.
        gene: RP_GENE, or "".
        distance: RP_TSS_DISTANCE, or None.
        genotype: of the sample that is asked for, or "".
        files: that have it.
    """

    variant: Variant
    id: str
    model: str
    target: str
    q: float | None
    z: float | None
    act: float | None
    gene: str
    distance: int | None
    genotype: str
    files: tuple[str, ...]

    @property
    def key(self) -> tuple[float, float]:
        """Return what rows are sorted by."""
        return (math.inf if self.q is None else self.q, -abs(self.z or 0.0))


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
    models: Sequence[str],
    leading: Leading,
    *,
    name: str,
    sample: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> None:
    """Take the ALTs of annotated records into `leading`.

    Args:
        records: of a VCF, of which htslib knows the header.
        models: that annotated it.
        leading: collects the rows.
        name: of the file.
        sample: whose ALTs count; "": all do.
        progress: called with 1 for each record.
    """
    for record in records:
        tags = dict(info_pairs(record))
        genotype = _Genotype(record, sample)
        for at, variant in enumerate(variants_of(record)):
            if genotype.carries(at):
                values = {tag: _at(text, at) for tag, text in tags.items() if tag[:3] == "RP_"}
                status, row = _row(variant, record.id or "", values, models)
                leading.counts[status] += 1
                if row:
                    leading.add(row._replace(genotype=genotype.text, files=(name,)))
        progress(1)


class _Genotype(NamedTuple):
    """What a sample has at a record; without a sample, it has all ALTs."""

    record: pysam.VariantRecord
    sample: str

    def carries(self, at: int) -> bool:
        """Tell whether the sample has the ALT `at`, counted from 0."""
        return not self.sample or at + 1 in self._alleles

    @property
    def text(self) -> str:
        if not self.sample:
            return ""
        bar = "|" if self.record.samples[self.sample].phased else "/"
        return bar.join("." if allele is None else str(allele) for allele in self._alleles)

    @property
    def _alleles(self) -> tuple[int | None, ...]:
        if "GT" not in self.record.format:
            return ()
        found: tuple[int | None, ...] = self.record.samples[self.sample].allele_indices or ()
        return found


def _row(
    variant: Variant, name: str, values: dict[str, str], models: Sequence[str]
) -> tuple[str, Row | None]:
    """Return `ranked` and an ALT's row, or why it has none."""
    if variant.alt == ".":  # annotate gives it no tags
        return str(Status.MISSING), None
    model, target = _top(values, models)
    if not target:
        return _status(values, models), None
    stem = tag(model)
    distance = _number(values.get("RP_TSS_DISTANCE"))
    return RANKED, Row(
        variant,
        name,
        model,
        target,
        _number(values.get("RP_Q")),
        _number(values.get(f"{stem}__Z")),
        _number(values.get(f"{stem}__ACT")),
        _text(values.get("RP_GENE")),
        None if distance is None else int(distance),
        "",
        (),
    )


def _top(values: dict[str, str], models: Sequence[str]) -> tuple[str, str]:
    """Return the model and target of RP_TOP; without it, those of the largest |Z|."""
    if top := _text(values.get("RP_TOP")):
        model, _, target = top.partition(":")
        return model, target
    found = [
        (abs(_number(values.get(f"{tag(model)}__Z")) or 0.0), model, target)
        for model in models
        if (target := _text(values.get(f"{tag(model)}__TOP")))
    ]
    return max(found, key=lambda each: each[0])[1:] if found else ("", "")


def _status(values: dict[str, str], models: Sequence[str]) -> str:
    """Return why an ALT has no place."""
    own = _text(values.get("RP_STATUS"))
    if own != "ok":
        return own or "not annotated"
    of_models = (_text(values.get(f"{tag(model)}__STATUS")) for model in models)
    return next((status for status in of_models if status not in ("", "ok")), "without a score")


def _at(text: str, at: int) -> str:
    parts = text.split(",")
    return parts[at] if at < len(parts) else "."


def _text(value: str | None) -> str:
    """Return a text of INFO as it was before its reserved characters were coded; "" for none."""
    if value is None or value == ".":
        return ""
    return _coded(value)


def _coded(value: str) -> str:
    for code, letter in _CODES.items():
        value = value.replace(code, letter)
    return value


_CODES = {f"%{ord(letter):02X}": letter for letter in ";=, \t\n"} | {"%25": "%"}


def _number(value: str | None) -> float | None:
    return None if value is None or value == "." else float(value)


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
