"""Shorter sites get flanks of the genome: sets ─Flanks→ closed tiles with a site in their middle.

Unknown bases around a short site would say by themselves that it is one of a set of open sites.
"""

from collections.abc import Sequence

import numpy as np

from regplug.data.sites.parts import TRAIN
from regplug.data.sites.sites import Sites
from regplug.errors import DataError
from regplug.genome.codes import Codes

POOL = 20_000  # tiles in memory, drawn at random of all
TOGETHER = 4096  # sites read at once


class Flanks:
    """Tiles to train on that are known to be open in no sample."""

    def __init__(self, sets: Sequence[Sites], length: int, seed: int) -> None:
        """Draw tiles of `length` bases from those of the sets that have such.

        Raises:
            DataError: there is none, or a set is damaged.
        """
        self._rng = np.random.default_rng(seed)
        self._tiles, keys = np.empty((0, length), np.uint8), np.empty(0)
        for sites in sets:
            if sites.card.settings.length != length:
                continue
            for low in range(0, len(sites), TOGETHER):
                batch, part = sites.read(low, low + TOGETHER), sites.parts[low : low + TOGETHER]
                closed = batch.codes[(part == TRAIN) & (batch.targets == 0).all(axis=1)]
                self._tiles = np.concatenate([self._tiles, closed])
                keys = np.append(keys, self._rng.random(len(closed)))
                kept = np.argsort(keys)[:POOL]
                self._tiles, keys = self._tiles[kept], keys[kept]
        if not len(self._tiles):
            raise DataError(
                f"no set has a tile of {length} bases to train on that is open in no sample, to "
                "widen shorter sites with: join tiles of regplug prepare basset --along"
            )

    def around(self, codes: Codes) -> Codes:
        """Return tiles (n, length), drawn anew, with the sites (n, bases) in their middle."""
        tiles: Codes = self._tiles[self._rng.integers(len(self._tiles), size=len(codes))]
        start = self.before(codes.shape[1])
        tiles[:, start : start + codes.shape[1]] = codes
        return tiles

    def before(self, bases: int) -> int:
        """Return how many bases of a tile lie before a site of `bases`."""
        return (self._tiles.shape[1] - bases) // 2
