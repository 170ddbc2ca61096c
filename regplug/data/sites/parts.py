"""Sites ─Split.assign→ training, validation or test."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import DataError

PARTS = ("train", "valid", "test")
TRAIN, VALID, TEST = range(3)


class RandomSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="random"):
    """Sites in random order: training, then validation, then test (Basset's seq_hdf5.py).

    Attributes:
        valid: sites for validation: how many, or below 1 their share (of all sites, rounded).
        test: the same for the test.
        seed: of the order.
    """

    valid: float
    test: float
    seed: int

    def assign(self, contigs: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.uint8]:
        """Return the part of each site (n,); of contigs only their number (n,) counts.

        Raises:
            DataError: a part that was asked for, or training, gets no site.
        """
        n = len(contigs)
        valid, test = (
            int(0.5 + asked * n) if asked < 1 else int(asked) for asked in (self.valid, self.test)
        )
        for asked, got, part in ((self.valid, valid, "valid"), (self.test, test, "test")):
            if asked and not got:
                raise DataError(f"{asked:g} of {n} sites is none: give a larger --{part}")
        if valid + test >= n:
            raise DataError(
                f"{valid} sites for validation and {test} for the test leave none of {n} to train "
                "on: give a smaller --valid or --test"
            )
        parts = np.full(n, TRAIN, np.uint8)
        order = np.random.default_rng(self.seed).permutation(n)
        parts[order[n - test - valid : n - test]] = VALID
        parts[order[n - test :]] = TEST
        return parts


class ContigSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="chrom"):
    """Whole contigs are held out; nothing near a test site is trained on.

    Attributes:
        valid: contigs for validation, by their names in the FASTA.
        test: contigs for the test.
    """

    valid: tuple[str, ...]
    test: tuple[str, ...]

    def assign(self, contigs: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.uint8]:
        """Return the part of each site (n,), given the contig of each, one of `names`.

        Raises:
            DataError: a part that was asked for has no site, or none are left to train on.
        """
        of_name = {**dict.fromkeys(self.valid, VALID), **dict.fromkeys(self.test, TEST)}
        parts = np.array([of_name.get(name, TRAIN) for name in names], np.uint8)[contigs]
        empty = self.without_sites(contigs, names)
        for held_out in (self.valid, self.test):
            if held_out and set(held_out) <= set(empty):
                raise DataError(f"no site on {', '.join(held_out)}: hold other contigs out")
        if TRAIN not in parts:
            raise DataError("all contigs with sites are held out: leave some to train on")
        return parts

    def without_sites(self, contigs: NDArray[np.int64], names: Sequence[str]) -> list[str]:
        """Return the contigs held out on which there is no site; as `assign`."""
        there = {names[at] for at in np.unique(contigs)}
        return [name for name in (*self.valid, *self.test) if name not in there]


class RegionSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="regions"):
    """Stretches of contigs are held out.

    Attributes:
        valid: (contig, start, end) for validation, 0-based and half-open, by names in the FASTA.
        test: the same for the test.
    """

    valid: tuple[tuple[str, int, int], ...]
    test: tuple[tuple[str, int, int], ...]

    def of_tiles(self, contig: str, starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return the part of each tile (n,) on a contig, -1 where it crosses a region's end.

        A tile belongs to a part if all of it lies in one region, and is trained on if it touches
        none.
        """
        parts = np.full(len(starts), TRAIN, np.int64)
        for part, regions in ((VALID, self.valid), (TEST, self.test)):
            for _, low, high in (region for region in regions if region[0] == contig):
                touched = (starts < high) & (starts + length > low)
                inside = (starts >= low) & (starts + length <= high)
                parts[touched] = np.where(inside & (parts == TRAIN), part, -1)[touched]
        return parts


class GivenSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="given"):
    """Sites have the parts that they had in the sets they come from."""


def no_sites(split: "Split", contigs: NDArray[np.int64], names: Sequence[str]) -> dict[str, int]:
    """Return what a card's counts say of contigs that are held out for nothing; as `assign`."""
    empty = split.without_sites(contigs, names) if isinstance(split, ContigSplit) else []
    return {f"sites on {name}, which is to be held out": 0 for name in empty}


Split = RandomSplit | ContigSplit | RegionSplit | GivenSplit
