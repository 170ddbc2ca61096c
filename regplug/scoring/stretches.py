"""Alleles ─stretches→ requests: SNVs whose windows overlap, as one stretch of codes.

A backend that offers `predict_variants` computes once what the windows of a stretch share, and of
each ALT only what it changes. Rows go that way whose ALT differs from REF in the variant's column
alone; a window belongs to a stretch where its own codes say so, whatever they were read from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, overload, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import Array, Backend, Several

NUMBERS = 1 << 26  # that a layer may read at once: 256 MB
IN_CACHE = 6 << 20  # from which on a request of ENOUGH ALTs grows no more
ENOUGH, ALTS = 64, 256  # in a request

Index = NDArray[np.int64]
Answers = dict[str, Array]  # by the names of outputs, (n, *shape) each
Sides = tuple[list[Array], list[Array]]  # each output's answers, to windows and to ALTs


class LayerSize(NamedTuple):
    """Of a layer: numbers that a row reads, rows of a window, a window's own, an ALT's own."""

    numbers: int
    window: int
    own: int
    alt: int


class Sizes(msgspec.Struct, frozen=True):
    """What a request costs a backend.

    Attributes:
        column: of the base that an ALT changes.
        layers: the sizes of each.
    """

    column: int
    layers: tuple[LayerSize, ...]

    def numbers(self, bases: int, windows: int, alts: int) -> int:
        """Return the most numbers that a layer reads at once."""
        return max(
            layer.numbers
            * (min(bases, windows * layer.window) + windows * layer.own + alts * layer.alt)
            for layer in self.layers
        )


@dataclass(frozen=True, eq=False)
class Request:
    """SNVs that are scored together.

    Attributes:
        block: codes of stretches of genome, one after another, shape (bases,).
        starts: of the n windows in the block, shape (n,).
        of: each ALT's window, shape (m,).
        alt: codes of the ALTs, shape (m,).
        rows: of the alleles that these ALTs are, shape (m,).
    """

    block: Codes
    starts: Index
    of: Index
    alt: Codes
    rows: Index

    def windows(self, window: int, column: int) -> tuple[Codes, Codes]:
        """Return the codes (n, window) of the windows, and (m, window) of the ALTs in theirs."""
        ref = self.block[self.starts[:, None] + np.arange(window)]
        alt = ref[self.of]
        alt[:, column] = self.alt
        return ref, alt


@runtime_checkable
class VariantsBackend(Protocol):
    """A backend that scores SNVs faster than window by window."""

    @property
    def sizes(self) -> Sizes | None:
        """Return what a request costs, or None where this model has no such graph."""

    @overload
    def predict_variants(self, requests: Sequence[Request]) -> list[tuple[Array, Array]]: ...
    @overload
    def predict_variants(
        self, requests: Sequence[Request], outputs: Several
    ) -> list[tuple[Answers, Answers]]: ...
    def predict_variants(
        self, requests: Sequence[Request], outputs: tuple[str, ...] = ()
    ) -> list[tuple[Array, Array]] | list[tuple[Answers, Answers]]:
        """Return each request's predictions, of its n windows and of its m ALTs.

        Without `outputs` those of `card.main`, (n, targets) and (m, targets); of several outputs,
        which a model of one is not asked for, (n, *shape) and (m, *shape) by their names.

        Raises:
            BackendError: as `Backend.predict`.
        """


def by_name(
    found: Sequence[Sides], outputs: Sequence[str]
) -> list[tuple[Array, Array]] | list[tuple[Answers, Answers]]:
    """Return what `predict_variants` returns.

    Args:
        found: of each request, what outputs answer; those of `wanted_outputs`.
        outputs: the names that were given.
    """
    if not outputs:
        return [(ref[0], alt[0]) for ref, alt in found]
    names = list(dict.fromkeys(outputs))
    return [
        (dict(zip(names, ref, strict=True)), dict(zip(names, alt, strict=True)))
        for ref, alt in found
    ]


def together(backend: Backend, width: int) -> VariantsBackend | None:
    """Return a backend as one that scores SNVs together; None where it does not.

    Args:
        backend: any.
        width: bases of a window.
    """
    if not isinstance(backend, VariantsBackend):
        return None
    sizes = backend.sizes
    return backend if sizes and sizes.numbers(width, 1, 1) <= NUMBERS else None


def only_differs_at(ref: Codes, alt: Codes, column: int) -> NDArray[np.bool_]:
    """Tell of which rows (rows, window) the codes differ in one column and in no other."""
    differs = ref != alt
    only: NDArray[np.bool_] = differs[:, column] & (differs.sum(axis=1) == 1)
    return only


def requests(alleles: Alleles, rows: NDArray[np.intp], sizes: Sizes) -> Iterator[Request]:
    """Yield the rows of alleles that are SNVs as requests, in the order of the genome."""
    places = [alleles.variants[owner] for owner in alleles.owner[rows].tolist()]
    order = sorted(range(len(rows)), key=lambda at: (places[at].chrom, places[at].start))
    made = _Block(alleles, sizes)
    for at in order:
        row, place = int(rows[at]), (places[at].chrom, places[at].start)
        if made.rows and not made.has_room(row, place):
            yield made.request()
            made = _Block(alleles, sizes)
        made.add(row, place)
    if made.rows:
        yield made.request()


class _Block:
    """Stretches that grow, window by window.

    Attributes:
        rows: of the alleles in it.
    """

    def __init__(self, alleles: Alleles, sizes: Sizes) -> None:
        self._alleles, self._sizes, self._window = alleles, sizes, alleles.ref.shape[1]
        self._parts: list[Codes] = []
        self._bases, self._last, self._place = 0, -1, ("", 0)
        self._starts: list[int] = []
        self._of: list[int] = []
        self.rows: list[int] = []

    def has_room(self, row: int, place: tuple[str, int]) -> bool:
        """Tell whether another row fits into the request."""
        bases = self._bases + self._new_bases(row, place)
        numbers = self._sizes.numbers(bases, len(self._starts) + 1, len(self.rows) + 1)
        most = NUMBERS if len(self.rows) < ENOUGH else IN_CACHE
        return len(self.rows) < ALTS and numbers <= most

    def add(self, row: int, place: tuple[str, int]) -> None:
        """Add a row of the alleles."""
        new = self._new_bases(row, place)
        if new or not self.rows:
            self._parts.append(self._alleles.ref[row, self._window - new :])
            self._bases += new
            self._starts.append(self._bases - self._window)
        self._of.append(len(self._starts) - 1)
        self.rows.append(row)
        self._last, self._place = row, place

    def request(self) -> Request:
        """Return what has been added."""
        return Request(
            np.concatenate(self._parts),
            np.array(self._starts, np.int64),
            np.array(self._of, np.int64),
            self._alleles.alt[self.rows, self._sizes.column],
            np.array(self.rows, np.int64),
        )

    def _new_bases(self, row: int, place: tuple[str, int]) -> int:
        """Return how many bases of a window are not yet there: all, if it does not go on."""
        window, ref = self._window, self._alleles.ref
        moved = place[1] - self._place[1]
        near = bool(self.rows) and place[0] == self._place[0] and 0 <= moved < window
        goes_on = near and np.array_equal(ref[row, : window - moved], ref[self._last, moved:])
        return moved if goes_on else window
