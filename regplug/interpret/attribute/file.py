"""Contributions of one target, in an HDF5 file that TF-MoDISco reads too.

    raw/seq             int8     (n, 4, bases)  the sequences, one-hot; an unknown base is 0 0 0 0
    shap/seq            float32  (n, 4, bases)  hypothetical contributions
    projected_shap/seq  float32  (n, 4, bases)  those of the bases that are there, else 0
    coords/name, coords/chrom      text (n,); a FASTA's sequences, and ALTs, have no chrom
    coords/start, coords/end     int64 (n,)     0-based, half-open; -1 without a chrom
    predictions, references      float32 (n,)   for the sequences; of DeepLIFT, for its references
    the attribute `about`                       `About`, as JSON

The first three are as ChromBPNet lays them out (`modisco motifs -i FILE`).
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, DataError
from regplug.files.hdf5 import COMPRESSED, UnfailingFile
from regplug.files.signals import signals_held
from regplug.genome.codes import Codes
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Contributions, Floats, Named, one_hot

FORM = "contributions 1"
CHUNK = 16  # sequences of a chunk; they are written by whole chunks, so that the bytes are the same


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What contributions are of.

    Attributes:
        form: of the file.
        model: name.
        version: of the model.
        sha256: of its graph.
        target: whose score they are of.
        method: ism, deeplift or gradient.
        mutate: of ism, where changes are scored: centred or within; else "".
        score: how scores are compared: diff, logit or log2fc.
        references: of deeplift, shuffles of each sequence; 0: unknown bases.
        made_by: version of regplug.
    """

    form: str
    model: str
    version: str
    sha256: str
    target: str
    method: str
    mutate: str
    score: str
    references: int
    made_by: str


class Stored(NamedTuple):
    """The contents of a file.

    Attributes:
        about: what they are of; None in a file that another program made.
        letters: one-hot, shape (n, bases, 4).
        hypothetical: shape (n, bases, 4).
        sequences: names and places; none where another program made the file.
    """

    about: About | None
    letters: NDArray[np.int8]
    hypothetical: Floats
    sequences: Sequence[Named]


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


def read_contributions(path: Path) -> Stored:
    """Return what a file holds, of ours or as ChromBPNet lays it out.

    Raises:
        DataError: it is no such file, or is damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            about = file.attrs.get("about")
            letters = file["raw/seq"][:].transpose(0, 2, 1)
            hypothetical = file["shap/seq"][:].astype(np.float32).transpose(0, 2, 1)
            told = msgspec.json.decode(about, type=About) if isinstance(about, str) else None
            sequences = _named(file["coords"]) if told else []
    except (*UNREADABLE, KeyError, AttributeError, msgspec.MsgspecError) as error:
        raise DataError(
            f"{path} holds no contributions that can be read ({error}): make them with "
            "regplug attribute"
        ) from error
    if told and told.form != FORM:
        raise DataError(f"{path} is of the form {told.form!r}, not {FORM!r}: update regplug")
    if letters.shape != hypothetical.shape or letters.ndim != 3 or letters.shape[2] != 4:
        raise DataError(
            f"{path} is damaged: raw/seq and shap/seq are {letters.shape} and {hypothetical.shape}"
        )
    return Stored(told, letters.astype(np.int8), hypothetical, sequences)


def _named(coordinates: Any) -> list[Named]:
    names, chroms, starts, ends = (coordinates[n][:] for n in ("name", "chrom", "start", "end"))
    return [
        Named(name.decode(), Interval(chrom.decode(), int(start), int(end)) if chrom else None)
        for name, chrom, start, end in zip(names, chroms, starts, ends, strict=True)
    ]
