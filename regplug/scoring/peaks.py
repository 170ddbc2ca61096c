"""What a model predicts at places that are known to be active, as its card keeps it.

predictions (peaks, targets) ─kept→ Peaks, in the card ─quantiles→ shares of peaks below a score
"""

import base64
import binascii
import zlib
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError

MOST = 20_000  # numbers that are kept of a target
Array = NDArray[np.float32]


class Peaks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model's scores at peaks, each target's in rising order.

    Attributes:
        created_by: version of regplug and the command.
        genome: name of the FASTA.
        file: name of the file of peaks.
        sha256: of that file.
        model: sha256 of the graph that was measured.
        peaks: how many were scored.
        kept: how many numbers of each target are kept: all, or those at even ranks.
        data: the numbers (targets, kept), float32, little-endian: base64 of zlib.
    """

    created_by: str
    genome: str
    file: str
    sha256: str
    model: str
    peaks: int
    kept: int
    data: str


def packed(scores: Array) -> tuple[int, str]:
    """Return how many of the scores (peaks, targets) are kept of each target, and `Peaks.data`."""
    rising = np.sort(scores, axis=0).T
    peaks = rising.shape[1]
    if peaks > MOST:  # the middles of as many stretches of ranks
        rising = rising[:, ((np.arange(MOST) + 0.5) * peaks / MOST).astype(np.int64)]
    raw = np.ascontiguousarray(rising, "<f4").tobytes()
    return rising.shape[1], base64.b64encode(zlib.compress(raw, 9)).decode()


def quantiles(peaks: Peaks | None, scores: Array, name: str) -> Array:
    """Return the share of peaks that score lower than each of the scores (n, targets).

    It is at least one peak's share, as in variant-scorer (get_variant_scores_with_peaks). NaN for
    NaN, and for all where there are no peaks.

    Raises:
        ModelError: the peaks of the model `name` are damaged.
    """
    if peaks is None:
        return np.full_like(scores, np.nan)
    columns = _unpacked(peaks, scores.shape[1], name)
    found = np.stack(
        [
            np.maximum(
                np.searchsorted(column, of_target, side="left") / peaks.kept, 1 / peaks.peaks
            )
            for column, of_target in zip(columns, scores.T, strict=True)
        ],
        axis=1,
    )
    return np.where(np.isnan(scores), np.nan, found).astype(np.float32)


@lru_cache(maxsize=64)
def _unpacked(peaks: Peaks, targets: int, name: str) -> Array:
    """Return the numbers (targets, kept)."""
    wanted = 4 * targets * peaks.kept
    if not 1 <= peaks.kept <= min(MOST, peaks.peaks):
        raise _damaged(name, f"it keeps {peaks.kept} numbers of {peaks.peaks}")
    try:
        raw = zlib.decompressobj().decompress(
            base64.b64decode(peaks.data, validate=True), wanted + 1
        )
    except (binascii.Error, ValueError, zlib.error) as error:
        raise _damaged(name, str(error)) from error
    if len(raw) != wanted:
        raise _damaged(name, "they are not as many numbers as it says")
    columns = np.frombuffer(raw, "<f4").reshape(targets, peaks.kept).astype(np.float32)
    if not np.isfinite(columns).all() or (np.diff(columns, axis=1) < 0).any():
        raise _damaged(name, "the numbers do not rise")
    return columns


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(
        f"the peaks of {name} are damaged: {why}; measure them again (regplug models peaks {name} "
        "PEAKS)"
    )
