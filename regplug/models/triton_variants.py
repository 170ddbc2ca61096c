"""Requests of SNVs to a server that has a model's graph for variants, <name>_variants."""

from collections.abc import Sequence

import numpy as np

from regplug.errors import BackendError
from regplug.models.triton_client import Client, Refused, Unavailable
from regplug.models.triton_proof import Answer, Proof
from regplug.models.variants.graph import inputs_of
from regplug.models.variants.served import served_name, sizes_in
from regplug.scoring.backend import Array, checked
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output
from regplug.scoring.stretches import Request, Sizes


class Variants:
    """The graph for variants of one model on a server.

    Attributes:
        proof: a window of each request, whose answer is known (see `Proof`).
    """

    def __init__(self, card: ModelCard) -> None:
        """Prepare requests for the model of a card."""
        self._card, self._name = card, served_name(card)
        self.proof = Proof(self._name, max_batch_size=2)

    def sizes_on(self, client: Client) -> Sizes | None:
        """Return what a request costs; None where the server has no such graph of this model.

        Raises:
            Unavailable: as `client`.
        """
        try:
            ready = self._card.window is not None and client.ready(self._name)
            return sizes_in(client.config(self._name), self._card) if ready else None
        except Refused:
            return None

    def check(self, client: Client, location: str) -> None:
        """Check that the server has the graph still.

        Raises:
            BackendError: it has not.
            Unavailable: as `client`, or it is not ready.
        """
        if not client.ready(self._name):
            raise Unavailable(f"{self._name} is not ready", answered=True)
        if self.sizes_on(client) is None:
            raise BackendError(
                f"{location} now has another {self._name}: start again, so that one model gives "
                "all scores"
            )

    def ask(
        self, client: Client, request: Request, outputs: Sequence[Output]
    ) -> tuple[Answer, list[Array]]:
        """Return the proof's answer, and each output's rows of the windows, then of the ALTs.

        Raises:
            BackendError: the answer is not finite, or of another shape.
            Unavailable, Refused: as `client`.
        """
        block, windows = request.block, len(request.starts)
        proof = self.proof.added_to(np.empty((0, self._card.window or 0), np.uint8))[0]
        inputs = inputs_of(
            Request(
                np.concatenate([block, proof]),
                np.append(request.starts, len(block)),
                request.of,
                request.alt,
                request.rows,
            )
        )
        try:
            answer = client.infer(self._name, inputs, [output.name for output in outputs])
        except Refused as error:
            if client.ready(self._name):
                raise
            raise Unavailable(str(error), answered=True) from error
        known, ref, alt = {}, [], []
        for output in outputs:
            rows = answer.outputs[output.name]
            checked(rows, self._card, output, windows + 1 + len(request.of))
            ref.append(rows[:windows])
            known[output.name] = rows[windows : windows + 1]
            alt.append(rows[windows + 1 :])
        return Answer(answer.version, known), [*ref, *alt]
