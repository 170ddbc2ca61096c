"""Contributions ─TF-MoDISco→ Patterns: stretches that contribute alike in many sequences.

modisco-lite works in a process of its own: it forks, and keeps what it has compiled for the next.
Source: Shrikumar et al. 2018, TF-MoDISco; modisco-lite 3.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from regplug.errors import DataError
from regplug.files.extras import needs
from regplug.files.lines import lines_of
from regplug.files.signals import at_last
from regplug.interpret.attribute.contributions import Floats
from regplug.interpret.attribute.file import Stored
from regplug.motifs.motif import PSEUDOCOUNT, Motif

TRIM = 0.3  # of the largest contribution; a pattern's ends below are cut, as modisco's reports do
SHORTEST = 60  # bases of a sequence: a seqlet and what is put around it
FEWEST = 100  # seqlets of a sign that TF-MoDISco makes patterns of
_RUN = "from modiscolite.cli import cli; cli()"


@dataclass(frozen=True, eq=False)
class Pattern:
    """A pattern, and the stretches of sequences (seqlets) that it was made of.

    Attributes:
        name: pos.0, pos.1 ... of what raises the score, neg.0 ... of what lowers it; the most
            frequent first.
        contributions: mean over the seqlets, shape (width, 4), 0 where a base is not.
        frequencies: of the bases, shape (width, 4).
        rows: of the k seqlets, in the file of contributions, shape (k,).
        starts: of the seqlets in their sequences, 0-based, shape (k,).
        reverse: whether a seqlet is on the other strand, shape (k,).
        trim: share of the largest column's contributions below which ends are cut.
    """

    name: str
    contributions: Floats
    frequencies: Floats
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    reverse: NDArray[np.bool_]
    trim: float = TRIM

    @property
    def raises(self) -> bool:
        """Tell whether it raises the score."""
        return self.name.startswith("pos")

    @property
    def core(self) -> slice:
        """Return its columns without ends that contribute little."""
        size = np.abs(self.contributions).sum(axis=1)
        (large,) = np.nonzero(size >= self.trim * size.max())
        return slice(int(large[0]), int(large[-1]) + 1)

    @property
    def motif(self) -> Motif:
        """Return its core as a position frequency matrix."""
        raised = self.frequencies[self.core].astype(np.float64) + PSEUDOCOUNT
        return Motif(self.name, raised / raised.sum(axis=1, keepdims=True), len(self.rows))


def find_patterns(
    path: Path, stored: Stored, results: Path, *, window: int, most: int, trim: float = TRIM
) -> list[Pattern]:
    """Return the patterns in a file of contributions, those that raise the score first.

    Args:
        path: of the file.
        stored: its contents.
        results: where modisco's own HDF5 file is written.
        window: bases in the middle of each sequence that are looked at.
        most: seqlets of a sign that are taken, at most.
        trim: share of a pattern's largest column below which its ends are cut.

    Raises:
        DataError: there is no signal, the sequences are too short or too few, or TF-MoDISco fails.
        MissingLibraryError: modisco-lite is not installed.
    """
    with needs("patterns"):
        import modiscolite  # noqa: F401
    check(path, stored, window)
    words = ["motifs", "-i", str(path), "-n", str(most), "-w", str(window), "-o", str(results)]
    if fault := _run([sys.executable, "-P", "-c", _RUN, *words]):
        raise DataError(
            f"TF-MoDISco fails on the {len(stored.letters)} sequences of {path} ({fault}): "
            "give more, or others"
        )
    found = read_patterns(results, stored.letters.shape[1] // 2 - window // 2, trim)
    if not found:
        raise DataError(
            f"no pattern in {path}: TF-MoDISco makes them of over {FEWEST} stretches of a sign "
            f"that contribute alike, and {len(stored.letters)} sequences have fewer: give more"
        )
    return found


def _run(words: Sequence[str]) -> str:
    """Run a program and what it starts; return the last line of its messages if it fails."""
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=messages,
            start_new_session=True,  # so that Ctrl-C reaches this process only
        )

        def kill() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        try:
            with at_last(kill):
                process.wait()
        finally:
            kill()
            process.wait()
        messages.seek(0)
        lines = lines_of(messages.read().decode(errors="replace"))
    if not process.returncode:
        return ""
    return lines[-1] if lines else f"exit status {process.returncode}"


def check(path: Path, stored: Stored, window: int) -> None:
    """Check that patterns can be looked for.

    Raises:
        DataError: there is no signal, or the sequences are too short or too few.
    """
    count, bases = stored.letters.shape[:2]
    if bases < SHORTEST:
        raise DataError(f"{path} has sequences of {bases} bases, and patterns need {SHORTEST}")
    if not SHORTEST <= window <= bases or window % 2:
        raise DataError(
            f"a window of {window} does not do: an even number of bases, from {SHORTEST} to the "
            f"{bases} of the sequences"
        )
    if not np.isfinite(stored.hypothetical).all():
        raise DataError(f"{path} has contributions that are no numbers")
    own = stored.hypothetical * stored.letters
    silent = ~own.any(axis=(1, 2))
    if silent.all():
        raise DataError(
            f"{path} has no signal: all contributions are 0, so the target does not depend on "
            "these sequences"
        )
    if count - int(silent.sum()) < FEWEST // 2:
        raise DataError(
            f"{path} has {count - int(silent.sum())} sequences with contributions, and patterns "
            f"need over {FEWEST} stretches that contribute alike: give some hundred sequences"
        )


def read_patterns(path: Path, offset: int, trim: float = TRIM) -> list[Pattern]:
    """Return the patterns of modisco's HDF5 file, those that raise the score first.

    `offset` is where its window begins in the sequences; `trim` as `find_patterns`.

    Raises:
        DataError: it is no such file, or is damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            return [
                _pattern(
                    f"{sign}.{number}", file[f"{sign}_patterns"][f"pattern_{number}"], offset, trim
                )
                for sign in ("pos", "neg")
                for number in range(len(file.get(f"{sign}_patterns", ())))
            ]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} holds no patterns of TF-MoDISco: {error}") from error


def _pattern(name: str, group: Any, offset: int, trim: float) -> Pattern:
    seqlets = group["seqlets"]
    return Pattern(
        name,
        group["contrib_scores"][:].astype(np.float32),
        group["sequence"][:].astype(np.float32),
        seqlets["example_idx"][:].astype(np.int64),
        seqlets["start"][:].astype(np.int64) + offset,
        seqlets["is_revcomp"][:].astype(np.bool_),
        trim,
    )
