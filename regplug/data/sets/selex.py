"""HT-SELEX reads of the last cycle ─prepare_selex→ TrainingSet, with dinucleotide shuffles."""

from pathlib import Path

from regplug.data.sequences.records import NO_BASE, known_bases, read_records, to_codes
from regplug.data.sets.folds import with_shuffles
from regplug.data.sets.training import SetCard, TrainingSet
from regplug.errors import DataError
from regplug.files.sources import sources_of


def prepare_selex(
    path: Path, *, length: int | None = None, folds: int = 3, seed: int = 0
) -> TrainingSet:
    """Return the reads in `path`, a FASTA or FASTQ, and a shuffle of each, in the same fold.

    A read that was sequenced several times counts as often, and all its copies share a fold.

    Raises:
        DataError: the data cannot be read or do not suffice.
    """
    codes = to_codes(path, list(read_records(path)), length)
    known = known_bases(codes)
    if not known.any():
        raise DataError(f"no read of {path} holds a known base")
    positives = codes[known]
    codes, targets, fold = with_shuffles(positives, folds=folds, seed=seed)
    lost = int((~known).sum())
    card = SetCard(
        form="selex",
        kind="classification",
        strand="both",
        length=codes.shape[1],
        rows=len(codes),
        positives=len(positives),
        negatives="shuffles",
        folds=folds,
        seed=seed,
        sources=sources_of([path]),
        dropped={NO_BASE: lost} if lost else {},
    )
    return TrainingSet(codes, targets, fold, card)
