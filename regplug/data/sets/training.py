"""TrainingSet ─write_set→ a folder ─read_set→ TrainingSet, its codes mapped from the disk.

The folder holds `codes.npy`, `targets.npy`, `folds.npy` and `set.json`; and `medians.npy`, where
intensities were divided by them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, DataError, OutputError
from regplug.files.output import complete, contents
from regplug.files.sources import Source
from regplug.files.version import VERSION
from regplug.genome.codes import UNKNOWN, Codes

ARRAYS = {
    "codes": np.uint8,
    "targets": np.float32,
    "folds": np.uint8,
    "medians": np.float32,
}
CARD = "set.json"
Count = Annotated[int, msgspec.Meta(ge=0)]


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How measured intensities became targets.

    target = (min(intensity, ceiling) - mean) / deviation, where `median` says that the intensity
    was first divided by its probe's median over all columns; `percentile` gave the ceiling.
    """

    column: str
    median: bool
    percentile: float
    ceiling: float
    mean: float
    deviation: float


class SetCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a training set is, and what it was made from.

    Attributes:
        form: of the data it was made from.
        kind: classification (targets are 0 or 1) or regression.
        strand: the strands to be read: a protein binds DNA on both, RNA on the forward one.
        length: bases of each sequence.
        rows: sequences.
        positives: those with target 1; None for a regression.
        negatives: "shuffles" (row n + i is the shuffle of row i of n), "given", or "none".
        folds: of cross-validation.
        seed: of folds and shuffles.
        sources: files it was made from.
        dropped: reason → how many records were left out for it.
        scale: how intensities became targets; None for a classification.
        regplug: version that made it.
    """

    form: Literal["chip", "bound", "selex", "intensities"]
    kind: Literal["classification", "regression"]
    strand: Literal["both", "forward"]
    length: Annotated[int, msgspec.Meta(ge=1)]
    rows: Annotated[int, msgspec.Meta(ge=1)]
    positives: Count | None
    negatives: Literal["shuffles", "given", "none"]
    folds: Annotated[int, msgspec.Meta(ge=1, le=255)]
    seed: Count
    sources: tuple[Source, ...]
    dropped: dict[str, Count]
    scale: Scale | None = None
    regplug: str = VERSION


class TrainingSet(NamedTuple):
    """Sequences, what to predict of them, and their folds."""

    codes: Codes  # (n, length)
    targets: NDArray[np.float32]  # (n,); 1 bound, 0 unbound, or an intensity
    folds: NDArray[np.uint8]  # (n,)
    card: SetCard
    medians: NDArray[np.float32] | None = None  # (n,), if the intensities were divided by them


def check_set_folder(folder: Path) -> None:
    """Check that `folder` is free, empty, or a training set.

    Raises:
        OutputError: something else is there.
    """
    if folder.is_dir():
        own = {CARD, *(f"{name}.npy" for name in ARRAYS)}
        names = contents(folder)
        if names and (CARD not in names or names - own):
            raise OutputError(f"{folder} holds other things than a training set: name a new folder")
    elif folder.exists():
        raise OutputError(f"{folder} is a file: name a folder")


def write_set(folder: Path, made: TrainingSet) -> None:
    """Write a set to `folder`, which appears when it is complete; an older set is replaced.

    Raises:
        OutputError: `folder` is something else, cannot be written, or the disk is full.
    """
    check_set_folder(folder)
    with complete(folder) as partial:
        partial.mkdir()
        for name in _names(made.card):
            array = np.ascontiguousarray(getattr(made, name), ARRAYS[name])
            np.save(partial / f"{name}.npy", array, allow_pickle=False)
        text = msgspec.json.format(msgspec.json.encode(made.card), indent=1)
        (partial / CARD).write_bytes(text + b"\n")


def read_set(folder: Path) -> TrainingSet:
    """Return the set in `folder`; codes are mapped into memory, read-only.

    Raises:
        DataError: a file is missing, damaged, or contradicts another; the message names it.
    """
    path = folder / CARD
    try:
        card = msgspec.json.decode(path.read_bytes(), type=SetCard)
    except UNREADABLE as error:
        raise DataError(f"{path}: {error}; make the set with regplug prepare") from error
    codes, targets, folds, *medians = (_array(folder, name, card) for name in _names(card))
    _check(codes.max() <= UNKNOWN, folder / "codes.npy", "holds a code above 4")
    path = folder / "targets.npy"
    _check(bool(np.isfinite(targets).all()), path, "holds a target that is no number")
    if card.kind == "classification":
        _check(bool(np.isin(targets, (0, 1)).all()), path, "holds a target other than 0 and 1")
        positives = int(targets.sum(dtype=np.float64))
        _check(positives == card.positives, path, f"contradicts {CARD}: positives")
    _check(folds.max() < card.folds, folder / "folds.npy", f"contradicts {CARD}: folds")
    for probe_medians in medians:  # one array, or none
        good = np.isfinite(probe_medians) & (probe_medians > 0)
        _check(bool(good.all()), folder / "medians.npy", "holds a median that is not above 0")
    return TrainingSet(codes, np.array(targets), np.array(folds), card, *map(np.array, medians))


def _names(card: SetCard) -> list[str]:
    """Return the names of the set's arrays."""
    over_medians = card.scale is not None and card.scale.median
    return [name for name in ARRAYS if name != "medians" or over_medians]


def _array(folder: Path, name: str, card: SetCard) -> "np.memmap[Any, Any]":
    """Return the array in `<name>.npy`, mapped, of the type and shape that the card promises."""
    path = folder / f"{name}.npy"
    shape = (card.rows, card.length) if name == "codes" else (card.rows,)
    try:
        with path.open("rb") as file:
            if file.read(6) != b"\x93NUMPY":  # np.load takes other files too
                raise ValueError("it is no .npy")
        array: np.memmap[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # of a damaged header NumPy raises what its parser did
        raise DataError(f"{path} is missing or damaged: {error}") from error
    promised = f"{np.dtype(ARRAYS[name])} {shape}, {CARD} says"
    _check(
        array.dtype == ARRAYS[name] and array.shape == shape,
        path,
        f"holds {array.dtype} {array.shape}, not {promised}",
    )
    size, promised_size = path.stat().st_size, array.offset + array.nbytes
    _check(size == promised_size, path, f"has {size} bytes, not {promised_size}")
    return array


def _check(good: bool | np.bool_, path: Path, wrong: str) -> None:
    if not good:
        raise DataError(f"{path} {wrong}; make the set again with regplug prepare")
