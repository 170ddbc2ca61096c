"""Sites, some at a time ─SitesWriter→ the HDF5 file that `sites` describes."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.sites import BLOCK, SitesCard
from regplug.files.hdf5 import COMPRESSED, UnfailingFile
from regplug.files.signals import signals_held
from regplug.genome.codes import Codes

TOGETHER = 16 * BLOCK  # rows written at once


class SitesWriter:
    """Appends sites to a new file; a context manager.

    Its methods raise OSError where the file cannot be written.
    """

    @signals_held()
    def __init__(self, path: Path, length: int, names: Sequence[str], samples: Sequence[str]):
        """Begin the file at `path` for sites of `length` bases on the contigs `names`."""
        self._raw = UnfailingFile(path, "w+")
        self._file = h5py.File(self._raw, "w", libver=("v110", "v110"))  # all is checksummed
        self._names, self._samples = names, samples
        self._pending: list[dict[str, NDArray[Any]]] = []
        self._rows = 0  # of what is pending
        for name, kind, width in (
            ("codes", np.uint8, (length,)),
            ("targets", np.uint8, (len(samples),)),
            ("contigs", np.int32, ()),
            ("starts", np.int64, ()),
        ):
            rows = BLOCK if width else 64 * BLOCK
            self._file.create_dataset(
                *(name, (0, *width), kind),
                maxshape=(None, *width),
                chunks=(rows, *width),
                **COMPRESSED,
            )

    @signals_held()
    def add(
        self, contig: int, starts: NDArray[np.int64], codes: Codes, targets: NDArray[np.uint8]
    ) -> None:
        """Append sites of a contig: starts (n,), codes (n, length), targets (n, samples)."""
        contigs = np.full(len(starts), contig, np.int32)
        self._pending.append(
            {"codes": codes, "targets": targets, "contigs": contigs, "starts": starts}
        )
        self._rows += len(starts)
        if self._rows >= TOGETHER:
            self._flush()

    @signals_held()
    def contigs(self) -> NDArray[np.int64]:
        """Return the contig of each site so far (n,)."""
        self._flush()
        contigs: NDArray[np.int64] = self._file["contigs"][:].astype(np.int64)
        return contigs

    def _flush(self) -> None:
        """Write what is pending: many short writes are slow."""
        for name in self._pending[0] if self._pending else ():
            rows = np.concatenate([columns[name] for columns in self._pending])
            dataset = self._file[name]
            dataset.resize(len(dataset) + len(rows), axis=0)
            dataset[len(dataset) - len(rows) :] = rows
        self._pending.clear()
        self._rows = 0
        self._raw.check()

    @signals_held()
    def finish(self, card: SitesCard, parts: NDArray[np.uint8], peaks: Sequence[int]) -> None:
        """Add the part of each site (n,), the number of each sample's peaks, and the card."""
        self._flush()
        columns = {
            "parts": parts,
            "peaks": np.array(peaks, np.int64),
            "names": np.char.encode(self._names, "utf-8"),
            "samples": np.char.encode(self._samples, "utf-8"),
            "card": np.frombuffer(msgspec.json.encode(card), np.uint8),
        }
        for name, column in columns.items():
            self._file.create_dataset(name, data=column, chunks=True, **COMPRESSED)

    def __enter__(self) -> "SitesWriter":
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
