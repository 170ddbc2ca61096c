"""A model's name ─open_model→ OpenModel, which every function of the front door takes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from types import TracebackType

import numpy as np
import pluggy
from numpy.typing import NDArray

from regplug.errors import ConfigError, ModelError
from regplug.files.last_checks import checked_at_last
from regplug.genome.codes import Codes
from regplug.genome.reference import read_config
from regplug.genome.transcripts import Transcripts
from regplug.hooks.manager import adapter_for, cards, open_backend, plugin_manager
from regplug.models.cache import Cache
from regplug.models.patterns import fitting, is_pattern
from regplug.models.remembered import Remembered
from regplug.scoring.adapter import Adapter, FieldOptions
from regplug.scoring.backend import Backend, BackendOptions, confirm
from regplug.scoring.card import ModelCard
from regplug.scoring.model import Model
from regplug.scoring.sequences import predict_codes, predict_sequences

PLAIN = BackendOptions()
NO_TAGS = FieldOptions()  # of single targets


class OpenModel:
    """A model that is ready to run; a context manager, which confirms and closes it.

    Attributes:
        card: what the model is.
        adapter: what its numbers mean.
        backend: what runs it.
    """

    def __init__(
        self, manager: pluggy.PluginManager, name: str, repo: str | None, options: BackendOptions
    ) -> None:
        """Open `name`; see `open_model`."""
        self._manager, self._repo, self._options = manager, repo, options
        self.backend: Backend = open_backend(manager, repo, name, options)
        self.card: ModelCard = self.backend.card
        self.adapter: Adapter = adapter_for(manager, self.card)
        self._companion: Backend | None = None

    @property
    def for_sequences(self) -> Backend:
        """Return what runs sequences of any length: the model's companion, or the model itself."""
        if self._companion is None and self.card.companion:
            self._companion = open_backend(
                self._manager, self._repo, self.card.companion, self._options
            )
        return self._companion or self.backend

    @cached_property
    def remembered(self) -> Backend:
        """Return the backend, of which what it has predicted last is not asked again."""
        return Remembered(self.backend)

    def for_variants(
        self,
        asked: FieldOptions = NO_TAGS,
        transcripts: Transcripts | None = None,
        cache: Cache | None = None,
    ) -> Model:
        """Return the model as it scores variants and names its tags.

        What it has predicted last is not computed again, nor what `cache` has.

        Raises:
            ModelError: it reads sequences, not variants; or has no such target, score or
                background.
        """
        remembered = Remembered(self.backend, cache) if cache else self.remembered
        return Model(remembered, self.adapter, asked, transcripts)

    def predict(self, sequences: Sequence[str] | Codes) -> NDArray[np.float32]:
        """Return the scores, shape (n, targets), of sequences as text or as codes (n, bases).

        Raises:
            SequenceError: a length is not the model's window, where it has one.
        """
        if isinstance(sequences, np.ndarray):
            return predict_codes(sequences, self.for_sequences)
        return predict_sequences(list(sequences), self.for_sequences)

    def confirm(self) -> None:
        """Ask a server whether it still has the model, and its companion, that were opened.

        Raises:
            BackendError: it has another now, or does not answer.
        """
        confirm(self.backend)
        if self._companion is not None:
            confirm(self._companion)

    def close(self) -> None:
        """Close the model and its companion."""
        self.backend.close()
        if self._companion is not None:
            self._companion.close()

    def __enter__(self) -> "OpenModel":
        """Return the model."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it, and confirm it where all went well."""
        try:
            if error is None:
                self.confirm()
        finally:
            self.close()


def open_model(name: str, *, repo: str | None = None, options: BackendOptions = PLAIN) -> OpenModel:
    """Return the model called `name`, ready to run.

    Args:
        name: as `list_models` gives it.
        repo: a folder of models or a server's URL (grpc://HOST:PORT, grpcs://, http://, https://);
            by default the configuration file's, or the models that are installed.
        options: threads, and what it takes to reach a server.

    Raises:
        ModelError: no such model; the message lists those there are.
        BackendError: the server does not answer.
    """
    return OpenModel(plugin_manager(), name, place(repo), options)


