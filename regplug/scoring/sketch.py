"""Numbers ─sketch→ Sketch: few of them, dense among the largest, from which shares follow."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BOTTOM = (0.975, 0.99, 0.997, 1.0)  # the smallest numbers may be far apart


def ranks(count: int) -> NDArray[np.int64]:
    """Return the ranks, 1 the largest, at which a sketch of `count` numbers keeps one: (points,).

    Each is about 1.4 times the one before it, and at most a tenth of all lie between two.
    """
    tail = np.ceil(1.4 ** np.arange(np.log(count) / np.log(1.4) + 1))
    bulk = np.round(count * np.append(np.arange(1, 10) / 10, BOTTOM))
    kept: NDArray[np.float64] = np.unique(np.clip(np.concatenate([tail, bulk]), 1, count))
    return kept.astype(np.int64)


class Sketch(NamedTuple):
    """What is kept of `size` numbers: those of `ranks(size)`, largest first, (points,)."""

    size: int
    values: Floats

    def share(self, x: Floats) -> Floats:
        """Return (1 + numbers >= x) / (1 + numbers) for each x, NaN for NaN.

        Exact where the sketch has a number, and where it has all; interpolated between others.
        """
        kept, ascending = ranks(self.size)[::-1], self.values[::-1]
        first = np.r_[True, ascending[1:] > ascending[:-1]]  # of equal ones, that of highest rank
        last = np.r_[first[1:], True]  # and of lowest
        at = ascending[first]
        # As many as the rank are at least as large as a number that is kept, and one less just
        # above it.
        up_to, above = np.log(1 + kept[first]), np.log(kept[last])
        place = np.searchsorted(at, x)
        high, low = np.minimum(place, len(at) - 1), np.maximum(place - 1, 0)
        gap = np.where(at[high] > at[low], at[high] - at[low], 1.0)
        weight = np.clip((x - at[low]) / gap, 0, 1)
        between = (1 - weight) * above[low] + weight * up_to[high]
        logs = np.where(x <= at[0], up_to[0], np.where(x > at[-1], 0.0, between))
        shares: Floats = np.exp(logs - np.log(1 + self.size))
        return np.where(np.isnan(x), np.nan, shares)

    def rarity(self, x: Floats) -> Floats:
        """Return -ln(rank / (1 + numbers)) of each x, where the rank counts the numbers >= x.

        Above the largest number it goes on as in an exponential tail, so that two x can be told
        apart. NaN stays NaN.
        """
        levels = -np.log(ranks(self.size) / (1 + self.size))
        ascending, last = self.values[::-1], levels[::-1]
        # Of equal numbers the one of highest rank has all of them at or above it.
        first = np.r_[True, ascending[1:] > ascending[:-1]]
        found = np.interp(x, ascending[first], last[first])
        over = x - self.values[0]
        rarities: Floats = np.where(over > 0, np.log(1 + self.size) + self.slope * over, found)
        return rarities

    @property
    def slope(self) -> float:
        """Return by how much the rarity rises per unit, between the 40th and the 4th number."""
        kept = ranks(self.size)
        high, low = (int(np.searchsorted(kept, min(rank, self.size))) for rank in (4, 40))
        rise = float(np.log(kept[low] / kept[high]))
        run = float(self.values[high] - self.values[low])
        return rise / run if run > 0 and rise > 0 else 1.0


def sketch(numbers: Floats) -> Sketch:
    """Return the sketch of numbers, shape (count,)."""
    falling = np.sort(numbers)[::-1]
    return Sketch(len(numbers), falling[ranks(len(numbers)) - 1].astype(np.float64))


def rarity_among_others(numbers: Floats, slope: float) -> Floats:
    """Return the rarity of each number among all others, shape (count,), as a new one would get it.

    It is on the scale of `Sketch.rarity` of all numbers: ranks are divided by 1 + count.

    Args:
        numbers: shape (count,), 2 and more.
        slope: of the tail, for the largest.
    """
    count = len(numbers)
    order = np.argsort(-numbers, kind="stable")
    falling = numbers[order]
    above = np.searchsorted(-falling, -falling, side="left")  # numbers that are larger
    until = np.searchsorted(-falling, -falling, side="right")  # and those at least as large
    alone = until - above == 1
    before = falling[np.maximum(above - 1, 0)]
    behind = falling[np.minimum(until, count - 1)]
    gap = np.where(before > behind, before - behind, 1.0)
    weight = np.where(alone & (above > 0), (falling - behind) / gap, 0.0)
    others = np.maximum(np.where(alone, until, until - 1), 1)
    rarities = -np.log(others / (1 + count)) + weight * np.log(others / np.maximum(others - 1, 1))
    if alone[0]:
        rarities[0] = np.log(1 + count) + slope * (falling[0] - falling[1])
    found = np.empty(count)
    found[order] = rarities
    return found


def share_among_others(numbers: Floats) -> Floats:
    """Return (1 + others >= it) / count of each number, shape (count,)."""
    at_least = np.searchsorted(np.sort(-numbers), -numbers, side="right")
    return np.asarray(at_least / len(numbers), np.float64)


def sidak(p: Floats, tests: int) -> Floats:
    """Return 1 - (1 - p) ** tests: the chance of so small a p among independent tests."""
    with np.errstate(divide="ignore"):
        among: Floats = -np.expm1(tests * np.log1p(-p))
    return among
