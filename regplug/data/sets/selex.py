"""Reads of a selection (HT-SELEX) ─prepare_selex→ TrainingSet, beside shuffles or a background."""

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np

from regplug.data.sequences.reads import read_reads
from regplug.data.sequences.records import NO_BASE, known_bases, to_codes
from regplug.data.sets.bound import BOTH_CLASSES
from regplug.data.sets.folds import assign_by_class, same_sequences, with_shuffles
from regplug.data.sets.training import SetCard, TrainingSet
from regplug.errors import DataError
from regplug.files.sources import sources_of
from regplug.genome.codes import Codes

COPIES = "copies of another read"


def prepare_selex(
    path: Path,
    *,
    background: Path | None = None,
    strand: Literal["both", "forward"] = "both",
    distinct: bool = False,
    length: int | None = None,
    folds: int = 3,
    seed: int = 0,
) -> TrainingSet:
    """Return the reads in `path` as bound, and as unbound a shuffle of each, or a background.

    A read that was sequenced several times counts as often, and all its copies share a fold, as
    a read and its shuffle do.

    Args:
        path: reads of the last cycle; see `read_reads`.
        background: reads that were not selected, those of the first library; a read that stands
            in both files is dropped.
        strand: both for DNA, forward for RNA.
        distinct: each read counts once.
        length: bases of each read.
        folds: of cross-validation.
        seed: of folds and shuffles.

    Raises:
        DataError: the data cannot be read or do not suffice.
    """
    dropped: Counter[str] = Counter()
    codes = _codes(path, length, distinct, dropped)
    if background is None:
        codes, targets, fold = with_shuffles(
            codes, folds=folds, seed=seed, both_strands=strand == "both"
        )
    else:
        unbound = _codes(background, length, distinct, dropped)
        if unbound.shape[1] != codes.shape[1]:
            raise DataError(
                f"reads of {path} have {codes.shape[1]} bases, those of {background} "
                f"{unbound.shape[1]}: give --length"
            )
        targets = np.repeat(np.array([1, 0], np.float32), [len(codes), len(unbound)])
        codes = np.concatenate([codes, unbound])
        groups = same_sequences(codes, both_strands=strand == "both")
        both = np.isin(groups, np.intersect1d(groups[targets == 1], groups[targets == 0]))
        dropped[BOTH_CLASSES] = int(both.sum())
        codes, targets, groups = codes[~both], targets[~both], groups[~both]
        fold = assign_by_class(groups, targets == 1, folds=folds, seed=seed)
    card = SetCard(
        form="selex",
        kind="classification",
        strand=strand,
        length=codes.shape[1],
        rows=len(codes),
        positives=int(targets.sum(dtype=np.float64)),
        negatives="given" if background else "shuffles",
        folds=folds,
        seed=seed,
        sources=sources_of([path, background] if background else [path]),
        dropped={why: count for why, count in dropped.items() if count},
    )
    return TrainingSet(codes, targets, fold, card)


def _codes(path: Path, length: int | None, distinct: bool, dropped: Counter[str]) -> Codes:
    """Return the codes of reads with known bases, each once if `distinct`; count what is dropped.

    Raises:
        DataError: no read has a known base.
    """
    codes = to_codes(path, list(read_reads(path)), length)
    known = known_bases(codes)
    if not known.any():
        raise DataError(f"no read of {path} holds a known base")
    dropped[NO_BASE] += int((~known).sum())
    codes = codes[known]
    if distinct:
        groups = same_sequences(codes, both_strands=False)
        first = np.sort(np.unique(groups, return_index=True)[1])
        dropped[COPIES] += len(codes) - len(first)
        codes = codes[first]
    return codes
