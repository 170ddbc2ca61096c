"""codes ─Triton.predict→ predictions: a model on a Triton or other Open Inference server.

The model's card comes from the server. What the server has is checked against the card at opening,
by each connection before its first answer counts, again whenever the server could not be reached
for a while, every CHECK_SECONDS, and by each connection at the end of a run (`Triton.confirm`);
between checks, each answer proves whose it is (see `Proof`).
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property, partial
from typing import overload

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.hooks.hookspecs import hookimpl
from regplug.models.triton_client import Client, Refused, Unavailable, is_url
from regplug.models.triton_patience import patiently
from regplug.models.triton_proof import Answer, Proof
from regplug.models.triton_served import Served, card_in, card_of, describe
from regplug.models.triton_threads import Checked, Threads
from regplug.models.triton_variants import Variants
from regplug.scoring.backend import (
    ENGINE,
    Answering,
    Array,
    Backend,
    BackendOptions,
    Several,
    checked,
    empty_answers,
    wanted_outputs,
)
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output
from regplug.scoring.stretches import Answers, Request, Sizes, by_name

IN_FLIGHT = 8  # requests, at most
ANSWER_SECONDS = 300.0  # for the answer to a batch: a server may be busy
CHECK_SECONDS = 10.0  # between checks that the server still has the same model
OPENING_SECONDS = 5.0  # to go on trying a URL that has never answered


class Triton(Answering):
    """A model on a server; as many requests at a time as pay, up to IN_FLIGHT.

    Attributes:
        card: the model's.
        engine: the server's URL.
        precision: in what numbers the server computes, where not in float32, or "".
    """

    def __init__(self, location: str, served: Served, options: BackendOptions) -> None:
        """Prepare to ask the server at the URL `location` for the model that is `served` there."""
        self.card: ModelCard = served.card
        self._served, self.precision = served, served.precision
        self.engine = self._location = location
        self._options = options
        connect = partial(Checked, location, options, seconds=ANSWER_SECONDS)
        self._threads = Threads(f"{served.card.name} on {location}", IN_FLIGHT, connect)
        self._proof = Proof(
            served.card.name, max_batch_size=served.max_batch_size, half=served.precision == "fp16"
        )
        self._variants = Variants(served.card)
        self._confirmed = False  # since the last answer
        self._confirming = threading.Lock()
        self._together = False  # whether SNVs were scored together

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        """Return the outputs' answers to codes (n, width); any thread may call it.

        Raises:
            BackendError: the server cannot be reached, refuses, has another model now, or answers
                NaN or inf; or this is closed.
        """
        self._confirmed = False
        batches = max(1, -(-len(codes) // self._proof.rows))
        size = max(1, -(-len(codes) // batches))  # as equal as can be, to be done side by side
        starts = range(0, len(codes), size)
        works = [
            partial(self._ask_patiently, codes=codes[start : start + size], outputs=outputs)
            for start in starts
        ]
        answers = empty_answers(outputs, len(codes))
        for start, parts in zip(starts, self._threads.done(works), strict=True):
            for answer, part in zip(answers, parts, strict=True):
                answer[start : start + size] = part
        return answers

    @cached_property
    def sizes(self) -> Sizes | None:
        """Return what a request of SNVs costs; None where the server has no graph for them."""
        with closing(Client(self._location, self._options, seconds=OPENING_SECONDS)) as client:
            try:
                return self._variants.sizes_on(client)
            except Unavailable:
                return None

    @overload
    def predict_variants(self, requests: Sequence[Request]) -> list[tuple[Array, Array]]: ...
    @overload
    def predict_variants(
        self, requests: Sequence[Request], outputs: Several
    ) -> list[tuple[Answers, Answers]]: ...
    def predict_variants(
        self, requests: Sequence[Request], outputs: tuple[str, ...] = ()
    ) -> list[tuple[Array, Array]] | list[tuple[Answers, Answers]]:
        """Return the predictions for each request's windows and ALTs, as `VariantsBackend`."""
        self._confirmed, self._together = False, True
        wanted = wanted_outputs(self.card, outputs)
        works = [
            partial(self._ask_together, request=request, outputs=wanted) for request in requests
        ]
        half = len(wanted)
        found = [(parts[:half], parts[half:]) for parts in self._threads.done(works)]
        return by_name(found, outputs)

    def confirm(self) -> None:
        """Check by each connection that the server has the model still; once after an answer.

        Raises:
            BackendError: it has another model now, or cannot be reached; or this is closed.
        """
        with self._confirming:
            if self._confirmed:
                return
            self._confirmed = True  # from now on: an answer that comes meanwhile undoes it
            together = threading.Barrier(max(1, len(self._threads)))
            try:
                works = [partial(self._confirm, together=together)] * together.parties
                list(self._threads.done(works))
            except BaseException:
                self._confirmed = False
                raise
            finally:
                together.abort()  # after an error or Ctrl-C, some threads may wait for others

    def _confirm(self, client: Checked, together: threading.Barrier) -> list[Array]:
        """Check a thread's connection, while each other thread checks its own."""
        together.wait()

        def ask(_: bool) -> list[Array]:
            self._check_again(client)
            if self._together:
                self._variants.check(client, self._location)
            return []

        return self._patiently(ask, "at the end")

    def close(self) -> None:
        """End the threads and their connections, and whoever waits for an answer."""
        self._threads.close()

    def _ask_patiently(
        self, client: Checked, codes: Codes, outputs: Sequence[Output]
    ) -> list[Array]:
        """Return the server's answers to a batch, asking again while it is away."""
        bases, sent = codes.shape[1], self._proof.added_to(codes)

        def ask(again: bool) -> list[Array]:
            if again or time.monotonic() > client.checked_at + CHECK_SECONDS:
                self._check_again(client)
            answer = self._answer(client, sent, outputs)
            if not self._proof.holds(answer, bases):
                self._check_again(client)
                self._proof.learn(answer, bases)
            return [answer.outputs[output.name][: len(codes)] for output in outputs]

        with self._threads.window.place():
            return self._patiently(ask, f"for codes of shape {codes.shape}")

    def _ask_together(
        self, client: Checked, request: Request, outputs: Sequence[Output]
    ) -> list[Array]:
        """Return each output's answers to a request's windows, then to its ALTs, asking again."""

        def ask(again: bool) -> list[Array]:
            if again or time.monotonic() > client.checked_at + CHECK_SECONDS:
                self._check_again(client)
                self._variants.check(client, self._location)
            with self._threads.window.timed():
                answer, rows = self._variants.ask(client, request, outputs)
            if not self._variants.proof.holds(answer, self.card.window or 0):
                self._check_again(client)
                self._variants.check(client, self._location)
                self._variants.proof.learn(answer, self.card.window or 0)
            return rows

        with self._threads.window.place():
            return self._patiently(ask, f"for {len(request.of)} variants")

    def _patiently(self, ask: Callable[[bool], list[Array]], asked: str) -> list[Array]:
        """Return what `ask` returns, asking again while the server is away, and for less."""

        def ask_less(again: bool) -> list[Array]:
            if again:
                self._threads.window.failed()
            return ask(again)

        asked, patience = f"{self.card.name} {asked}", self._options.retry_seconds
        wait = self._threads.closed.wait
        return patiently(ask_less, self._location, asked, patience, patience, wait)

    def _answer(self, client: Client, codes: Codes, outputs: Sequence[Output]) -> Answer:
        try:
            names = [output.name for output in outputs]
            with self._threads.window.timed():
                answer = client.infer(self.card.name, {"codes": codes}, names)
        except Refused as error:
            if client.ready(self.card.name):
                raise
            raise Unavailable(str(error), answered=True) from error
        for output in outputs:
            checked(answer.outputs[output.name], self.card, output, len(codes))
        return answer

    def _check_again(self, client: Checked) -> None:
        """Raise BackendError if the server has another model than at opening."""
        if not client.ready(self.card.name):
            raise Unavailable(f"{self.card.name} is not ready", answered=True)
        if describe(client, self._location, self.card.name, self._options) != self._served:
            raise BackendError(
                f"{self._location} now has another {self.card.name} (its card, version, precision "
                "or max_batch_size changed): start again, so that one model gives all scores"
            )
        client.checked_at = time.monotonic()


