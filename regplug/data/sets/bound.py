"""Bound and unbound RNA (CLIP) ─prepare_bound→ TrainingSet, forward strand only."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.data.sequences.records import NO_BASE, Record, known_bases, read_records, to_codes
from regplug.data.sets.folds import assign_by_class, same_sequences
from regplug.data.sets.training import SetCard, TrainingSet
from regplug.errors import DataError
from regplug.files.sources import sources_of
from regplug.genome.codes import encode

BOTH_SPLITS = "in both splits"
BOTH_CLASSES = "in both classes"
_CLASS = re.compile(r"\bclass:\s*(\S+)")


class LabelledRecord(NamedTuple):
    """A record and its class."""

    record: Record
    bound: bool


def prepare_bound(
    path: Path,
    *,
    apart_from: Sequence[Path] = (),
    length: int | None = None,
    folds: int = 3,
    seed: int = 0,
) -> TrainingSet:
    """Return the sequences of a FASTA with class:1 (bound) or class:0 in each header.

    Sequences that have both classes, or stand in the other split too, are dropped. The copies of a
    sequence share a fold; each class is spread evenly over the folds.

    Args:
        path: the FASTA.
        apart_from: FASTAs of the other split.
        length: bases of each sequence; without it, all must be equally long.
        folds: of cross-validation.
        seed: of the folds.

    Raises:
        DataError: the data cannot be read, hold one class only, or do not suffice.
    """
    labelled = read_labelled_records(path)
    codes = to_codes(path, [record for record, _ in labelled], length)
    keys = [_key(record) for record, _ in labelled]
    elsewhere = {_key(record) for other in apart_from for record in read_records(other)}
    pairs = {(key, bound) for key, (_, bound) in zip(keys, labelled, strict=True)}
    classes = Counter(key for key, _ in pairs)  # how many classes a sequence has: 1 or 2
    known = known_bases(codes)
    reasons = np.array([_why(key, known[i], classes, elsewhere) for i, key in enumerate(keys)])
    kept = reasons == ""
    bound = np.array([bound for _, bound in labelled])[kept]
    if bound.all() or not bound.any():  # also if nothing is left
        lost = f", after {int((~kept).sum())} were dropped" if not kept.all() else ""
        raise DataError(f"{path} holds fewer than two classes{lost}: it takes class:0 and class:1")
    card = SetCard(
        form="bound",
        kind="classification",
        strand="forward",
        length=codes.shape[1],
        rows=len(bound),
        positives=int(bound.sum()),
        negatives="given",
        folds=folds,
        seed=seed,
        sources=sources_of([path, *apart_from]),
        dropped={str(why): int((reasons == why).sum()) for why in np.unique(reasons[~kept])},
    )
    codes = codes[kept]
    groups = same_sequences(codes, both_strands=False)
    fold = assign_by_class(groups, bound, folds=folds, seed=seed)
    return TrainingSet(codes, bound.astype(np.float32), fold, card)


def read_labelled_records(path: Path) -> list[LabelledRecord]:
    """Return the records of a FASTA, each with the class in its header.

    Raises:
        DataError: as `read_records`; a header without class:0 or class:1.
    """
    labelled = []
    for record in read_records(path):
        bound = class_of(record.header)
        if bound is None:
            raise DataError(
                f"{path}, line {record.line}: neither class:0 nor class:1 in {record.header[:60]!r}"
            )
        labelled.append(LabelledRecord(record, bound))
    return labelled


def class_of(header: str) -> bool | None:
    """Return True for class:1 in a header, False for class:0, None for neither."""
    match = _CLASS.search(header)
    return {"0": False, "1": True}.get(match[1]) if match else None


def _key(record: Record) -> bytes:
    """Return the sequence's codes as bytes: the same as DNA and RNA, in upper and lower case."""
    return encode(record.letters).tobytes()


def _why(key: bytes, known: np.bool_, classes: Counter[bytes], elsewhere: set[bytes]) -> str:
    """Return why a record is dropped, or ""."""
    if not known:
        return NO_BASE
    if key in elsewhere:
        return BOTH_SPLITS
    return BOTH_CLASSES if classes[key] > 1 else ""
