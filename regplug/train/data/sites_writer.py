"""Sites, some at a time ─SitesWriter→ the HDF5 file that `sites` describes."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.codes import Codes
from regplug.train.data.sites import BLOCK, SitesCard

COMPRESSED = {"compression": "gzip", "compression_opts": 1, "shuffle": False, "fletcher32": True}


class SitesWriter:
    """Appends sites to a new file; a context manager."""

    def __init__(self, path: Path, length: int, names: Sequence[str], samples: Sequence[str]):
        """Begin the file at `path` for sites of `length` bases on the contigs `names`."""
        self._file = h5py.File(path, "w")
        self._names, self._samples = names, samples
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

    def add(
        self, contig: int, starts: NDArray[np.int64], codes: Codes, targets: NDArray[np.uint8]
    ) -> None:
        """Append sites of a contig: starts (n,), codes (n, length), targets (n, samples)."""
        contigs = np.full(len(starts), contig, np.int32)
        columns: dict[str, NDArray[Any]]
        columns = {"codes": codes, "targets": targets, "contigs": contigs, "starts": starts}
        for name, rows in columns.items():
            dataset = self._file[name]
            dataset.resize(len(dataset) + len(rows), axis=0)
            dataset[len(dataset) - len(rows) :] = rows

    def contigs(self) -> NDArray[np.int64]:
        """Return the contig of each site so far (n,)."""
        contigs: NDArray[np.int64] = self._file["contigs"][:].astype(np.int64)
        return contigs

    def finish(self, card: SitesCard, parts: NDArray[np.uint8], peaks: Sequence[int]) -> None:
        """Add the part of each site (n,), the number of each sample's peaks, and the card."""
        file, text = self._file, h5py.string_dtype()
        file.create_dataset("parts", data=parts, chunks=True, **COMPRESSED)
        file.create_dataset("peaks", data=np.array(peaks, np.int64))
        file.create_dataset("names", data=list(self._names), dtype=text)
        file.create_dataset("samples", data=list(self._samples), dtype=text)
        file.attrs["card"] = msgspec.json.encode(card).decode()

    def __enter__(self) -> "SitesWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