@hookimpl
def regplug_cards(location: str, options: BackendOptions) -> list[ModelCard] | None:
    """Return the cards of the ready models of a server; or the one that the user gives."""
    if not is_url(location):
        return None
    if options.card:
        return [card_in(options.card)]

    def ask(_: bool) -> list[ModelCard]:
        ready = [entry["name"] for entry in client.index() if entry.get("state") == "READY"]
        cards = (card_of(client.config(name), f"{name} on {location}") for name in ready)
        return [card for card in cards if card is not None]

    with closing(Client(location, options, seconds=OPENING_SECONDS)) as client:
        return patiently(ask, location, "its list of models", *_at_opening(options))


@hookimpl
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Open a model of a server."""
    if not is_url(location):
        return None
    if options.device != "cpu":
        raise BackendError(
            f"--device {options.device} is of models in this process: {location} runs on the "
            "server's own, as instance_group in config.pbtxt says"
        )
    if options.engine != ENGINE:
        raise BackendError(
            f"--engine {options.engine} is of models in this process: {location} has its own"
        )

    def ask(_: bool) -> Served | None:
        if client.ready(model):
            return describe(client, location, model, options)
        entry = next((entry for entry in client.index() if entry["name"] == model), None)
        if entry is None:
            return None
        state = f"{entry.get('state', 'not loaded')} {entry.get('reason', '')}".strip()
        if entry.get("state") == "LOADING":
            raise Unavailable(f"{model} is {state}", answered=True)
        raise Refused(f"it is {state}; see the server's log")

    with closing(Client(location, options, seconds=OPENING_SECONDS)) as client:
        served = patiently(ask, location, model, *_at_opening(options))
    return None if served is None else Triton(location, served, options)


def _at_opening(options: BackendOptions) -> tuple[float, float]:
    """Return how many seconds to ask a server that does not answer, and one that is not ready."""
    return min(OPENING_SECONDS, options.retry_seconds), options.retry_seconds
