"""Windows of a genome, some to train on and some to test on ─random_pieces→ codes of pieces."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regplug.errors import UNREADABLE, DataError
from regplug.files.lines import lines_in
from regplug.genome.codes import UNKNOWN, Codes, encode
from regplug.scoring.sequences import read_fasta

_TRIES = 100  # draws per piece, before the windows are said to have too many N


def read_genome_windows(fasta: Path, split: Path, part: str) -> list[Codes]:
    """Return the codes of the windows in `fasta` that `split` assigns to `part`, in its order.

    Raises:
        DataError: as `window_names`, or a window is missing.
        SequenceError: `fasta` is not a FASTA.
    """
    names = window_names(split, part)
    letters = dict(read_fasta(str(fasta)))
    missing = [name for name in names if name not in letters]
    if missing:
        raise DataError(f"{fasta} lacks the window {missing[0]} of {split}")
    return [encode(letters[name]) for name in names]


def window_names(split: Path, part: str) -> list[str]:
    """Return the names that `split`, a TSV with the columns `window` and `split`, has for `part`.

    Raises:
        DataError: it cannot be read, or assigns none.
    """
    try:
        rows = list(csv.DictReader(lines_in(split), delimiter="\t"))
        names = [row["window"] for row in rows if row["split"] == part]
    except (*UNREADABLE, csv.Error) as error:
        raise DataError(f"{split} cannot be read: {error}") from error
    except KeyError as error:
        raise DataError(f"{split} has no column {error}: it needs window and split") from error
    if not names:
        raise DataError(f"{split} assigns no window to {part!r}")
    return names


def random_pieces(
    windows: Sequence[Codes], n: int, *, width: int, rng: np.random.Generator
) -> Codes:
    """Return n pieces without N, shape (n, width), each of a random window and place.

    Raises:
        DataError: a window is no longer than a piece, or pieces without N are too rare.
    """
    if min(map(len, windows)) <= width:
        raise DataError(f"a window has no more than {width} bases: leave it out of the split")
    pieces: list[Codes] = []
    for _ in range(_TRIES * n):
        window = windows[rng.integers(len(windows))]
        start = rng.integers(len(window) - width)
        if (window[start : start + width] < UNKNOWN).all():
            pieces.append(window[start : start + width])
        if len(pieces) == n:
            break
    if len(pieces) < n:
        raise DataError(f"the windows hold hardly any {width} bases without N")
    return np.stack(pieces)
