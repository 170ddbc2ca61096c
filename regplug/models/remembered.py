"""codes ─Remembered.predict→ predictions: what is known already is not asked of the model again."""

import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import prod
from typing import Any, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import CacheError, ModelError
from regplug.genome.codes import Codes
from regplug.models.cache import Cache
from regplug.scoring.backend import (
    Answering,
    Array,
    Backend,
    Several,
    engine_of,
    precision_of,
    wanted_outputs,
)
from regplug.scoring.outputs import Output
from regplug.scoring.stretches import Answers, Request, Sizes, by_name

ROOM = 4 << 20  # bytes of the answers that are kept in memory
SEVERAL = (
    128 << 20
)  # of a model of several outputs, whose windows cost much and are asked for twice
ENTRY = 230  # bytes that one of them takes beside itself and its key
_KEY = 16  # bytes of a digest: two of 10^9 rows have the same with a chance of 10^-21
_NUMBER = np.dtype("<f4")
_TOGETHER = ("REF, together", "ALT, together")  # no names of outputs


class Remembered(Answering):
    """A model whose answers are kept: the last ones in memory, and all of them in a cache's file.

    So the window of a REF that several ALTs share is computed once. An answer is looked up by the
    names of the outputs and the codes of the row, in a cache's file by the sha256 of the model's
    graph and what runs it too.

    Attributes:
        card: the model's.
        precision: in what numbers it is run, where not in float32, or "".
    """

    def __init__(
        self, backend: Backend, cache: Cache | None = None, *, room: int | None = None
    ) -> None:
        """Keep what `backend` answers, `room` bytes of it in memory; by default ROOM or SEVERAL.

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
        if room is None:
            room = SEVERAL if len(self.card.answers) > 1 else ROOM
        self._recent = Recent(room)

    def __getattr__(self, name: str) -> Any:
        """Return what else the model offers, where there is no cache that it would go past."""
        if name.startswith("_") or self._cache:
            raise AttributeError(name)
        return getattr(self._backend, name)

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        keys = self._keys(codes, outputs) if self._cache else _plain_keys(codes, outputs)
        known = self._recent.get(keys)
        rows = {key: row for row, key in enumerate(keys) if key not in known}
        if rows and self._cache:
            known |= self._kept(self._cache, list(rows), outputs)
            rows = {key: row for key, row in rows.items() if key not in known}
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

    @overload
    def predict_variants(self, requests: Sequence[Request]) -> list[tuple[Array, Array]]: ...
    @overload
    def predict_variants(
        self, requests: Sequence[Request], outputs: Several
    ) -> list[tuple[Answers, Answers]]: ...
    def predict_variants(
        self, requests: Sequence[Request], outputs: tuple[str, ...] = ()
    ) -> list[tuple[Array, Array]] | list[tuple[Answers, Answers]]:
        """Return the predictions for each request's windows and ALTs, as `VariantsBackend`.

        They have keys of their own: another order of sums may give another last bit. A request of
        which one is unknown is asked for as a whole. Those of `card.main` are not kept in memory.
        """
        if self._cache is None and not outputs:
            ask = self._backend.predict_variants  # type: ignore[attr-defined]
            plain: list[tuple[Array, Array]] = ask(requests)
            return plain
        wanted = wanted_outputs(self.card, outputs)
        keys = [self._keys_together(request, wanted) for request in requests]
        every = [key for ref, alt in keys for key in (*ref, *alt)]
        known = self._recent.get(every)
        if self._cache:
            known |= self._kept(self._cache, [key for key in every if key not in known], wanted)
        new = [at for at, (ref, alt) in enumerate(keys) if not known.keys() >= {*ref, *alt}]
        for at, sides in zip(
            new, self._ask_together([requests[at] for at in new], outputs), strict=True
        ):
            for of_side, rows in zip(keys[at], sides, strict=True):
                values = dict(zip(of_side, rows, strict=True))
                if self._cache:
                    self._cache.put({key: v for key, v in values.items() if key not in known})
                known |= values
        self._recent.put({key: known[key] for key in every})
        parted = [
            (
                _parted([known[key] for key in ref], wanted),
                _parted([known[key] for key in alt], wanted),
            )
            for ref, alt in keys
        ]
        return by_name(parted, outputs)

    def _keys_together(
        self, request: Request, outputs: Sequence[Output]
    ) -> tuple[list[bytes], list[bytes]]:
        """Return the keys of a request's windows, and of its ALTs."""
        sizes, window = self.sizes, self.card.window
        assert sizes is not None
        assert window is not None
        ref, alt = request.windows(window, sizes.column)
        before, after = _TOGETHER
        return self._keys(ref, outputs, before), self._keys(alt, outputs, after)

    def _ask_together(
        self, asked: Sequence[Request], names: tuple[str, ...]
    ) -> list[tuple[list[bytes], list[bytes]]]:
        """Return what the model answers to requests' windows and ALTs, as `_flat` has it."""
        ask = self._backend.predict_variants  # type: ignore[attr-defined]
        if not names:
            return [(_flat([ref]), _flat([alt])) for ref, alt in ask(asked)]
        each = list(dict.fromkeys(names))
        return [
            (_flat([ref[name] for name in each]), _flat([alt[name] for name in each]))
            for ref, alt in ask(asked, names)
        ]

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
        return _flat(answers)

    def close(self) -> None:
        """Close the model."""
        self._backend.close()


