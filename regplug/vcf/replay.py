"""An annotated VCF, annotated again and compared: records ─Replay.write→ Differences.

Numbers are compared as the VCF has them, with six significant digits.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

import pysam

from regplug.hooks.writer import Batch
from regplug.scoring.carried import Phase
from regplug.vcf.info import info_pairs, texts_of
from regplug.vcf.phased_records import PhasedRecord

Read = TypeVar("Read", pysam.VariantRecord, PhasedRecord)
SHOWN = 20  # differences that are kept
_OF_HAPLOTYPES = re.compile(".+__(PHASE|HAP|JOINT[12](_TOP|_N)?)")


class Difference(NamedTuple):
    """A value that is not what replaying gives.

    Attributes:
        place: CHROM:POS REF>ALT of the record.
        tag: of INFO.
        written: its text in the VCF, a value per ALT; "." where it is missing.
        replayed: the text that it should have.
    """

    place: str
    tag: str
    written: str
    replayed: str


class Replay:
    """Takes scored batches in place of a writer, and compares.

    Attributes:
        count: of values that differ, a tag of a record each.
        shown: the first SHOWN of them.
        largest: the largest absolute difference of two numbers.
        beyond: records whose values of haplotypes depend on ALTs that are not in the file.
    """

    def __init__(self, tolerance: float = 0.0) -> None:
        """Let numbers pass that differ by `tolerance` at most."""
        self._tolerance = tolerance
        self.count, self.largest, self.beyond = 0, 0.0, 0
        self.shown: list[Difference] = []

    def write(self, batch: Batch) -> None:
        """Compare the records of a batch."""
        for record, first in zip(batch.records, batch.first, strict=True):
            replayed = texts_of(batch.columns, first, len(record.alts or ()))
            written = dict(info_pairs(record))
            beyond = _beyond(written)
            self.beyond += bool(beyond)
            for tag in batch.columns:
                if beyond and _OF_HAPLOTYPES.fullmatch(tag) and tag.startswith(beyond):
                    continue
                self._compare(record, tag, written.get(tag, "."), replayed.get(tag, "."))

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _compare(self, record: pysam.VariantRecord, tag: str, written: str, replayed: str) -> None:
        if written == replayed or (written.strip(".,") == replayed.strip(".,") == ""):
            return
        pairs = list(zip(written.split(","), replayed.split(","), strict=False))
        apart = [_apart(*pair) for pair in pairs]
        if written.count(",") == replayed.count(",") and max(apart) <= self._tolerance:
            return
        self.count += 1
        self.largest = max([self.largest, *(d for d in apart if d != float("inf"))])
        if len(self.shown) < SHOWN:
            alts = ",".join(record.alts or ("."))
            place = f"{record.contig}:{record.pos} {record.ref}>{alts}"
            self.shown.append(Difference(place, tag, written, replayed))


def _beyond(written: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the tags begin with of models that say so of one of a record's ALTs."""
    return tuple(
        tag.removesuffix("_PHASE")
        for tag, text in written.items()
        if tag.endswith("__PHASE") and Phase.OUTSIDE in text.split(",")
    )


def _apart(written: str, replayed: str) -> float:
    """Return by how much two values differ: 0 if not at six digits, inf where one is no number."""
    if written == replayed:
        return 0.0
    try:
        numbers = [float(f"{float(text):.6g}") for text in (written, replayed)]
    except ValueError:
        return float("inf")
    return abs(numbers[0] - numbers[1])


class Sample(Generic[Read]):
    """Records drawn from a file, in its order.

    Attributes:
        total: records of the file, once all were read.
    """

    def __init__(self, records: Iterable[Read], count: int | None, seed: int) -> None:
        """Draw `count` of `records` (None: take all) by `seed`."""
        self._records: Iterable[Read] = records
        self._count, self._random = count, random.Random(seed)
        self.total = 0

    def __iter__(self) -> Iterator[Read]:
        """Yield the records.

        Source of the algorithm: Vitter 1985, "Random sampling with a reservoir", algorithm R.
        """
        if self._count is None:
            for record in self._records:
                self.total += 1
                yield record
            return
        kept: list[tuple[int, Read]] = []
        for record in self._records:
            if len(kept) < self._count:
                kept.append((self.total, record))
            elif (at := self._random.randrange(self.total + 1)) < self._count:
                kept[at] = (self.total, record)
            self.total += 1
        for _, record in sorted(kept, key=lambda pair: pair[0]):
            yield record
