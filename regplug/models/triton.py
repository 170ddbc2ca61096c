"""codes ─Triton.predict→ predictions: a model on a Triton or other Open Inference server.

The model's card comes from the server. What the server has is checked against the card at opening,
by each connection before its first answer counts, again whenever the server could not be reached
for a while, every CHECK_SECONDS, and by each connection at the end of a run (`Triton.confirm`);
between checks, each answer proves whose it is (see `Proof`).
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import closing, suppress
from functools import cached_property, partial
from typing import TypeVar

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.hooks.hookspecs import hookimpl
from regplug.models.triton_client import Client, Refused, Unavailable, is_url
from regplug.models.triton_proof import Answer, Proof
from regplug.models.triton_served import Served, card_in, card_of, describe
from regplug.models.triton_variants import Variants
from regplug.scoring.backend import (
    ENGINE,
    Answering,
    Array,
    Backend,
    BackendOptions,
    checked,
    empty_answers,
)
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output
from regplug.scoring.stretches import Request, Sizes

IN_FLIGHT = 8  # requests
ANSWER_SECONDS = 300.0  # for the answer to a batch: a server may be busy
CHECK_SECONDS = 10.0  # between checks that the server still has the same model
CLOSING_SECONDS = 1.0  # to wait for threads in the midst of a request
OPENING_SECONDS = 5.0  # to go on trying a URL that has never answered
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0  # seconds between tries

_T = TypeVar("_T")
_Work = Callable[["_Checked"], list[Array]]  # asks by a thread's own connection
_Job = tuple[_Work, "Future[list[Array]]"]


class Triton(Answering):
    """A model on a server; up to IN_FLIGHT requests at a time, each thread with its own client.

    Attributes:
        card: the model's.
        engine: the server's URL.
    """

    def __init__(self, location: str, served: Served, options: BackendOptions) -> None:
        """Prepare to ask the server at the URL `location` for the model that is `served` there."""
        self.card: ModelCard = served.card
        self._served = served
        self.engine = self._location = location
        self._options = options
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._asked: set[Future[list[Array]]] = set()  # that somebody waits for
        self._proof = Proof(served.card.name, max_batch_size=served.max_batch_size)
        self._variants = Variants(served.card)
        self._closed = threading.Event()
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
        size = self._proof.rows
        starts = range(0, len(codes), size)
        works = [
            partial(self._ask_patiently, codes=codes[start : start + size], outputs=outputs)
            for start in starts
        ]
        answers = empty_answers(outputs, len(codes))
        for start, parts in zip(starts, self._done(works), strict=True):
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

    def predict_variants(self, requests: Sequence[Request]) -> list[tuple[Array, Array]]:
        """Return the predictions for each request's windows and ALTs, as `VariantsBackend`."""
        self._confirmed, self._together = False, True
        works = [partial(self._ask_together, request=request) for request in requests]
        return [(ref, alt) for ref, alt in self._done(works)]

    def _done(self, works: Sequence[_Work]) -> Iterator[list[Array]]:
        """Yield what works return, in order; threads do several at a time."""
        self._start_threads(len(works))
        futures: list[Future[list[Array]]] = [Future() for _ in works]
        self._asked.update(futures)
        try:
            for job in zip(works, futures, strict=True):
                self._jobs.put(job)
            for future in futures:
                yield future.result()
        except CancelledError as error:
            raise self._is_closed() from error
        finally:
            for future in futures:
                future.cancel()  # after an error or Ctrl-C, some requests may not have begun
            self._asked.difference_update(futures)

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
                for _ in self._done([partial(self._confirm, together=together)] * together.parties):
                    pass
            except BaseException:
                self._confirmed = False
                raise
            finally:
                together.abort()  # after an error or Ctrl-C, some threads may wait for others

    def _confirm(self, client: "_Checked", together: threading.Barrier) -> list[Array]:
        """Check a thread's connection, while each other thread checks its own."""
        together.wait()

        def ask(_: bool) -> list[Array]:
            self._check_again(client)
            if self._together:
                self._variants.check(client, self._location)
            return []

        asked, patience = f"{self.card.name} at the end", self._options.retry_seconds
        return _patiently(ask, self._location, asked, patience, patience, self._closed.wait)

    def close(self) -> None:
        """End the threads and their connections, and whoever waits for an answer.

        A thread that waits for a server that does not answer ends with its answer or the process.
        """
        with self._lock:
            self._closed.set()
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for future in list(self._asked):
            if not future.cancel():
                _settle(future, self._is_closed())
        end = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))

    def _is_closed(self) -> BackendError:
        return BackendError(f"{self.card.name} on {self._location} is closed: open it again")

    def _start_threads(self, wanted: int) -> None:
        """Start threads until there are `wanted` of them, or IN_FLIGHT."""
        with self._lock:
            if self._closed.is_set():
                raise self._is_closed()
            while len(self._threads) < min(wanted, IN_FLIGHT):
                thread = threading.Thread(target=self._work, daemon=True)
                thread.start()
                self._threads.append(thread)

    def _work(self) -> None:
        """Do jobs until one is None; the client is made, used and closed in this thread."""
        client: _Checked | None = None
        while (job := self._jobs.get()) is not None:
            work, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                client = client or _Checked(self._location, self._options, seconds=ANSWER_SECONDS)
                _settle(future, work(client))
            except BaseException as error:  # noqa: BLE001  for the caller's thread
                _settle(future, error)
        if client is not None:
            client.close(thread_ends=True)

    def _ask_patiently(
        self, client: "_Checked", codes: Codes, outputs: Sequence[Output]
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

        patience = self._options.retry_seconds
        asked = f"{self.card.name} for codes of shape {codes.shape}"
        return _patiently(ask, self._location, asked, patience, patience, self._closed.wait)

    def _ask_together(self, client: "_Checked", request: Request) -> list[Array]:
        """Return the server's predictions for a request's windows and ALTs, asking again."""

        def ask(again: bool) -> list[Array]:
            if again or time.monotonic() > client.checked_at + CHECK_SECONDS:
                self._check_again(client)
                self._variants.check(client, self._location)
            answer, rows = self._variants.ask(client, request)
            if not self._variants.proof.holds(answer, self.card.window or 0):
                self._check_again(client)
                self._variants.check(client, self._location)
                self._variants.proof.learn(answer, self.card.window or 0)
            return rows

        patience = self._options.retry_seconds
        asked = f"{self.card.name} for {len(request.of)} variants"
        return _patiently(ask, self._location, asked, patience, patience, self._closed.wait)

    def _answer(self, client: Client, codes: Codes, outputs: Sequence[Output]) -> Answer:
        try:
            names = [output.name for output in outputs]
            answer = client.infer(self.card.name, {"codes": codes}, names)
        except Refused as error:
            if client.ready(self.card.name):
                raise
            raise Unavailable(str(error), answered=True) from error
        for output in outputs:
            checked(answer.outputs[output.name], self.card, output, len(codes))
        return answer

    def _check_again(self, client: "_Checked") -> None:
        """Raise BackendError if the server has another model than at opening."""
        if not client.ready(self.card.name):
            raise Unavailable(f"{self.card.name} is not ready", answered=True)
        if describe(client, self._location, self.card.name, self._options) != self._served:
            raise BackendError(
                f"{self._location} now has another {self.card.name} (its card, version or "
                "max_batch_size changed): start again, so that one model gives all scores"
            )
        client.checked_at = time.monotonic()


class _Checked(Client):
    """A connection, and when it was last checked that the right model is at its other end."""

    checked_at = float("-inf")


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
        return _patiently(ask, location, "its list of models", *_at_opening(options))


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
        served = _patiently(ask, location, model, *_at_opening(options))
    return None if served is None else Triton(location, served, options)


def _settle(future: Future[list[Array]], answer: list[Array] | BaseException) -> None:
    """Give the future its answer or error, unless `close` has been faster."""
    with suppress(InvalidStateError):
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _at_opening(options: BackendOptions) -> tuple[float, float]:
    """Return how many seconds to ask a server that does not answer, and one that is not ready."""
    return min(OPENING_SECONDS, options.retry_seconds), options.retry_seconds


def _patiently(
    ask: Callable[[bool], _T],
    location: str,
    asked: str,
    silent: float,
    unready: float,
    wait: Callable[[float], object] = time.sleep,
) -> _T:
    """Return what `ask` returns; while the server is away, ask again at growing, random intervals.

    Args:
        ask: called with True when it has failed before.
        location: the server's URL.
        asked: what is asked for, in the message.
        silent: seconds to go on after the first failure, if nothing answers.
        unready: seconds to go on after it, if the server answers that it is not ready.
        wait: sleeps for so many seconds; returns True to give up.

    Raises:
        BackendError: the server refuses, or stays away.
    """
    first, delay = None, FIRST_DELAY
    while True:
        try:
            return ask(first is not None)
        except Refused as error:
            raise BackendError(f"{location} refused {asked}: {error}") from error
        except Unavailable as error:
            first = first or time.monotonic()
            left = first + (unready if error.answered else silent) - time.monotonic()
            pause = min(delay * random.uniform(0.5, 1.0), left)
            if left <= 0 or wait(pause):
                raise BackendError(
                    f"{location} does not answer when asked for {asked} ({error}): start a server "
                    "there (regplug serve), or check the address"
                ) from error
            delay = min(2 * delay, LONGEST_DELAY)
