"""A model cut in two behind its first filters: codes ─read→ Maps ─predict→ Predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.interpret.filters.find import Array, Filters, find_filters, refused
from regplug.interpret.filters.parts import larger_first, part, tap, tapped, with_logits
from regplug.models.device import CPU
from regplug.models.library import open_session
from regplug.scoring.card import ModelCard


class Maps(NamedTuple):
    """The outputs of a member's filters for n sequences, in rows: a row is a strand of a sequence.

    Attributes:
        letters: (rows, 4, bases), with unknown bases around where the graph adds them.
        values: (rows, filters, placements).
        turned: True where the turned filter's output was the larger, shape as `values`; None if
            there are no turned filters.
        seen: (rows, filters, ...), what the rest of the network reads.
        pooled: the tensor that Filters names so; None if it has none.
        next: likewise.
    """

    letters: Array
    values: Array
    turned: NDArray[np.bool_] | None
    seen: Array
    pooled: Array | None
    next: Array | None


class Silenced(NamedTuple):
    """A filter whose outputs (`seen`) are all replaced by `mean`.

    Attributes:
        member: its index.
        filter: index of the filter in it.
        mean: of the filter's outputs.
    """

    member: int
    filter: int
    mean: np.float32


class Predictions(NamedTuple):
    """What the model gives n sequences.

    Attributes:
        scores: (n, targets).
        logits: (n, targets), the scores before their sigmoid: the mean of the strands' logits.
    """

    scores: Array
    logits: Array


class FirstLayer:
    """A model whose first filters can be read, and silenced before the rest is run.

    Attributes:
        card: the model's.
        window: bases that it reads.
        members: the filters of each member of an ensemble; of one if it is none.
    """

    def __init__(
        self, model: ModelProto, card: ModelCard, *, threads: int = 0, device: str = CPU
    ) -> None:
        """Cut the graph in two, which run on a `device` and `threads` of the CPU (0: all cores).

        Raises:
            ModelError: the model reads sequences of any length, or has no such filters.
            BackendError: onnxruntime cannot use the device.
        """
        if card.window is None or card.scan is not None:
            raise refused(card, "it scans sequences; give the folder of its networks as RUN")
        self.card, self.window = card, card.window
        if card.outputs:
            model = ModelProto.FromString(part(model, ["codes"], [card.main.name]))
        model = larger_first(model)
        self.members = list(find_filters(model, card))
        logits = card.main.name
        if card.output_scale == "probability":
            model, logits = with_logits(model, card)
        self._ends = list(dict.fromkeys([card.main.name, logits]))
        self._made = list(
            dict.fromkeys(name for member in self.members for name in _tensors(member))
        )
        given = [
            name
            for member in self.members
            for name in (tap(member) if member.next else [member.seen])
        ]
        front = part(model, ["codes"], self._made)
        back = part(tapped(model, self.members), ["codes", *given], self._ends)
        name = f"a part of {card.name}"
        self._front = open_session(front, name, threads=threads, device=device)
        self._back = open_session(back, name, threads=threads, device=device)
        self._back_inputs = {tensor.name for tensor in self._back.get_inputs()}

    def read(self, codes: Codes) -> list[Maps]:
        """Return the outputs of each member's filters for codes (n, window).

        Raises:
            BackendError: the memory, of the GPU if it is one, is too small.
        """
        made = self._run(self._front, self._made, {"codes": codes})
        found = dict(zip(self._made, made, strict=True))
        return [_maps(member, found) for member in self.members]

    def predict(
        self, codes: Codes, maps: Sequence[Maps], silenced: Silenced | None = None
    ) -> Predictions:
        """Return what the rest of the model makes of `maps`, which `read` has made of `codes`.

        Raises:
            BackendError: a prediction is NaN or inf, or as `read`.
        """
        given: dict[str, Any] = {"codes": codes}
        for at, (member, of_member) in enumerate(zip(self.members, maps, strict=True)):
            here = silenced if silenced and silenced.member == at else None
            given |= _inputs(member, of_member, here)
        inputs = {name: given[name] for name in self._back_inputs}
        outputs = self._run(self._back, self._ends, inputs)
        if not all(np.isfinite(output).all() for output in outputs):
            raise BackendError(f"{self.card.name} answers NaN or inf: run regplug models verify")
        return Predictions(outputs[0], outputs[-1])

    def _run(self, part: Any, names: list[str], inputs: dict[str, Any]) -> list[Array]:
        """Return what a part of the graph gives."""
        try:
            made: list[Array] = part.run(names, inputs)
        except Exception as error:  # onnxruntime's own
            raise BackendError(f"a part of {self.card.name} cannot be run: {error}") from error
        return made


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
    """Return the inputs of the graph behind a member.

    A silenced filter's `pooled` is its mean too: the maximum over bins of equal values.
    """
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
    """Return values as (rows, channels, bases); they may have further axes of size 1."""
    return values.reshape(len(values), channels, -1)
