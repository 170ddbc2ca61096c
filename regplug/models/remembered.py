"""codes ─Remembered.predict→ predictions: what is known already is not asked of the model again."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import prod
from typing import Any

import msgspec
import numpy as np

from regplug.errors import CacheError, ModelError
from regplug.genome.codes import Codes
from regplug.models.cache import Cache
from regplug.scoring.backend import Answering, Array, Backend, engine_of, precision_of
from regplug.scoring.outputs import Output
from regplug.scoring.stretches import Request, Sizes

ROOM = 4 << 20  # bytes of the answers that are kept in memory
_ENTRY = 250  # bytes that one of them takes beside itself
_KEY = 16  # bytes of a digest: two of 10^9 rows have the same with a chance of 10^-21
_NUMBER = np.dtype("<f4")
_TOGETHER = ("REF, together", "ALT, together")  # no names of outputs


class Remembered(Answering):
    """A model whose answers are kept: the last ones in memory, and all of them in a cache's file.

    So the window of a REF that several ALTs share is computed once. An answer is looked up by the
    sha256 of the model's graph, what runs it, the names of the outputs, and the codes of the row.

    Attributes:
        card: the model's.
        precision: in what numbers it is run, where not in float32, or "".
    """

    def __init__(self, backend: Backend, cache: Cache | None = None, *, room: int = ROOM) -> None:
        """Keep what `backend` answers, `room` bytes of it in memory.

        Raises:
            ModelError: there is a cache, and the card does not tell the sha256 of the graph.
        """
        self.card, self.precision = backend.card, precision_of(backend)
        if cache and not self.card.sha256:
            raise ModelError(
                f"the card of {self.card.name} has no sha256, so its predictions cannot be told "
                "from those of another model: run it without --cache"
            )
        self._backend, self._cache = backend, cache
        self._recent = Recent(room)

    def __getattr__(self, name: str) -> Any:
        """Return what else the model offers, where there is no cache that it would go past."""
        if name.startswith("_") or self._cache:
            raise AttributeError(name)
        return getattr(self._backend, name)

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        keys = self._keys(codes, outputs)
        known = self._recent.get(keys)
        unknown = [key for key in dict.fromkeys(keys) if key not in known]
        if unknown and self._cache:
            known |= self._kept(self._cache, unknown, outputs)
        rows = {key: row for row, key in enumerate(keys) if key not in known}
        if rows:
            asked = self._ask(codes[list(rows.values())], outputs)
            new = dict(zip(rows, asked, strict=True))
            if self._cache:
                self._cache.put(new)
            known |= new
        self._recent.put(known)
        return _parted([known[key] for key in keys], outputs)

    @property
    def sizes(self) -> Sizes | None:
        """Return what a request of SNVs costs the model, as `VariantsBackend`.

        Raises:
            AttributeError: it scores none together.
        """
        sizes: Sizes | None = self._backend.sizes  # type: ignore[attr-defined]
        return sizes

    def predict_variants(self, asked: Sequence[Request]) -> list[tuple[Array, Array]]:
        """Return the predictions for each request's windows and ALTs, as `VariantsBackend`.

        They have keys of their own: another order of sums may give another last bit. A request of
        which one is unknown is asked for as a whole.
        """
        ask = self._backend.predict_variants  # type: ignore[attr-defined]
        if self._cache is None:
            found: list[tuple[Array, Array]] = ask(asked)
            return found
        sizes, window, outputs = self.sizes, self.card.window, [self.card.main]
        assert sizes is not None
        assert window is not None
        keys = [
            [self._keys(codes, outputs, how) for codes, how in zip(sides, _TOGETHER, strict=True)]
            for sides in (request.windows(window, sizes.column) for request in asked)
        ]
        known = self._kept(self._cache, [key for ref, alt in keys for key in (*ref, *alt)], outputs)
        new = [at for at, (ref, alt) in enumerate(keys) if not known.keys() >= {*ref, *alt}]
        for at, sides in zip(new, ask([asked[at] for at in new]), strict=True):
            for of_side, rows in zip(keys[at], sides, strict=True):
                answers = [row.astype(_NUMBER).tobytes() for row in rows]
                values = dict(zip(of_side, answers, strict=True))
                self._cache.put({key: v for key, v in values.items() if key not in known})
                known |= values
        return [
            (_parted([known[key] for key in ref], outputs)[0],
             _parted([known[key] for key in alt], outputs)[0])
            for ref, alt in keys
        ]  # fmt: skip

    def _kept(
        self, cache: Cache, keys: Sequence[bytes], outputs: Sequence[Output]
    ) -> dict[bytes, bytes]:
        """Return what a cache's file has of these keys.

        Raises:
            CacheError: it is damaged, or somebody has put other things into it.
        """
        found = cache.get(keys)
        size = _NUMBER.itemsize * sum(prod(output.shape) for output in outputs)
        if any(len(value) != size for value in found.values()):
            raise CacheError(cache.damaged("a value is no answer of the model"))
        if not np.isfinite(np.frombuffer(b"".join(found.values()), _NUMBER)).all():
            raise CacheError(cache.damaged("a value is no number"))
        return found

    def _keys(self, codes: Codes, outputs: Sequence[Output], how: str = "") -> list[bytes]:
        """Return the key of each row; `how` it was asked for, if not as it is."""
        names = [output.name for output in outputs] + ([how] if how else [])
        of_all = msgspec.json.encode((self.card.sha256, engine_of(self._backend), names))
        start, keys = blake2b(of_all + b"\n", digest_size=_KEY), []
        for row in np.ascontiguousarray(codes):
            of_row = start.copy()
            of_row.update(row)
            keys.append(of_row.digest())
        return keys

    def _ask(self, codes: Codes, outputs: Sequence[Output]) -> list[bytes]:
        """Return what the model answers to each row, one output's numbers behind the other's."""
        first, *more = (output.name for output in outputs)
        if more:
            several = self._backend.predict(codes, (first, more[0], *more[1:]))
            answers = [several[output.name] for output in outputs]
        elif outputs[0] == self.card.main:
            answers = [self._backend.predict(codes)]
        else:
            answers = [self._backend.predict(codes, (first,))]
        flat = [np.asarray(answer, _NUMBER).reshape(len(codes), -1) for answer in answers]
        return [row.tobytes() for row in np.concatenate(flat, axis=1)]

    def close(self) -> None:
        """Close the model."""
        self._backend.close()


class Recent:
    """The values that were used last, in memory; any thread may use it."""

    def __init__(self, room: int) -> None:
        """Keep `room` bytes of them."""
        self._room, self._held, self._lock = room, 0, threading.Lock()
        self._values: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return key → value of those keys that are there."""
        with self._lock:
            return {key: self._values[key] for key in keys if key in self._values}

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values as those that were used last; the oldest ones make room."""
        with self._lock:
            for key, value in values.items():
                if self._values.pop(key, None) is None:
                    self._held += len(value) + _ENTRY
                self._values[key] = value
            while self._held > self._room:
                _, oldest = self._values.popitem(last=False)
                self._held -= len(oldest) + _ENTRY


def _parted(rows: Sequence[bytes], outputs: Sequence[Output]) -> list[Array]:
    """Return each output's numbers, (n, *shape), of the answers to n rows."""
    sizes = [prod(output.shape) for output in outputs]
    flat = np.frombuffer(b"".join(rows), _NUMBER).astype(np.float32)
    parts = np.split(flat.reshape(len(rows), sum(sizes)), np.cumsum(sizes)[:-1], axis=1)
    return [
        part.reshape(len(rows), *output.shape) for part, output in zip(parts, outputs, strict=True)
    ]
