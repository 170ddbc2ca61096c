"""A model opened behind its first filters: codes ─read→ Maps ─answer→ Answer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.interpret.filters.find import Array, Filters, find_filters, refused
from regplug.interpret.filters.parts import part, tap, tapped, with_logits
from regplug.models.embedded import open_session
from regplug.scoring.card import ModelCard


class Maps(NamedTuple):
    """A member's answers to n sequences, in rows: a row is a strand of a sequence.

    Attributes:
        letters: (rows, 4, bases), with unknown bases around where the graph adds them.
        values: (rows, filters, placements).
        turned: where the turned filter answered louder, same shape; None if there is none.
        seen: (rows, filters, ...), what the rest of the network reads.
        pooled, next: as Filters has them; None if it has none.
    """

    letters: Array
    values: Array
    turned: NDArray[np.bool_] | None
    seen: Array
    pooled: Array | None
    next: Array | None


class Silenced(NamedTuple):
    """A member's filter of which all that is seen becomes `mean`."""

    member: int
    filter: int
    mean: np.float32


class Answer(NamedTuple):
    """Scores (n, targets), and what they are before their sigmoid: mean of the strands' logits."""

    scores: Array
    logits: Array


class FirstLayer:
    """A model whose first filters can be read, and silenced before the rest answers.

    Attributes:
        card: the model's.
        window: bases that it reads.
        members: of an ensemble; one if it is none.
    """

    def __init__(self, model: ModelProto, card: ModelCard, *, threads: int = 0) -> None:
        """Cut the graph in two.

        Raises:
            ModelError: the model reads any length, or has no such filters.
        """
        if card.window is None or card.scan is not None:
            raise refused(card, "it scans sequences; give the folder of its networks as RUN")
        self.card, self.window = card, card.window
        self.members = list(find_filters(model, card))
        logits = "scores"
        if card.output_scale == "probability":
            model, logits = with_logits(model, card)
        self._ends = list(dict.fromkeys(["scores", logits]))
        self._made = list(dict.fromkeys(name for one in self.members for name in _tensors(one)))
        given = [name for one in self.members for name in (tap(one) if one.next else [one.seen])]
        front = part(model, ["codes"], self._made)
        back = part(tapped(model, self.members), ["codes", *given], self._ends)
        name = f"a part of {card.name}"
        self._front = open_session(front, name, threads=threads)
        self._back = open_session(back, name, threads=threads)
        self._asks = {one.name for one in self._back.get_inputs()}

    def read(self, codes: Codes) -> list[Maps]:
        """Return each member's answers to codes (n, window)."""
        made = self._front.run(self._made, {"codes": codes})
        found = dict(zip(self._made, made, strict=True))
        return [_maps(member, found) for member in self.members]

    def answer(
        self, codes: Codes, maps: Sequence[Maps], silenced: Silenced | None = None
    ) -> Answer:
        """Return what the model answers to `maps`, the answers to `codes`.

        Raises:
            BackendError: that is no number.
        """
        given: dict[str, Any] = {"codes": codes}
        for at, (member, one) in enumerate(zip(self.members, maps, strict=True)):
            given |= _inputs(member, one, silenced if silenced and silenced.member == at else None)
        asked = {name: given[name] for name in self._asks}
        answer = self._back.run(self._ends, asked)
        if not all(np.isfinite(one).all() for one in answer):
            raise BackendError(f"{self.card.name} answers NaN or inf: run regplug models verify")
        return Answer(answer[0], answer[-1])


def _tensors(member: Filters) -> list[str]:
    """Return the tensors that a member's `Maps` are made of."""
    pair = [member.forward, member.turned] if member.turned else []
    after = [member.pooled, member.next] if member.next else []
    return [member.letters, member.values, member.seen, *pair, *after]


def _maps(member: Filters, found: dict[str, Array]) -> Maps:
    turned, values = None, _flat(found[member.values], member.size)
    if member.turned:
        turned = _flat(found[member.turned] > found[member.forward], member.size)
    return Maps(
        _flat(found[member.letters], 4),
        values,
        turned,
        found[member.seen],
        found[member.pooled] if member.next else None,
        found[member.next] if member.next else None,
    )


def _inputs(member: Filters, maps: Maps, silenced: Silenced | None) -> dict[str, Any]:
    """Return what the graph behind a member is given; a maximum of one mean is that mean."""
    if maps.pooled is None:
        seen = maps.seen
        if silenced:
            seen = seen.copy()
            seen[:, silenced.filter] = silenced.mean
        return {member.seen: seen}
    filter, lost = 0, np.zeros_like(maps.pooled[:, :1])
    if silenced:
        filter = silenced.filter
        lost = maps.pooled[:, filter : filter + 1] - silenced.mean
    base, less, index = tap(member)
    return {base: maps.next, less: lost, index: np.array([filter])}


def _flat(values: NDArray[Any], channels: int) -> Any:
    """Return (rows, channels, bases) of values that may have axes of size 1."""
    return values.reshape(len(values), channels, -1)
