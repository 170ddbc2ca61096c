"""A VCF with scores, for others' ALTs: Examined ─Lookup.found→ their values ─filled→ columns."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from urllib.parse import unquote

import numpy as np
import pysam

from regplug.errors import VariantFileError
from regplug.files.unchanged import Unchanged, changed
from regplug.genome.fasta import Genome
from regplug.genome.regions import merged
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.adapter import InfoField, Values, tag
from regplug.scoring.effects import Scores
from regplug.scoring.examined import Examined
from regplug.scoring.model import Model
from regplug.vcf.index import require_index
from regplug.vcf.recorded import recorded
from regplug.vcf.records import VariantReader

_GAP = 200  # bases between two ALTs that are read over: to find the second costs as much
_PIECE = 1 << 12  # bases whose records are in memory at once
Value = float | int | str | None
Found = dict[int, dict[str, Value]]  # index of an ALT → tag → its value


class Lookup:
    """A table of `regplug precompute`, or any bgzipped VCF that regplug annotated, with its index.

    Attributes:
        path: of the file.
        recorded: what its header says of the runs that made it.
        filled: how many ALTs were found in it.
    """

    def __init__(self, path: str, genome: Genome) -> None:
        """Open the file at `path`; `genome` tells which names of contigs mean the same.

        Raises:
            VariantFileError: there is no such file, it has no index, or regplug has not annotated
                it.
        """
        self.path, self.filled, self._genome = path, 0, genome
        with closing(VariantReader(path)) as reader:
            self.recorded = recorded(reader.header_text)
        require_index(path)
        self._lock, self._unchanged = threading.Lock(), Unchanged(path)
        verbosity = pysam.set_verbosity(0)
        try:
            self._file = pysam.TabixFile(path, encoding="utf-8")
        except (OSError, ValueError) as error:
            raise VariantFileError(
                f"nothing can be looked up in {path}, which is no bgzipped VCF: make one of it "
                "with bcftools view -Oz, and bcftools index -t"
            ) from error
        finally:
            pysam.set_verbosity(verbosity)
        self._contigs = {genome.contig(name) or name: name for name in self._file.contigs}

    def found(
        self, examined: Sequence[Examined], fields: Sequence[InfoField], models: Sequence[Model]
    ) -> Found:
        """Return the values of `fields` of the ALTs that are in the file, scored by each model.

        Raises:
            VariantFileError: the file is damaged.
        """
        named = [self._named(allele) for allele in examined]
        values = self._values({variant for variant in named if variant}, fields)
        statuses = [f"{tag(model.card.name)}__STATUS" for model in models]
        there = {
            at: values[variant]
            for at, variant in enumerate(named)
            if variant in values and all(values[variant][status] for status in statuses)
        }
        self.filled += len(there)
        return there

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _named(self, allele: Examined) -> Variant | None:
        """Return an ALT as the file calls its contig, or None if it cannot be there.

        One that is no sequence is not looked up: ALT alone does not tell how far it goes.
        """
        variant = allele.variant
        contig = self._contigs.get(self._genome.contig(variant.chrom) or "")
        if allele.status is not Status.OK or allele.edit or contig is None:
            return None
        return Variant(contig, variant.pos, variant.ref, variant.alt)

    def _values(
        self, wanted: set[Variant], fields: Sequence[InfoField]
    ) -> dict[Variant | None, dict[str, Value]]:
        values: dict[Variant | None, dict[str, Value]] = {}
        places = {(variant.chrom, str(variant.pos)) for variant in wanted}
        for line in chain.from_iterable(map(self._lines, _stretches(wanted))):
            chrom, pos, *rest = line.split("\t", 8)
            if (chrom, pos) in places:
                try:
                    _, ref, alts, _, _, info, *_ = rest
                    for at, alt in enumerate(alts.upper().split(",")):
                        variant = Variant(chrom, int(pos), ref.upper(), alt)
                        if variant in wanted:
                            values.setdefault(variant, _values_of(info, at, fields))
                except (ValueError, IndexError) as error:
                    raise VariantFileError(
                        f"{self.path} is damaged at {chrom}:{pos} ({error}): make it again"
                    ) from error
        return values

    def _lines(self, stretch: Interval) -> list[str]:
        """Return the lines of the records that overlap a stretch."""
        try:
            with self._lock:
                lines = list(self._file.fetch(stretch.chrom, stretch.start, stretch.end))
        except (OSError, ValueError) as error:
            raise VariantFileError(
                f"{self.path} cannot be read at {stretch}: it is damaged, or its index is of "
                f"another file; make it again ({error})"
            ) from error
        if self._unchanged.is_changed:
            raise VariantFileError(changed(self.path))
        return lines


def filled(columns: Mapping[str, Values], found: Found, alts: int) -> dict[str, Values]:
    """Return columns of `alts` values: those that were found, and between them the computed ones.

    Args:
        columns: tag → values of the ALTs that were not found, in order.
        found: those of the others.
        alts: how many there are together.
    """
    computed = [at for at in range(alts) if at not in found]
    whole: dict[str, Values] = {}
    for name, values in columns.items():
        by_alt = {at: of_alt.get(name) for at, of_alt in found.items()}
        by_alt |= dict(zip(computed, values, strict=True))
        whole[name] = [by_alt[at] for at in range(alts)]  # type: ignore[assignment]
    return whole


def filled_scores(scores: Scores, model: Model, found: Found, alts: int) -> Scores:
    """Return scores of `alts` ALTs, in which those that were found have a status and no numbers."""
    computed = [at for at in range(alts) if at not in found]
    ref, alt = np.full((2, alts, scores.ref.shape[1]), np.nan, np.float32)
    ref[computed], alt[computed] = scores.ref, scores.alt
    statuses = dict(zip(computed, scores.status, strict=True))
    own = f"{tag(model.card.name)}__STATUS"
    statuses |= {at: Status(str(of_alt[own])) for at, of_alt in found.items()}
    return Scores(ref, alt, [statuses[at] for at in range(alts)])


def _stretches(wanted: set[Variant]) -> Iterator[Interval]:
    """Yield where variants begin, joined over gaps of up to _GAP bases, in pieces of _PIECE."""
    starts = (Interval(v.chrom, v.start, v.start + 1 + _GAP) for v in wanted)
    for joined in merged(sorted(starts, key=lambda i: (i.chrom, i.start))):
        for start in range(joined.start, joined.end - _GAP, _PIECE):
            yield Interval(joined.chrom, start, min(start + _PIECE, joined.end - _GAP))


def _values_of(info: str, at: int, fields: Sequence[InfoField]) -> dict[str, Value]:
    """Return tag → value of an ALT, the `at`-th of its record."""
    texts = dict(pair.partition("=")[::2] for pair in info.split(";"))
    return {field.id: _value(field, texts.get(field.id, "."), at) for field in fields}


def _value(field: InfoField, text: str, at: int) -> Value:
    """Return the `at`-th value of a tag; None where it is missing."""
    word = "." if text == "." else text.split(",")[at]
    if word == ".":
        return None
    if field.id.endswith("__STATUS"):
        return Status(word)
    if field.type == "String":
        return unquote(word)  # as `records` has quoted it
    return float(word) if field.type == "Float" else int(word)
