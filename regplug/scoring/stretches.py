"""Request: SNVs whose windows overlap, as one stretch of codes, and what can score it.

A backend that offers `predict_variants` computes once what the windows of a stretch share, and of
each ALT only what it changes. Rows go that way whose ALT differs from REF in the variant's column
alone; a window belongs to a stretch where its own codes say so, whatever they were read from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, overload, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.scoring.backend import Array, Backend, Several

NUMBERS = 1 << 26  # that a layer may read at once: 256 MB

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

    def numbers(self, bases: int | Index, windows: int | Index, alts: int | Index) -> Index:
        """Return the most numbers that a layer of each request reads at once, shape (requests,)."""
        numbers, window, own, alt = np.array(self.layers, np.int64).T[..., None]
        rows = np.minimum(bases, windows * window) + windows * own + alts * alt
        most: Index = (numbers * rows).max(axis=0)
        return most


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
    there = differs[:, column].copy()
    differs[:, column] = False
    only: NDArray[np.bool_] = there & ~differs.any(axis=1)
    return only
