"""Sites of open chromatin in one HDF5 file: codes, targets, parts ─Sites.batches→ SiteBatch.

    /codes    uint8 (n, length)   bases of each site, A C G T = 0 1 2 3, else 4
    /targets  uint8 (n, samples)  1 where a sample is open, 0 where not; 255, where the card says
                                  that it may be, where nobody knows; of samples that the card calls
                                  graded 0 to 254, how open of 254
    /parts    uint8 (n,)          0 train, 1 valid, 2 test
    /contigs  int32 (n,)          which of /names; sites are in their order, then by start
    /starts   int64 (n,)          0-based
    /names    contigs as in the FASTA, UTF-8
    /samples  names of the targets, UTF-8
    /peaks    int64 (samples,)    peaks of each sample that were used
    /card     JSON: what was made of which files

All is compressed and checksummed in blocks: a part of the file can be read without the rest, and
damage is noticed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.parts import PARTS
from regplug.data.sites.samples import Count, Settings
from regplug.data.sites.tiles import Along
from regplug.errors import DataError
from regplug.files.hdf5 import DENSEST, own_array
from regplug.files.sources import Source
from regplug.files.version import VERSION
from regplug.genome.codes import UNKNOWN, Codes

BLOCK = 256  # rows that are compressed together
MIXED = 64  # blocks whose rows are shuffled together
_ROWS = ("codes", "targets")  # the arrays of two axes
UNLABELLED = 255  # a target that is not known
GRADES = 254  # the highest grade


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which stretches of the genome count as closed, in a set that has closed ones too.

    Attributes:
        below: a closed tile has less signal than this, of each sample and in each bin.
        apart: bases, at least, between a closed tile and an open site.
        step: bases from the start of a tile to the next where they are trained on; tiles for
            validation and the test stand side by side.
    """

    below: float
    apart: Count
    step: Annotated[int, msgspec.Meta(ge=1)]


class SitesCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a set of sites is, and what it was made from.

    Attributes:
        form: of the file.
        settings: how peaks became sites.
        closed: sites without a target, if there are any by intent.
        along: how tiles along a genome were labelled and drawn, if the sites are such tiles.
        cuts: sample with a bigWig → mean signal from which its tiles are open, and up to which
            they are closed.
        graded: samples whose targets are grades, 0 to GRADES, of what is 0 to 1. Networks are
            trained on them; everything else takes the upper half for open.
        unknown: whether targets may be UNLABELLED: neither open nor closed, as far as is known.
        joined: cards of the sets that it was joined from.
        widened: seed by which shorter sites of these were put into closed tiles; None if none were.
        sources: files it was made from.
        counts: what was left out or replaced → how often; and contigs held out without a site → 0.
        regplug: version that made it.
    """

    form: Literal["basset 1"] = "basset 1"
    settings: Settings
    closed: Closed | None = None
    along: Along | None = None
    cuts: dict[str, tuple[float, float]] = {}
    graded: tuple[str, ...] = ()
    unknown: bool = False
    joined: tuple["SitesCard", ...] = ()
    widened: int | None = None
    sources: tuple[Source, ...]
    counts: dict[str, Count]
    regplug: str = VERSION


class SiteBatch(NamedTuple):
    """Sites in memory."""

    codes: Codes  # (n, length)
    targets: NDArray[np.uint8]  # (n, samples), 0 or 1, or UNLABELLED; grades if they were asked for


class Sites:
    """A set of sites, open for reading; codes and targets stay on disk.

    Attributes:
        path: of the file.
        card: what the set is.
        samples: names of the targets.
        names: of the contigs, as in the FASTA.
        peaks: int64 (samples,), peaks of each sample that were used.
        parts: uint8 (n,), an index in PARTS for each site.
        contigs: int32 (n,), which of `names`.
        starts: int64 (n,), 0-based.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path`.

        Raises:
            DataError: no such file, not such a set, or it is damaged.
        """
        self.path = path
        try:
            self._file = h5py.File(path, "r")
        except FileNotFoundError as error:
            raise DataError(f"{path} cannot be read as a set of sites: no such file") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read as a set of sites: {_first(error)}") from error
        try:
            self._check_sizes()
            self.card = msgspec.json.decode(self._file["card"][:].tobytes(), type=SitesCard)
            self.samples: list[str] = np.char.decode(self._file["samples"][:], "utf-8").tolist()
            self.names: list[str] = np.char.decode(self._file["names"][:], "utf-8").tolist()
            self.peaks: NDArray[np.int64] = self._file["peaks"][:]
            self.parts: NDArray[np.uint8] = self._file["parts"][:]
            self.contigs: NDArray[np.int32] = self._file["contigs"][:]
            self.starts: NDArray[np.int64] = self._file["starts"][:]
            self._check()
        except (OSError, RuntimeError, LookupError, AttributeError, TypeError, ValueError) as error:
            self.close()
            raise DataError(f"{path} is no set of sites, or damaged: {_first(error)}") from error

    def _check_sizes(self) -> None:
        """Raise ValueError if an array is not in this file, has other axes, or is too large."""
        most = self.path.stat().st_size * DENSEST
        for name in (*_ROWS, "card", "samples", "names", "peaks", "parts", "contigs", "starts"):
            own_array(self._file, name, 1 + (name in _ROWS), most)

    def _check(self) -> None:
        """Raise ValueError if arrays contradict each other."""
        n, samples = len(self.parts), len(self.samples)
        shapes = {"codes": (n, self.card.settings.length), "targets": (n, samples)}
        found = {name: (self._file[name].shape, self._file[name].dtype) for name in shapes}
        if found != {name: (shape, np.uint8) for name, shape in shapes.items()}:
            raise ValueError(f"its arrays are {found}, not uint8 {shapes}")
        if not n or {len(self.contigs), len(self.starts)} != {n} or len(self.peaks) != samples:
            raise ValueError("its arrays differ in length")
        contigs = self.contigs.min(), self.contigs.max()
        if self.parts.max() >= len(PARTS) or contigs[0] < 0 or contigs[1] >= len(self.names):
            raise ValueError("a site has no part or contig")

    def __len__(self) -> int:
        return len(self.parts)

    def count(self, part: str) -> int:
        """Return the number of sites in a part: train, valid or test."""
        return int((self.parts == PARTS.index(part)).sum())

    def read(self, start: int, stop: int, *, graded: bool = False) -> SiteBatch:
        """Return the sites in rows [start, stop); with their grades, or 1 for the upper half.

        Raises:
            DataError: the file is damaged there.
        """
        try:
            batch = SiteBatch(self._file["codes"][start:stop], self._file["targets"][start:stop])
        except OSError as error:
            raise DataError(f"{self.path} is damaged: {_first(error)}; make it again") from error
        if batch.codes.max(initial=0) > UNKNOWN or self._odd(batch.targets):
            raise DataError(f"{self.path} holds a code above 4 or a target above 1; make it again")
        if not graded and self.is_graded.any():
            grades = batch.targets[:, self.is_graded]
            halves = np.where(grades == UNLABELLED, UNLABELLED, grades > GRADES // 2)
            batch.targets[:, self.is_graded] = halves
        return batch

    @property
    def is_graded(self) -> NDArray[np.bool_]:
        """Tell of each sample (samples,) whether its targets are grades."""
        return np.isin(self.samples, self.card.graded)

    def _odd(self, targets: NDArray[np.uint8]) -> bool:
        """Tell whether a target is none."""
        targets = targets[:, ~self.is_graded]
        above = targets > 1
        if self.card.unknown:
            above &= targets != UNLABELLED
        return bool(above.any())

    def batches(
        self,
        part: str,
        size: int,
        *,
        rng: np.random.Generator | None = None,
        graded: bool = False,
    ) -> Iterator[SiteBatch]:
        """Yield each site of a part once, `size` at a time; the last batch may be smaller.

        Without `rng` in the order of the file. With it, blocks of 256 neighbours are drawn at
        random, and the rows of 64 blocks are shuffled together; same `rng`, same batches. `graded`
        is that of `read`.

        Raises:
            DataError: the file is damaged.
        """
        chosen = self.parts == PARTS.index(part)
        blocks = np.unique(np.flatnonzero(chosen) // BLOCK)
        if rng:
            blocks = rng.permutation(blocks)
        rest: list[SiteBatch] = []
        for at in range(0, len(blocks), MIXED):
            mixed = blocks[at : at + MIXED].tolist()
            pool = _joined(rest + [self._rows(block, chosen, graded) for block in mixed])
            if rng:
                order = rng.permutation(len(pool.codes))
                pool = SiteBatch(pool.codes[order], pool.targets[order])
            full = len(pool.codes) // size * size
            for low in range(0, full, size):
                yield SiteBatch(pool.codes[low : low + size], pool.targets[low : low + size])
            rest = [SiteBatch(pool.codes[full:], pool.targets[full:])]
        if rest and len(rest[0].codes):
            yield rest[0]

    def _rows(self, block: int, chosen: NDArray[np.bool_], graded: bool) -> SiteBatch:
        """Return the chosen rows of a block."""
        low, high = block * BLOCK, min(len(self), (block + 1) * BLOCK)
        batch = self.read(low, high, graded=graded)
        return SiteBatch(batch.codes[chosen[low:high]], batch.targets[chosen[low:high]])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "Sites":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _joined(batches: Sequence[SiteBatch]) -> SiteBatch:
    return SiteBatch(*(np.concatenate(arrays) for arrays in zip(*batches, strict=True)))


def _first(error: Exception) -> str:
    """Return the first line of a message; HDF5's have many."""
    return str(error).partition("\n")[0]