class Recent:
    """The values that were used last, in memory; any thread may use it."""

    def __init__(self, room: int) -> None:
        """Keep `room` bytes of them."""
        self._room, self._held, self._lock = room, 0, threading.Lock()
        self._values: dict[bytes, bytes] = {}

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return key → value of those keys that are there."""
        with self._lock:
            return {key: self._values[key] for key in keys if key in self._values}

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values as those that were used last; the oldest ones make room."""
        with self._lock:
            again = self._values.keys() & values.keys()
            self._held -= _size({key: self._values.pop(key) for key in again})
            self._values.update(values)
            self._held += _size(values)
            oldest = []
            for key, value in self._values.items():  # in the order in which they came
                if self._held <= self._room:
                    break
                oldest.append(key)
                self._held -= len(key) + len(value) + ENTRY
            for key in oldest:
                del self._values[key]


def _size(values: Mapping[bytes, bytes]) -> int:
    """Return how many bytes of memory they take."""
    return sum(map(len, values)) + sum(map(len, values.values())) + ENTRY * len(values)


def _plain_keys(codes: Codes, outputs: Sequence[Output]) -> list[bytes]:
    """Return a key for each row, in memory."""
    names = "\t".join(output.name for output in outputs).encode()
    return [names + row for row in _rows(codes)]


def _rows(array: NDArray[np.generic]) -> list[bytes]:
    """Return the bytes of each row, of an array of shape (n, columns)."""
    whole, size = array.tobytes(), array.shape[1] * array.itemsize
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def _flat(answers: Sequence[Array]) -> list[bytes]:
    """Return outputs' answers, (n, *shape) each, as rows of one output's behind the other's."""
    flat = [np.asarray(answer, _NUMBER).reshape(len(answer), -1) for answer in answers]
    return _rows(np.concatenate(flat, axis=1))


def _parted(rows: Sequence[bytes], outputs: Sequence[Output]) -> list[Array]:
    """Return each output's numbers, (n, *shape), of the answers to n rows."""
    sizes = [prod(output.shape) for output in outputs]
    flat = np.frombuffer(b"".join(rows), _NUMBER).astype(np.float32)
    parts = np.split(flat.reshape(len(rows), sum(sizes)), np.cumsum(sizes)[:-1], axis=1)
    return [
        part.reshape(len(rows), *output.shape) for part, output in zip(parts, outputs, strict=True)
    ]
