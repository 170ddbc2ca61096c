"""What a panel is trained on, on disk, for processes that did not read it: PanelData ⇄ data.npz."""

import hashlib
import socket
import zipfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.errors import UNREADABLE, DataError
from regplug.files.output import complete
from regplug.genome.codes import Codes

DATA = "data.npz"  # in the run's folder, until its members are trained


class PanelData(NamedTuple):
    """What to train on, and what is held out of it to compare recipes, if anything."""

    peaks: list[Codes]  # a (n, bases) per target
    windows: list[Codes]  # of the genome, (bases,) each
    held_out_peaks: list[Codes]  # as `peaks`, or empty
    held_out_windows: list[Codes]  # as `windows`, or empty

    def digest(self) -> str:
        """Return the sha256 of all codes."""
        total = hashlib.sha256()
        for codes in chain.from_iterable(self):
            total.update(np.ascontiguousarray(codes).tobytes())
        return total.hexdigest()


def write_data(path: Path, data: PanelData) -> None:
    """Write data to a file.

    Raises:
        OutputError: it cannot be written.
    """
    arrays = {
        f"{name}/{number}": codes
        for name, of_kind in data._asdict().items()
        for number, codes in enumerate(of_kind)
    }
    with complete(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)


def stored_data(path: Path, digest: str) -> PanelData:
    """Return the data in a file.

    Raises:
        DataError: it is missing or damaged, or has another digest.
    """
    kinds: dict[str, list[Codes]] = {name: [] for name in PanelData._fields}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for name in arrays.files:  # as they were written
                kinds[name.partition("/")[0]].append(arrays[name])
        data = PanelData(**kinds)
        if data.digest() == digest:
            return data
    except (*UNREADABLE, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read on {socket.gethostname()}: {error}; name a folder of the run "
            "on a disk that all processes share"
        ) from error
    raise DataError(f"{path} on {socket.gethostname()} holds the data of another run")
