"""Sequences to make motifs of: FASTA, a `.seq.gz` table of ChIP-seq peaks, or a folder of those."""

from itertools import islice
from pathlib import Path

from regplug.errors import UNREADABLE, SequenceError
from regplug.genome.codes import Codes, encode

LETTERS = frozenset("ACGTUNRYSWKMBDHV-.*acgtunryswkmbdhv")  # IUPAC's for nucleotides, and gaps
LONGEST = 100_000  # bases


def read_codes(path: Path, protein: str, most: int) -> list[Codes]:
    """Return the codes (bases,) of the first `most` sequences of `path`.

    In a folder, those of the only file `<PROTEIN>_*_AC.seq.gz`; in a table, the bound ones only.

    Raises:
        SequenceError: there is no such file, it cannot be read, it has no bound sequence, or a
            sequence is not of nucleotides.
    """
    if path.is_dir() or path.name.endswith(".seq.gz"):
        return _peaks(path, protein, most)
    return _fasta(path, most)


def _peaks(path: Path, protein: str, most: int) -> list[Codes]:
    from regplug.data.sequences.chip import chip_file, read_chip

    try:
        file = chip_file(path, protein, "AC") if path.is_dir() else path
        peaks = read_chip(file)
    except FileNotFoundError as error:
        why = f"{error}" if path.is_dir() else f"no file {path}"
        raise SequenceError(f"{why}: give --sequences a file, or another folder") from error
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise SequenceError(
            f"{path} cannot be read as gzipped table with columns seq and Bound: {error}"
        ) from error
    bound = peaks.codes[peaks.bound][:most]
    if not len(bound):
        raise SequenceError(f"{file} has no bound sequence (Bound = 1): give another")
    return list(bound)


def _fasta(path: Path, most: int) -> list[Codes]:
    from regplug.scoring.sequences import read_fasta

    codes = []
    for name, letters in islice(read_fasta(str(path)), most):
        other = sorted(set(letters) - LETTERS)
        if other:
            raise SequenceError(
                f"{path}: sequence {name} has the letter {other[0]}, which is no nucleotide: "
                "give DNA or RNA"
            )
        if len(letters) > LONGEST:
            raise SequenceError(
                f"{path}: sequence {name} has {len(letters):,} bases, more than {LONGEST:,}: "
                "give the pieces that are bound"
            )
        codes.append(encode(letters))
    return codes
