"""What runs a model: one method, whatever is behind it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import Codes
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output

Array = NDArray[np.float32]
_DEVICE = re.compile(r"cpu|cuda(:\d{1,3})?", re.ASCII)
ENGINE = "onnxruntime"  # the default
Several = tuple[str, str, *tuple[str, ...]]  # two names or more


class Backend(Protocol):
    """A model that is ready to predict, in this process or on a server.

    Attributes:
        card: the model's.
    """

    card: ModelCard

    @overload
    def predict(self, codes: Codes, outputs: tuple[()] | tuple[str] = ()) -> Array: ...
    @overload
    def predict(self, codes: Codes, outputs: Several) -> dict[str, Array]: ...
    def predict(self, codes: Codes, outputs: tuple[str, ...] = ()) -> Array | dict[str, Array]:
        """Return predictions for codes of shape (n, width); n may exceed a batch.

        Args:
            codes: of n sequences.
            outputs: names of the card's outputs that are wanted; none: `card.main`.

        Returns:
            Of one output its answers, (n, *shape), so (n, targets) where none is named; of several
            those by name.

        Raises:
            BackendError: the model cannot be reached, refuses the input, or answers NaN or inf.
            ModelError: the card has no such output.
        """

    def close(self) -> None:
        """Free what the backend holds."""


class Answering(ABC):
    """A backend's `predict`, for a class that answers a list of outputs.

    Attributes:
        card: the model's.
    """

    card: ModelCard

    @overload
    def predict(self, codes: Codes, outputs: tuple[()] | tuple[str] = ()) -> Array: ...
    @overload
    def predict(self, codes: Codes, outputs: Several) -> dict[str, Array]: ...
    def predict(self, codes: Codes, outputs: tuple[str, ...] = ()) -> Array | dict[str, Array]:
        """Return predictions for codes (n, width), as `Backend.predict`."""
        wanted = wanted_outputs(self.card, outputs)
        answers = self._answers(codes, wanted)
        if len(outputs) < 2:
            return answers[0]
        return {output.name: answer for output, answer in zip(wanted, answers, strict=True)}

    @abstractmethod
    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        """Return each output's answers, float32 (n, *shape), for codes (n, width)."""


def engine_of(backend: Backend) -> str:
    """Return what runs a model, as far as the last digits of its numbers depend on it.

    That is its `engine`, if it has one (a library and its version, a server), or its class.
    """
    kind = type(backend)
    return str(getattr(backend, "engine", f"{kind.__module__}.{kind.__qualname__}"))


def confirm(backend: Backend) -> None:
    """Ask what runs a model, at the end of a run, whether it is still the model that was opened.

    A backend that others may change behind it, as a server's, has `confirm()`; of one without it
    nothing is asked.

    Raises:
        BackendError: it is another model now, or cannot be asked.
    """
    ask = getattr(backend, "confirm", None)
    if ask is not None:
        ask()


def precision_of(backend: Backend) -> str:
    """Return in what numbers a model is run on purpose, such as bf16 or int8; "" for float32.

    Of a model that is in others itself and run in others, both: int8+bf16.
    """
    run = str(getattr(backend, "precision", ""))
    return "+".join(dict.fromkeys(filter(None, (backend.card.precision, *run.split("+")))))


def empty_answers(outputs: Sequence[Output], rows: int) -> list[Array]:
    """Return an array for each output's answers to so many rows, to be filled."""
    return [np.empty((rows, *output.shape), np.float32) for output in outputs]


def output_of(card: ModelCard, name: str) -> Output:
    """Return a card's output by its name.

    Raises:
        ModelError: it has none such.
    """
    for output in card.answers:
        if output.name == name:
            return output
    names = ", ".join(output.name for output in card.answers)
    raise ModelError(f"{card.name} has no output {name}: it has {names}")


def wanted_outputs(card: ModelCard, names: Sequence[str]) -> list[Output]:
    """Return a card's outputs by their names, each once; without names, `card.main`.

    Raises:
        ModelError: it has none such.
    """
    return [output_of(card, name) for name in dict.fromkeys(names)] or [card.main]


class BackendOptions(msgspec.Struct, frozen=True):
    """How to reach and run a model.

    Attributes:
        threads: CPU threads of a backend in process; 0 means all cores.
        device: of a backend in process: cpu, or cuda or cuda:N, the GPU of that number.
        engine: the library that runs a backend in process; NAME:PRECISION in other numbers than
            float32, where a plugin offers that.
        headers: sent with each request to a server.
        ca_certificate: PEM file with the certificate that signs the server's, or "".
        client_key: PEM file with this client's private key, or "".
        client_certificate: PEM file with this client's certificate, or "".
        card: a card.json for a server that cannot return it, or "".
        retry_seconds: how long to keep trying while a server restarts.

    Raises:
        BackendError: there is no such device.
    """

    threads: int = 0
    device: str = "cpu"
    engine: str = ENGINE
    headers: tuple[tuple[str, str], ...] = ()
    ca_certificate: str = ""
    client_key: str = ""
    client_certificate: str = ""
    card: str = ""
    retry_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not _DEVICE.fullmatch(self.device):
            raise BackendError(f"no device {self.device}: it is cpu, cuda or cuda:1, cuda:2 ...")

    @property
    def library(self) -> str:
        """Return the engine without its precision."""
        return self.engine.partition(":")[0]

    @property
    def precision(self) -> str:
        """Return in what numbers the engine is to run models; "" for float32."""
        return self.engine.partition(":")[2]


def checked(answer: Array, card: ModelCard, output: Output, rows: int) -> Array:
    """Return the answer of an output if it is finite and of shape (rows, *output.shape).

    Raises:
        BackendError: it is not; the message names the model and the first bad target or place.
    """
    wanted = (rows, *output.shape)
    if answer.shape != wanted:
        raise BackendError(
            f"{card.name} answered {output.name} with shape {answer.shape} where its card promises "
            f"{wanted}: run regplug models verify {card.name}"
        )
    if not np.isfinite(answer).all():
        row, *place = np.argwhere(~np.isfinite(answer))[0].tolist()
        raise BackendError(
            f"{card.name} answered {answer[row, *place]} for {place_in(card, output, place)}: the "
            f"model or its backend is broken; run regplug models verify {card.name}"
        )
    return answer


def place_in(card: ModelCard, output: Output, place: Sequence[int]) -> str:
    """Return what a message calls a number of an output: its target, or name and place."""
    if output == card.main:
        return card.labels[place[0]]
    return f"{output.name}[{', '.join(map(str, place))}]"
