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

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, DataError
from regplug.files.hdf5 import DENSEST, own_array
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Floats, Named

FORM = "contributions 1"


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
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
        precision: the numbers that the model ran in, where they were not float32.
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
    precision: str = ""


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


def read_contributions(path: Path) -> Stored:
    """Return what a file holds, of ours or as ChromBPNet lays it out.

    Raises:
        DataError: it is not there, is no such file, or is damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            about, most = file.attrs.get("about"), path.stat().st_size * DENSEST
            letters, hypothetical = (
                own_array(file, name, 3, most)[:].transpose(0, 2, 1)
                for name in ("raw/seq", "shap/seq")
            )
            hypothetical = hypothetical.astype(np.float32)
            told = msgspec.json.decode(about, type=About) if isinstance(about, str) else None
            sequences = _named(file, most) if told else []
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}: make it with regplug attribute") from error
    except (*UNREADABLE, KeyError, AttributeError, TypeError, RuntimeError) as error:
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


def _named(file: h5py.File, most: int) -> list[Named]:
    names, chroms, starts, ends = (
        own_array(file, f"coords/{name}", 1, most)[:] for name in ("name", "chrom", "start", "end")
    )
    return [
        Named(name.decode(), Interval(chrom.decode(), int(start), int(end)) if chrom else None)
        for name, chrom, start, end in zip(names, chroms, starts, ends, strict=True)
    ]
