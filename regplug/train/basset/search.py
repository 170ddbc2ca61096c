"""A search for a better recipe: many runs with different settings, of which the best is kept.

recipe ─optuna→ settings ─train_basset→ RUN/trials/<number> ─best→ RUN

A search that goes on after a kill draws the same settings again, from the same seeds and AUCs, and
finds the trials done.
"""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import Trial, TrialState

from regplug.errors import UNREADABLE, ConfigError, OutputError, TrainingError
from regplug.files.output import complete, naming
from regplug.files.runs import METRICS
from regplug.files.sources import sources_of
from regplug.files.weights import WEIGHTS
from regplug.train.basset.recipe import BassetRecipe, Range, Running, Search
from regplug.train.basset.run import Metrics, read_metrics
from regplug.train.basset.train import train_basset
from regplug.train.loop.loop import DivergedError
from regplug.train.loop.names import LOG, TRIALS

Tell = Callable[[str], None]


class TriedNetwork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trial that is done.

    Attributes:
        changes: key of the recipe → its value in this trial.
        recipe: with these values.
        sites: sha256 of the set's file.
        auc: the best mean validation AUC; None if the loss became nan or infinite.
    """

    changes: dict[str, Any]
    recipe: BassetRecipe
    sites: str
    auc: float | None


def search_basset(
    recipe: BassetRecipe,
    path: Path,
    out: Path,
    *,
    trials: int,
    resume: bool = False,
    seeded_from: Path | None = None,
    tell: Tell = lambda line: None,
    stepped: Callable[[int, int, int], None] = lambda epoch, steps, step: None,
) -> Metrics:
    """Train `trials` networks with settings from the recipe's space; `out` gets the best run.

    `out`/trials/<number> is the run of each trial, and <number>.json its settings and AUC. A trial
    whose loss becomes nan or infinite has no AUC, and counts.

    Args:
        recipe: with a search space.
        path: a set made by `regplug prepare basset`.
        out: folder of the search.
        trials: networks to train.
        resume: whether `out` may hold this search already.
        seeded_from: see `train_basset`.
        tell: called with lines of text.
        stepped: see `train_basset`.

    Raises:
        ConfigError: the recipe has no space, or one with keys or values that it cannot have; or
            there are several processes.
        TrainingError: every trial diverged, or `out` holds trials of another search.
        OutputError: `out` holds something else, or cannot be written.
        RegplugError: as `train_basset` raises.
    """
    space = recipe.search
    if space is None:
        raise ConfigError("the recipe has no [search.space] for --trials")
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ConfigError("--trials searches with one process: start it without torchrun")
    _changed(recipe, {key: _first(values) for key, values in space.space.items()})
    folder = out / TRIALS
    _begin(out, folder, resume)
    (source,) = sources_of([path])
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    train = partial(
        train_basset, resume=resume, seeded_from=seeded_from, tell=tell, stepped=stepped
    )
    for number in range(1, trials + 1):
        study.sampler = _sampler(space, recipe.seed + number)
        trial = study.ask()
        changes = {key: _draw(trial, key, values) for key, values in space.space.items()}
        changed = _changed(recipe, changes)
        record = folder / f"{number:03}.json"
        settled = msgspec.structs.replace(changed, train=Running())
        tried = TriedNetwork(changes, settled, source.sha256, None)
        if record.exists():
            auc = _read(record, tried)
        else:
            tell(f"trial {number}: " + ", ".join(f"{k} = {v}" for k, v in changes.items()))
            auc = _auc(partial(train, changed, path, record.with_suffix("")), tell)
            with complete(record) as file:
                done = msgspec.structs.replace(tried, auc=auc)
                file.write_bytes(msgspec.json.format(msgspec.json.encode(done)) + b"\n")
        study.tell(trial, auc, TrialState.FAIL if auc is None else None)
    return _keep_best(study, folder, out, tell)


def _begin(out: Path, folder: Path, resume: bool) -> None:
    """Make the folder of the trials.

    Raises:
        OutputError: `out` holds other things, or a search though `resume` is False.
    """
    held = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if held - {TRIALS, WEIGHTS, LOG, METRICS} or (held and TRIALS not in held):
        raise OutputError(f"{out} holds other things than a search: name a new folder")
    if held and not resume:
        raise OutputError(f"{out} holds a search: go on with --resume, or name a new folder")
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _changed(recipe: BassetRecipe, changes: dict[str, Any]) -> BassetRecipe:
    """Return the recipe of a trial; ConfigError if it has no such key, or not with that value."""
    try:
        return msgspec.structs.replace(recipe.changed(changes), search=None)
    except msgspec.ValidationError as error:
        raise ConfigError(f"the recipe's search.space cannot be used: {error}") from error


def _first(values: Range | list[Any]) -> Any:
    """Return a value of the space, with which its key is checked before anything is trained."""
    return values[0] if isinstance(values, list) else values.low


def _sampler(search: Search, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed) if search.sampler == "random" else TPESampler(seed=seed)


def _draw(trial: Trial, key: str, values: Range | list[Any]) -> Any:
    """Return the value of a key that the trial's sampler suggests."""
    if isinstance(values, list):
        return values[trial.suggest_categorical(key, list(range(len(values))))]
    if isinstance(values.low, int) and isinstance(values.high, int):
        return trial.suggest_int(key, values.low, values.high, log=values.log)
    return trial.suggest_float(key, values.low, values.high, log=values.log)


def _auc(train: Callable[[], Metrics], tell: Tell) -> float | None:
    """Return the validation AUC of a run, None if its loss became nan or infinite."""
    try:
        return train().valid_auc
    except DivergedError as error:
        tell(f"given up: {error}")
        return None


def _read(record: Path, expected: TriedNetwork) -> float | None:
    """Return the AUC that is on disk for a trial, if its settings are those expected.

    Raises:
        TrainingError: the record is damaged, or of another search.
    """
    try:
        tried = msgspec.json.decode(record.read_bytes(), type=TriedNetwork)
    except UNREADABLE as error:
        raise TrainingError(f"{record} is damaged: {error}; remove it") from error
    if msgspec.structs.replace(tried, auc=None) != expected:
        raise TrainingError(
            f"{record} is of a search with another recipe or other data: name a new folder"
        )
    return tried.auc


def _keep_best(study: optuna.Study, folder: Path, out: Path, tell: Tell) -> Metrics:
    """Copy the best trial's run to `out`; metrics.json is last, as it marks a run as finished."""
    if not any(trial.state == TrialState.COMPLETE for trial in study.trials):
        raise TrainingError("every trial diverged: lower schedule.learning_rate in search.space")
    best = folder / f"{study.best_trial.number + 1:03}"
    metrics = read_metrics(best)
    for name in (WEIGHTS, LOG, METRICS):
        with complete(out / name) as file:
            shutil.copyfile(best / name, file)
    tell(f"best trial: {best.name}")
    return metrics
