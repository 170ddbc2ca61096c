"""A search for a better recipe: many runs with different settings, of which the best is kept.

recipe ─optuna→ settings ─train_basset→ RUN/trials/<number> ─best→ RUN

A search that goes on after a kill draws the same settings again, from the same seeds and AUCs, and
finds the trials done.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import Trial, TrialState

from regplug.errors import ConfigError, OutputError, TrainingError
from regplug.files.output import complete, contents, naming
from regplug.files.runs import METRICS
from regplug.files.sources import sources_of
from regplug.files.weights import WEIGHTS
from regplug.hooks.executor import Executor
from regplug.train.basset.recipe import BassetRecipe, Range, Search
from regplug.train.basset.run import Metrics, read_metrics
from regplug.train.basset.trial import Tell, TrialJob, basset_trial, train_trial
from regplug.train.loop.elsewhere import SEQUENTIAL, Versions, check_alone, executing
from regplug.train.loop.names import LOG, TRIALS


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
    executor: str = "",
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
        stepped: see `train_basset`; not called with an executor.
        executor: where trials are trained: this process, or as `regplug_open_executor` says. As
            many are trained side by side as are drawn together, see Search.

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
    check_alone()
    _changed(recipe, {key: _first(values) for key, values in space.space.items()})
    folder = out / TRIALS
    (source,) = sources_of([path])
    with executing(executor) as where:
        _begin(out, folder, resume)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction="maximize")
        together = trials if space.sampler == "random" else space.together

        def draw(number: int) -> tuple[Trial, TrialJob]:
            study.sampler = _sampler(space, recipe.seed + number)
            trial = study.ask()
            changes = {key: _draw(trial, key, values) for key, values in space.space.items()}
            made = (path.absolute(), source.sha256, folder.absolute() / f"{number:03}", seeded_from)
            changed = _changed(recipe, changes)
            return trial, TrialJob(number, changes, changed, *made, Versions.here())

        for first in range(1, trials + 1, together):
            drawn = [draw(number) for number in range(first, min(first + together, trials + 1))]
            missing = [job for _, job in drawn if job.known() is None]
            if executor in SEQUENTIAL:
                _train_here(missing, tell, stepped)
            else:
                _train_elsewhere(missing, where, tell)
            for trial, job in drawn:
                tried = job.known()
                assert tried is not None  # all have been trained
                study.tell(trial, tried.auc, TrialState.FAIL if tried.auc is None else None)
    return _keep_best(study, folder, out, tell)


def _train_here(
    jobs: Sequence[TrialJob], tell: Tell, stepped: Callable[[int, int, int], None]
) -> None:
    for job in jobs:
        tell(f"trial {job.number}: {job.words}")
        job.keep(train_trial(job, tell, stepped))


def _train_elsewhere(jobs: Sequence[TrialJob], where: Executor, tell: Tell) -> None:
    by_number = {job.number: job for job in jobs}
    for number, auc in where.run(basset_trial, jobs):
        by_number[number].keep(auc)
        came_to = "diverged" if auc is None else f"AUC {auc:.4f}"
        tell(f"trial {number}: {came_to}, {by_number[number].words}")


def _begin(out: Path, folder: Path, resume: bool) -> None:
    """Make the folder of the trials.

    Raises:
        OutputError: `out` holds other things, or a search though `resume` is False.
    """
    held = contents(out)
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
