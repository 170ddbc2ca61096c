"""Scores of background variants ─packed→ Background.data ─unpacked→ Tables, with strict limits.

The data is base64 of zlib of arrays, little-endian. Per stratum, with its SNVs, the sketches of the
stronger allele's score (targets, points), float32. Then per set: each target's largest statistic
(targets,), float32; the sketches of the statistic over it (targets, points), float16; the sketch of
the largest rarity (points,), float32; and the codes (variants,), uint8. The points of a sketch are
at `ranks(scored)`.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Sequence

import numpy as np

from regplug.errors import ModelError
from regplug.scoring.background import Background, BackgroundSet
from regplug.scoring.effects import Scores
from regplug.scoring.kinds import KINDS, SNV
from regplug.scoring.rarity import MISSING, STEP, Table, activity, statistic
from regplug.scoring.sketch import (
    Floats,
    Sketch,
    ranks,
    rarity_among_others,
    share_among_others,
    sketch,
)

LONGEST_NAME = 200  # letters
TAIL = 40  # largest statistics, whose rarity is found without the variant itself
FEWEST = 20  # variants of a set that are scored
_MOST_VARIANTS = 1_000_000
_MOST_SETS = 64
_STRATUM = re.compile(r"[a-z][a-z0-9_]{0,30}")


def packed(sets: Sequence[tuple[BackgroundSet, Scores | bytes]]) -> str:
    """Return the data of a Background.

    Args:
        sets: each with the scores of its variants, in the order of the list, NaN where there are
            none; or with its arrays of before, as `kept_arrays` has them. Grouped by stratum, of
            each the SNVs first.
    """
    arrays: list[bytes] = []
    activities: list[Sketch] = []
    for of, scores in sets:
        if isinstance(scores, bytes):
            arrays.append(scores)
            activities = _activities(of, scores) if of.kind == SNV else activities
            continue
        scored = ~np.isnan(scores.ref).any(axis=1)
        kept = Scores(scores.ref[scored], scores.alt[scored], [])
        if of.kind == SNV:
            stronger = np.maximum(kept.ref, kept.alt)
            activities = [_stored(sketch(column)) for column in stronger.T.astype(np.float64)]
            arrays.append(_bytes([target.values for target in activities], "<f4"))
        change = statistic(kept, activity(kept, activities))
        largest = np.maximum(change.max(axis=0), 1e-30).astype(np.float32)
        shrunk = np.stack([sketch(column).values for column in change.T]) / largest[:, None]
        arrays += [_bytes(largest, "<f4"), _bytes(shrunk, "<f2")]
        stored = [
            Sketch(len(change), v * top) for v, top in zip(_halves(shrunk), largest, strict=True)
        ]
        rarest = _largest_rarity(change, stored)
        codes = np.full(of.variants, MISSING, np.uint8)
        codes[scored] = -np.log(share_among_others(rarest)) / STEP + 1e-9
        arrays += [_bytes(sketch(rarest).values, "<f4"), codes.tobytes()]
    return base64.b64encode(zlib.compress(b"".join(arrays), 9)).decode()


def _activities(of: BackgroundSet, arrays: bytes) -> list[Sketch]:
    """Return the sketches of the stronger allele's score, of the arrays of a stratum's SNVs."""
    points, last = len(ranks(of.scored)), of.variants
    targets = (len(arrays) - last - 4 * points) // (4 + 6 * points)
    values = np.frombuffer(arrays, "<f4", targets * points).reshape(targets, points)
    return [Sketch(of.scored, row.astype(np.float64)) for row in values]


def kept_arrays(background: Background, targets: int, name: str) -> dict[BackgroundSet, bytes]:
    """Return the arrays of each set of the model `name`, for `packed`.

    Raises:
        ModelError: the background is damaged; the message says where.
    """
    unpacked(background, targets, name)
    raw, at, found = zlib.decompress(base64.b64decode(background.data)), 0, {}
    for of in background.sets:
        found[of] = raw[at : at + _size(of, targets)]
        at += _size(of, targets)
    return found


def _size(of: BackgroundSet, targets: int) -> int:
    """Return the bytes of a set's arrays."""
    points = len(ranks(of.scored))
    shared = 4 * targets * points if of.kind == SNV else 0
    return shared + targets * (4 + 2 * points) + 4 * points + of.variants


