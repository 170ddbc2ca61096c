"""codes ─Embedded.predict→ predictions: a model directory, in process by onnxruntime."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import Codes
from regplug.hooks.hookspecs import hookimpl
from regplug.models.repository import model_names, read_card, read_onnx
from regplug.scoring.backend import (
    Answering,
    Array,
    Backend,
    BackendOptions,
    checked,
    empty_answers,
)
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output

# What onnxruntime's errors say of it.
_MEMORY_FULL = re.compile(r"allocate memory|bad.alloc|out of memory", re.IGNORECASE)
IN_CACHE = 64  # rows at once; with more, what a layer gives the next no longer fits the cache


def open_session(onnx: bytes, name: object, *, threads: int = 0) -> Any:
    """Return onnxruntime's session of a graph.

    Args:
        onnx: the graph, serialised.
        name: of the graph, for the message.
        threads: of the CPU; 0 for all cores.

    Raises:
        ModelError: onnxruntime cannot load it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is an error is raised, and not printed too
    # Waiting threads that spin halve the speed of a machine that has other work (measured).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load {name}: {error}") from error


def _check_shapes(session: Any, card: ModelCard) -> None:
    """Check that a graph reads and gives what its card says, before memory is asked for.

    Raises:
        ModelError: it does not.
    """
    wanted: list[tuple[str, Any, str, tuple[int | None, ...]]] = [
        ("input", session.get_inputs(), "codes", (card.window,))
    ]
    wanted += [
        ("output", session.get_outputs(), output.name, output.shape) for output in card.answers
    ]
    for what, tensors, name, promised in wanted:
        shape = next((tensor.shape for tensor in tensors if tensor.name == name), None)
        if shape is None or len(shape) != 1 + len(promised):
            raise ModelError(
                f"the graph of {card.name} has no {what} {name} of {1 + len(promised)} dimensions"
            )
        for size, kept in zip(shape[1:], promised, strict=True):
            if isinstance(size, int) and size != kept:
                raise ModelError(
                    f"the {what} {name} of {card.name} has {size} columns in the graph, "
                    f"{kept or 'any'} in the card: export the model again"
                )


class Embedded(Answering):
    """A model that onnxruntime runs in this process, on the CPU.

    Attributes:
        card: the model's.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load the model in `folder`; it runs on `threads` of the CPU, or with 0 on all cores.

        Raises:
            ModelError: the folder holds no model, or a damaged one.
        """
        self.card: ModelCard = read_card(folder)
        self._session = open_session(read_onnx(folder, self.card), folder, threads=threads)
        _check_shapes(self._session, self.card)

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        """Return the outputs' answers to codes (n, width), which are run in batches.

        Raises:
            BackendError: the graph cannot read such codes, or gives NaN or inf.
        """
        size = min(self.card.max_batch_size, IN_CACHE)
        answers = empty_answers(outputs, len(codes))
        names = [output.name for output in outputs]
        for start in range(0, len(codes), size):
            batch = codes[start : start + size]
            parts = zip(outputs, answers, self._run(batch, names), strict=True)
            for output, answer, part in parts:
                answer[start : start + size] = checked(part, self.card, output, len(batch))
        return answers

    def _run(self, batch: Codes, names: list[str]) -> list[Array]:
        """Run a batch; where the memory is too small for it, run its halves."""
        try:
            answers: list[Array] = self._session.run(names, {"codes": batch})
        except Exception as error:
            if _MEMORY_FULL.search(str(error)):
                if len(batch) > 1:
                    halves = [self._run(half, names) for half in np.array_split(batch, 2)]
                    return [np.concatenate(parts) for parts in zip(*halves, strict=True)]
                raise BackendError(
                    f"the memory is full where {self.card.name} reads {batch.shape[1]} bases: "
                    f"give it more, or fewer --threads ({error})"
                ) from error
            raise BackendError(
                f"{self.card.name} cannot read codes of shape {batch.shape}: {error}"
            ) from error
        return answers

    def close(self) -> None:
        """Free the session."""
        del self._session


@hookimpl(trylast=True)
def regplug_cards(location: str) -> list[ModelCard] | None:
    """Return the cards of a repository folder."""
    repo = Path(location)
    if not repo.is_dir():
        return None
    return [read_card(repo / name) for name in model_names(repo)]


@hookimpl(trylast=True)
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Open a model of a repository folder."""
    folder = Path(location) / model
    if not (folder / "card.json").is_file():
        return None
    return Embedded(folder, threads=options.threads)
