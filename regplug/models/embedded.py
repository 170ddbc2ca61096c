"""codes ─Embedded.predict→ predictions: a model directory, in process by a library.

The library is onnxruntime, or what a plugin brings as a `Library`.
"""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple, overload

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.hooks.hookspecs import hookimpl
from regplug.models.device import CPU
from regplug.models.library import Library, OnnxRuntime, Session, check_shapes, open_session
from regplug.models.repository import model_names, read_card, read_onnx
from regplug.models.variants.graph import inputs_of, sizes_of
from regplug.models.variants.served import graph_of
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
from regplug.scoring.requests import at_once
from regplug.scoring.stretches import Answers, Request, Sides, Sizes, by_name

# What onnxruntime's errors say of it.
_MEMORY_FULL = re.compile(r"allocate memory|bad.alloc|alloc_failed|out of memory", re.IGNORECASE)
IN_CACHE = 64  # rows at once; with more, what a layer gives the next no longer fits a CPU's cache


class _Together(NamedTuple):
    """The graph that scores SNVs together: its session, its sizes, and threads with a request each.

    Requests side by side use more than one core better than one request does, and as many numbers
    are in memory as one request may take.
    """

    session: Session
    sizes: Sizes
    threads: ThreadPoolExecutor


class Embedded(Answering):
    """A model that a library runs in this process.

    Attributes:
        card: the model's.
        engine: the library that runs it, its version, and the device.
        precision: in what numbers, where not in float32, or "".
    """

    def __init__(
        self, folder: Path, *, threads: int = 0, device: str = CPU, library: Library | None = None
    ) -> None:
        """Load the model in `folder`.

        Args:
            folder: the model's directory.
            threads: of the CPU; with 0 all cores.
            device: cpu, cuda or cuda:N.
            library: by default onnxruntime, with these threads on this device.

        Raises:
            ModelError: the folder holds no model, or a damaged one.
            BackendError: the library cannot use the device.
        """
        self.card: ModelCard = read_card(folder)
        self._library = library or OnnxRuntime(threads, device)
        self.engine, self.precision = self._library.engine, self._library.precision
        self._folder, self._device = folder, device
        self._threads = threads or _cores()
        self._session: Session | None = self._opened()
        if library is None:
            check_shapes(self._session, self.card)
        most = self.card.max_batch_size
        self._rows = min(most, IN_CACHE) if device == CPU else most  # that are run at once

    def _opened(self) -> Session:
        return self._library.open(read_onnx(self._folder, self.card), self._folder)

    @property
    def sizes(self) -> Sizes | None:
        """Return what a request of SNVs costs; None where windows share nothing."""
        return self._variants.sizes if self._variants else None

    @cached_property
    def _variants(self) -> _Together | None:
        """Return the graph for variants, made of the model's own, on onnxruntime."""
        made = graph_of(self._folder, self.card) if self._library.together else None
        if made is None:
            return None
        sizes, name = sizes_of(made), f"{self.card.name}, for variants"
        several = min(self._threads, at_once(sizes, self.card.window or 0))
        threads = self._threads // several
        session = open_session(made.SerializeToString(), name, threads=threads)
        return _Together(session, sizes, ThreadPoolExecutor(several, "together"))

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
        assert self._variants, "sizes says whether there is such a graph"
        score = partial(self._together, outputs=wanted_outputs(self.card, outputs))
        return by_name(list(self._variants.threads.map(score, requests)), outputs)

    def _together(self, request: Request, outputs: Sequence[Output]) -> Sides:
        """Return each output's answers to the windows of a request, and to its ALTs."""
        assert self._variants
        windows = len(request.starts)
        names = [output.name for output in outputs]
        try:
            answers = self._variants.session.run(names, inputs_of(request))
        except Exception as error:
            if _MEMORY_FULL.search(str(error)):  # window by window it takes less
                ref, alt = request.windows(self.card.window or 0, self._variants.sizes.column)
                return self._answers(ref, outputs), self._answers(alt, outputs)
            raise BackendError(
                f"{self.card.name} cannot score {len(request.of)} variants: {error}"
            ) from error
        for output, answer in zip(outputs, answers, strict=True):
            checked(answer, self.card, output, windows + len(request.of))
        return [answer[:windows] for answer in answers], [answer[windows:] for answer in answers]

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        """Return the outputs' answers to codes (n, width), which are run in batches.

        Raises:
            BackendError: the graph cannot read such codes, or gives NaN or inf.
        """
        answers = empty_answers(outputs, len(codes))
        names = [output.name for output in outputs]
        start = 0
        while start < len(codes):
            batch = codes[start : start + self._rows]
            found = self._run(batch, names)
            if found is None:
                self._make_room(len(batch) // 2)
                continue
            for output, answer, part in zip(outputs, answers, found, strict=True):
                answer[start : start + len(batch)] = checked(part, self.card, output, len(batch))
            start += len(batch)
        return answers

    def _run(self, batch: Codes, names: list[str]) -> list[Array] | None:
        """Run a batch; return None where the memory is too small for it, and not for a row."""
        assert self._session, "it is closed"
        try:
            answers: list[Array] = self._session.run(names, {"codes": batch})
        except Exception as error:
            if not _MEMORY_FULL.search(str(error)):
                raise BackendError(
                    f"{self.card.name} cannot read codes of shape {batch.shape}: {error}"
                ) from error
            if len(batch) > 1:
                return None
            what = "give it more, or fewer --threads"
            if self._device != CPU:
                what = "take a GPU that has more, or --device cpu"
            raise BackendError(
                f"the memory is full where {self.card.name} reads {batch.shape[1]} bases: "
                f"{what} ({error})"
            ) from error
        return answers

    def _make_room(self, rows: int) -> None:
        """Run so many rows at once from now on; on a GPU, in memory that holds nothing else."""
        self._rows = rows
        if self._device != CPU:  # a session keeps what it once took, in pieces of the old size
            self._session = None
            self._session = self._opened()

    def close(self) -> None:
        """Free the sessions."""
        del self._session
        if made := self.__dict__.pop("_variants", None):
            made.threads.shutdown(wait=False, cancel_futures=True)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    folder = folder_of(location, model)
    if folder is None:
        return None
    if options.engine != ENGINE:
        raise BackendError(
            f"no engine {options.engine}: there are {ENGINE} and those of plugins, as openvino and "
            "torch (pip install 'regplug[openvino]', 'regplug[torch]')"
        )
    return Embedded(folder, threads=options.threads, device=options.device)


def folder_of(location: str, model: str) -> Path | None:
    """Return the directory of a model in a repository folder; None if there is none."""
    folder = Path(location) / model
    return folder if (folder / "card.json").is_file() else None