def _largest_rarity(change: Floats, kept: Sequence[Sketch]) -> Floats:
    """Return each variant's largest rarity of all targets among the other variants, (variants,).

    That is what the sketch says, but for the few that it is made of in its tail.
    """
    columns = []
    for column, of in zip(change.T, kept, strict=True):
        rarity = of.rarity(column)
        tail = np.argsort(-column, kind="stable")[:TAIL]
        rarity[tail] = rarity_among_others(column, of.slope)[tail]
        columns.append(rarity)
    largest: Floats = np.stack(columns).max(axis=0)
    return largest


def _halves(numbers: Floats) -> Floats:
    return numbers.astype("<f2").astype(np.float64)


def _stored(of: Sketch) -> Sketch:
    return Sketch(of.size, of.values.astype("<f4").astype(np.float64))


def _bytes(numbers: object, kind: str) -> bytes:
    return np.asarray(numbers).astype(kind).tobytes()


def unpacked(background: Background, targets: int, name: str) -> dict[str, dict[str, Table]]:
    """Return the tables of the model `name` of `targets` targets: stratum → kind → Table.

    Raises:
        ModelError: the background is damaged; the message says where.
    """
    damaged = _fault(background.sets)
    if not background.genome.isprintable() or len(background.genome) > LONGEST_NAME:
        damaged = "the name of its genome is no name"
    if damaged:
        raise _damaged(name, damaged)
    arrays = _Arrays(background, targets, name)
    tables: dict[str, dict[str, Table]] = {}
    activities: list[Sketch] = []
    for of in background.sets:
        if of.kind == SNV:
            activities = arrays.sketches(of.scored, targets, "<f4")
        largest = arrays.take(targets, "<f4")
        statistics = [
            Sketch(of.scored, shrunk.values * top)
            for shrunk, top in zip(arrays.sketches(of.scored, targets, "<f2"), largest, strict=True)
        ]
        (extremes,) = arrays.sketches(of.scored, 1, "<f4")
        codes = arrays.take(of.variants, "u1").astype(np.uint8)
        if np.count_nonzero(codes != MISSING) != of.scored:
            raise _damaged(name, "its codes are not of as many variants as were scored")
        table = Table(of, activities, statistics, extremes, codes)
        tables.setdefault(of.stratum, {})[of.kind] = table
    return tables


def _fault(sets: Sequence[BackgroundSet]) -> str:
    """Return what is wrong with the list of the sets, or ""."""
    keys = [(of.stratum, of.kind) for of in sets]
    if not 1 <= len(sets) <= _MOST_SETS or len(set(keys)) < len(keys):
        return f"it has {len(sets)} sets, some twice"
    last = ""
    for of in sets:
        if not _STRATUM.fullmatch(of.stratum) or of.kind not in KINDS:
            return f"it has a set {of.stratum[:40]!r} of {of.kind[:40]!r}"
        if of.stratum != last and of.kind != SNV:
            return f"the set {of.stratum} does not begin with {SNV}"
        if not FEWEST <= of.scored <= of.variants <= _MOST_VARIANTS:
            return f"of {of.variants} variants {of.scored} are scored"
        last = of.stratum
    return ""


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(
        f"the background of {name} is damaged: {why}; measure it again "
        f"(regplug models calibrate {name})"
    )


class _Arrays:
    """The arrays of a background, one after the other."""

    def __init__(self, background: Background, targets: int, name: str) -> None:
        """Unpack them; they must be exactly as long as the sets say."""
        self._name, self._at = name, 0
        wanted = sum(_size(of, targets) for of in background.sets)
        try:
            text = base64.b64decode(background.data, validate=True)
            unpacking = zlib.decompressobj()
            self._raw = unpacking.decompress(text, wanted + 1)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise _damaged(name, str(error)) from error
        if len(self._raw) != wanted or not unpacking.eof or unpacking.unused_data:
            raise _damaged(name, "its arrays are not as long as its sets say")

    def take(self, count: int, kind: str) -> Floats:
        """Return the next `count` numbers of a kind of numpy's."""
        numbers = np.frombuffer(self._raw, kind, count, self._at)
        self._at += numbers.nbytes
        if not np.isfinite(numbers).all():
            raise _damaged(self._name, "a number is not finite")
        return numbers.astype(np.float64)

    def sketches(self, count: int, rows: int, kind: str) -> list[Sketch]:
        """Return the next `rows` sketches of `count` numbers each."""
        points = len(ranks(count))
        values = self.take(rows * points, kind).reshape(rows, points)
        if (np.diff(values, axis=1) > 0).any():
            raise _damaged(self._name, "the numbers of a sketch do not fall")
        return [Sketch(count, row) for row in values]
