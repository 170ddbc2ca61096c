"""An ALT of an annotated record ─row_of→ Row: its place among others, and what the table says."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

import pysam

from regplug.errors import VariantFileError
from regplug.genome.variant import Status, Variant
from regplug.scoring.adapter import tag

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


class Genotype(NamedTuple):
    """What a sample has at a record; without a sample, it has all ALTs."""

    record: pysam.VariantRecord
    sample: str

    def carries(self, at: int) -> bool:
        """Tell whether the sample has the ALT `at`, counted from 0."""
        return not self.sample or at + 1 in self._alleles

    @property
    def text(self) -> str:
        """Return it as in the VCF."""
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


class _Tags(NamedTuple):
    """The tags of an ALT: their texts."""

    variant: Variant
    texts: Mapping[str, str]

    def text(self, tag: str) -> str:
        """Return a text as it was before its reserved characters were coded; "" for none."""
        found = self.texts.get(tag, ".")
        return "" if found == "." else unquote(found)

    def number(self, tag: str) -> float | None:
        """Return a number.

        Raises:
            VariantFileError: it is none.
        """
        text = self.text(tag)
        try:
            return float(text) if text else None
        except ValueError as error:
            raise VariantFileError(f"{self.variant}: {tag} is no number but {text}") from error


def row_of(
    variant: Variant,
    name: str,
    texts: Mapping[str, str],
    models: Sequence[str],
    assays: Sequence[str] = (),
) -> tuple[str, Row | None]:
    """Return `ranked` and an ALT's row, or why it has none.

    Args:
        variant: the ALT.
        name: ID of its record, or "".
        texts: tag → its text for this ALT.
        models: that annotated it.
        assays: what the tags of assays begin with, as RP_DNASE_SEQ.

    Raises:
        VariantFileError: a tag is damaged.
    """
    tags = _Tags(variant, texts)
    if variant.alt == ".":  # annotate gives it no tags
        return str(Status.MISSING), None
    stems = [*map(tag, models), *assays]
    top = _top(tags, [*_of_models(tags, models), *_of_assays(tags, assays)])
    if top is None:
        return _status(tags, stems), None
    distance = tags.number("RP_TSS_DISTANCE")
    return RANKED, Row(
        variant,
        name,
        top.model,
        top.target,
        tags.number("RP_Q"),
        tags.number(f"{top.stem}__Z"),
        tags.number(f"{top.stem}__ACT"),
        tags.text("RP_GENE"),
        None if distance is None else int(distance),
        "",
        (),
    )


class _Found(NamedTuple):
    """A most extreme target, and what the tags that tell of it begin with."""

    stem: str
    model: str
    target: str


def _of_models(tags: _Tags, models: Sequence[str]) -> Iterator[_Found]:
    for model in models:
        if target := tags.text(f"{tag(model)}__TOP"):
            yield _Found(tag(model), model, target)


def _of_assays(tags: _Tags, assays: Sequence[str]) -> Iterator[_Found]:
    for stem in assays:
        if top := tags.text(f"{stem}__TOP"):
            model, _, target = top.partition(":")
            yield _Found(stem, model, target)


def _top(tags: _Tags, found: Sequence[_Found]) -> _Found | None:
    """Return the target of RP_TOP; without it, that of the largest |Z|."""
    if top := tags.text("RP_TOP"):
        model, _, target = top.partition(":")
        same = (each for each in found if each[1:] == (model, target))
        return next(same, _Found(tag(model), model, target))
    return max(found, key=lambda each: abs(tags.number(f"{each.stem}__Z") or 0.0), default=None)


def _status(tags: _Tags, stems: Sequence[str]) -> str:
    """Return why an ALT has no place."""
    own = tags.text("RP_STATUS")
    if own != "ok":
        return own or "not annotated"
    others = (tags.text(f"{stem}__STATUS") for stem in stems)
    return next((status for status in others if status not in ("", "ok")), "without a score")
