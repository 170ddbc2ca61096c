"""Contributions, as they are made ─ContributionFiles→ a file for each target, as `file` has it."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.files.hdf5 import COMPRESSED, UnfailingFile
from regplug.files.signals import signals_held
from regplug.genome.codes import Codes
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Contributions, Named, one_hot
from regplug.interpret.attribute.file import About

CHUNK = 16  # sequences of a chunk; they are written by whole chunks, so that the bytes are the same


class ContributionFiles:
    """The files of several targets, written some sequences at a time; a context manager.

    Its methods raise OSError where a file cannot be written.
    """

    def __init__(self, paths: Mapping[Path, About], sequences: Sequence[Named], bases: int) -> None:
        """Begin a file for each target, in order, for sequences of so many bases."""
        self._waiting: list[tuple[Codes, Contributions]] = []
        self._done = 0
        self._stack = ExitStack()
        try:
            self._files = [
                self._stack.enter_context(_Writer(path, about, sequences, bases))
                for path, about in paths.items()
            ]
        except BaseException:
            self._stack.close()
            raise

    def add(self, codes: Codes, contributions: Contributions) -> None:
        """Add sequences: codes (n, bases), and their contributions."""
        self._waiting.append((codes, contributions))
        rows = sum(len(codes) for codes, _ in self._waiting)
        self._flush(rows // CHUNK * CHUNK)

    def _flush(self, rows: int) -> None:
        if not rows:
            return
        codes = np.concatenate([codes for codes, _ in self._waiting])
        parts = zip(*(found for _, found in self._waiting), strict=True)
        found = Contributions(*map(np.concatenate, parts))
        for target, file in enumerate(self._files):
            of_target = Contributions(*(array[:rows, target] for array in found))
            file.write(self._done, codes[:rows], of_target)
        self._done += rows
        self._waiting = [(codes[rows:], Contributions(*(array[rows:] for array in found)))]

    def __enter__(self) -> "ContributionFiles":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if error is None:
                self._flush(sum(len(codes) for codes, _ in self._waiting))


class _Writer:
    """The file of one target."""

    @signals_held()
    def __init__(self, path: Path, about: About, sequences: Sequence[Named], bases: int) -> None:
        self._raw = UnfailingFile(path, "w+")
        self._file = h5py.File(self._raw, "w", libver=("v110", "v110"))
        self._file.attrs["about"] = msgspec.json.encode(about).decode()
        count = len(sequences)
        for name, kind in _MATRICES.items():
            shape, chunks = (count, 4, bases), (min(CHUNK, count), 4, bases)
            self._file.create_dataset(name, shape, kind, chunks=chunks, **COMPRESSED)
        for name in ("predictions", "references"):
            self._file.create_dataset(name, (count,), np.float32, chunks=(count,), **COMPRESSED)
        for name, column in _columns(sequences).items():
            self._file.create_dataset(f"coords/{name}", data=column, chunks=True, **COMPRESSED)

    @signals_held()
    def write(self, first: int, codes: Codes, found: Contributions) -> None:
        """Write the sequences from number `first` on."""
        rows = slice(first, first + len(codes))
        letters, hypothetical = one_hot(codes), found.hypothetical
        arrays: list[NDArray[Any]] = [letters, hypothetical, hypothetical * letters]
        for name, array in zip(_MATRICES, arrays, strict=True):
            self._file[name][rows] = array.transpose(0, 2, 1)
        self._file["predictions"][rows] = found.predictions
        self._file["references"][rows] = found.references
        self._raw.check()

    def __enter__(self) -> "_Writer":
        return self

    @signals_held()
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._raw:
            self._file.close()
        if error is None:
            self._raw.check()


_MATRICES = {"raw/seq": np.int8, "shap/seq": np.float32, "projected_shap/seq": np.float32}


def _columns(sequences: Sequence[Named]) -> dict[str, NDArray[Any]]:
    nowhere = Interval("", -1, -1)
    places = [place or nowhere for _, place in sequences]
    return {
        "name": np.char.encode([name for name, _ in sequences], "utf-8"),
        "chrom": np.char.encode([place.chrom for place in places], "utf-8").astype("S"),
        "start": np.array([place.start for place in places], np.int64),
        "end": np.array([place.end for place in places], np.int64),
    }
