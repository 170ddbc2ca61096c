"""An annotated VCF, annotated again and compared: records ─Replay.write→ Differences.

Numbers are compared as the VCF has them, with six significant digits.
"""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pysam

from regplug.hooks.writer import Batch
from regplug.vcf.records import info_pairs, texts_of

SHOWN = 20  # differences that are kept


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
    """

    def __init__(self, tolerance: float = 0.0) -> None:
        """Let numbers pass that differ by `tolerance` at most."""
        self._tolerance = tolerance
        self.count, self.largest = 0, 0.0
        self.shown: list[Difference] = []

    def write(self, batch: Batch) -> None:
        """Compare the records of a batch."""
        for record, first in zip(batch.records, batch.first, strict=True):
            replayed = texts_of(batch.columns, first, len(record.alts or ()))
            written = dict(info_pairs(record))
            for tag in batch.columns:
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


def _apart(written: str, replayed: str) -> float:
    """Return by how much two values differ: 0 if not at six digits, inf where one is no number."""
    if written == replayed:
        return 0.0
    try:
        numbers = [float(f"{float(text):.6g}") for text in (written, replayed)]
    except ValueError:
        return float("inf")
    return abs(numbers[0] - numbers[1])


class Sample:
    """Records drawn from a file, in its order.

    Attributes:
        total: records of the file, once all were read.
    """

    def __init__(
        self, records: Iterable[pysam.VariantRecord], count: int | None, seed: int
    ) -> None:
        """Draw `count` of `records` (None: take all) by `seed`."""
        self._records, self._count, self._random = records, count, random.Random(seed)
        self.total = 0

    def __iter__(self) -> Iterator[pysam.VariantRecord]:
        """Yield the records.

        Source of the algorithm: Vitter 1985, "Random sampling with a reservoir", algorithm R.
        """
        if self._count is None:
            for record in self._records:
                self.total += 1
                yield record
            return
        kept: list[tuple[int, pysam.VariantRecord]] = []
        for record in self._records:
            if len(kept) < self._count:
                kept.append((self.total, record))
            elif (at := self._random.randrange(self.total + 1)) < self._count:
                kept[at] = (self.total, record)
            self.total += 1
        for _, record in sorted(kept, key=lambda pair: pair[0]):
            yield record
