"""Windows of a genome, some to train on and some to test on ─random_pieces→ codes."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.codes import UNKNOWN, Codes, encode
from regplug.errors import DataError
from regplug.sequences import read_fasta


class Windows(NamedTuple):
    """Codes of some windows, end to end, and where pieces of `width` without N start in them."""

    codes: Codes  # (bases,)
    starts: NDArray[np.int64]
    width: int

    def pieces(self, n: int, rng: np.random.Generator) -> Codes:
        """Return n random pieces, shape (n, width)."""
        starts = rng.choice(self.starts, n)
        pieces: Codes = self.codes[starts[:, None] + np.arange(self.width)]
        return pieces


def read_windows(fasta: Path, split: Path, part: str) -> list[Codes]:
    """Return the codes of the windows in `fasta` that `split` assigns to `part`, in its order.

    `split` is a TSV with the columns `window` (a name in `fasta`) and `split`.

    Raises:
        DataError: a file cannot be read, a window is missing, or none is assigned to `part`.
        SequenceError: `fasta` is not a FASTA.
    """
    try:
        with split.open(newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        names = [row["window"] for row in rows if row["split"] == part]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{split} cannot be read: {error}") from error
    except KeyError as error:
        raise DataError(f"{split} has no column {error}: it needs window and split") from error
    if not names:
        raise DataError(f"{split} assigns no window to {part!r}")
    letters = dict(read_fasta(str(fasta)))
    missing = [name for name in names if name not in letters]
    if missing:
        raise DataError(f"{fasta} lacks the window {missing[0]} of {split}")
    return [encode(letters[name]) for name in names]


def join_windows(windows: list[Codes], width: int) -> Windows:
    """Return windows ready to cut pieces of `width` from.

    Raises:
        DataError: no window holds a piece without N.
    """
    codes = np.concatenate([part for one in windows for part in (one, [UNKNOWN])]).astype(np.uint8)
    unknown = np.concatenate([[0], np.cumsum(codes == UNKNOWN)])  # before each base
    starts = np.flatnonzero(unknown[width:] == unknown[:-width])
    if not len(starts):
        raise DataError(f"no window holds {width} bases without N")
    return Windows(codes, starts, width)
