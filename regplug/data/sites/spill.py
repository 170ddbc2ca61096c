"""Windows sample by sample ─Spill→ windows contig by contig, through a file without a name.

Windows come in by sample and are needed by contig; of many samples they may not fit into memory.
"""

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ContigWindows(NamedTuple):
    """All windows on a contig, ascending."""

    starts: NDArray[np.int64]  # (n,), 0-based
    samples: NDArray[np.int64]  # (n,), which sample's window it is


class Spill:
    """Keeps windows on disk; a context manager.

    Memory holds the windows of a single sample, or those on a single contig.
    """

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`; however the process ends, nothing is left there."""
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115
        self._runs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._end = 0  # windows written

    def add(self, sample: int, contigs: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
        """Add a sample's windows: the contig and start of each (n,)."""
        order = np.argsort(contigs, kind="stable")
        there, first = np.unique(contigs[order], return_index=True)
        bounds = [*first.tolist(), len(contigs)]
        for contig, low, high in zip(there.tolist(), bounds, bounds[1:], strict=False):
            self._runs[contig].append((sample, self._end + low, high - low))
        self._file.write(starts[order].tobytes())
        self._end += len(starts)

    def contigs(self) -> list[int]:
        """Return the contigs that have windows, ascending."""
        return sorted(self._runs)

    def windows(self, contig: int) -> ContigWindows:
        """Return the windows on a contig."""
        starts, samples = [], []
        for sample, at, count in self._runs[contig]:
            self._file.seek(8 * at)
            starts.append(np.frombuffer(self._file.read(8 * count), np.int64))
            samples.append(np.full(count, sample))
        joined = np.concatenate(starts)
        order = np.argsort(joined, kind="stable")
        return ContigWindows(joined[order], np.concatenate(samples)[order])

    def __enter__(self) -> "Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