def open_for_card(name: str, repo: str, options: BackendOptions) -> OpenModel:
    """Return a model whose scores are to be kept in its card, which holds those of float32.

    Raises:
        ConfigError: it would be run in other numbers.
        RegplugError: as `open_model`.
    """
    if options.precision:
        raise ConfigError(
            f"a card keeps scores of float32: leave :{options.precision} out of --engine"
        )
    return open_model(name, repo=repo, options=options)


def list_models(repo: str | None = None, *, options: BackendOptions = PLAIN) -> list[ModelCard]:
    """Return the cards of all models in `repo`, by default of all that are installed.

    Raises:
        ModelError: there are no models at `repo`.
    """
    return cards(plugin_manager(), place(repo), options)


@contextmanager
def opened(
    models: Iterable[str | OpenModel], repo: str | None, options: BackendOptions
) -> Iterator[list[OpenModel]]:
    """Give the models of a run: those given open stay open, those named are closed in the end.

    Before an output of the run gets its name, and at its good end, they are confirmed.

    Args:
        models: names or open models; none: all default models.
        repo: see `open_model`.
        options: see `open_model`.

    Raises:
        ModelError: as `open_model`; or there is no default.
        BackendError: in the end a server has another model than at the beginning.
    """
    with kept_open(models, repo, options) as run, confirmed(run):
        yield run


@contextmanager
def confirmed(run: Sequence[OpenModel]) -> Iterator[None]:
    """Confirm models before an output of the context gets its name, and at its good end.

    Raises:
        BackendError: a server has another model than when it was opened.
    """

    def confirm_all() -> None:
        for model in run:
            model.confirm()

    with checked_at_last(confirm_all):
        yield


@contextmanager
def kept_open(
    models: Iterable[str | OpenModel], repo: str | None, options: BackendOptions
) -> Iterator[list[OpenModel]]:
    """Give models as `opened`, for longer than a run, which is to have them `confirmed`."""
    wanted = list(models) or [
        card.name for card in list_models(repo, options=options) if card.default
    ]
    if not wanted:
        raise ModelError("no default model there: name one with --model (regplug models list)")
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(open_model(model, repo=repo, options=options)))
            if isinstance(model, str)
            else model
            for model in dict.fromkeys(wanted)
        ]


def matching(
    models: Iterable[str | OpenModel], repo: str | None, options: BackendOptions
) -> list[str | OpenModel]:
    """Return models, in place of each pattern (see `fitting`) the names of those that fit it.

    A companion fits no pattern: the model that has it runs it where sequences are of any length.

    Args:
        models: names, patterns or open models.
        repo: see `open_model`.
        options: see `open_model`.

    Raises:
        ModelError: nothing fits a pattern.
    """
    models = list(models)
    if not any(map(_is_pattern, models)):
        return models
    there = list_models(repo, options=options)
    companions = {card.companion for card in there}
    known = [card for card in there if card.name not in companions]
    return [
        found
        for model in models
        for found in (fitting(str(model), known) if _is_pattern(model) else [model])
    ]


def _is_pattern(model: str | OpenModel) -> bool:
    return isinstance(model, str) and is_pattern(model)


def trained_on(run: Iterable[OpenModel]) -> dict[str, str]:
    """Return model → assembly of its training data, as `check_organism` takes them."""
    return {model.card.name: model.card.assembly for model in run}


def place(repo: str | None) -> str | None:
    """Return where models are: `repo`, or as the configuration file says; None: as installed."""
    return repo or read_config().model_repo


def targets_of(text: Sequence[str], run: Sequence[ModelCard]) -> dict[str, list[str]]:
    """Return, by model, the targets that are named: T of all models that have it, or MODEL:T.

    Args:
        text: names of targets.
        run: cards of the models.

    Raises:
        ModelError: no model of the run has such a target.
    """
    by_name = {card.name: card for card in run}
    chosen: dict[str, list[str]] = {name: [] for name in by_name}
    for target in text:
        model, _, label = target.partition(":")
        having = [name for name, card in by_name.items() if target in card.labels]
        if not having and model in by_name and label in by_name[model].labels:
            having, target = [model], label
        if not having:
            raise ModelError(
                f"no target {target} in {' or '.join(by_name)}: "
                "regplug models show NAME lists the targets"
            )
        for name in having:
            chosen[name].append(target)
    return chosen
