"""Calibration: settings are drawn, cross-validated side by side, and the best of them chosen.

recipe ─optuna→ settings ─fit, fold by fold→ losses ─best→ Setting, steps

Each fold's losses are on disk as soon as they are known. A search that goes on after a kill draws
the same settings again, from the same seeds and losses, and finds the folds done.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial as bind
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import Trial, TrialState

from regplug.data.sets.training import TrainingSet
from regplug.errors import UNREADABLE, DataError
from regplug.files.output import complete
from regplug.train.deepbind.fit import fit, networks_for
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.rows import training_rows
from regplug.train.loop.recipes import Range

VALIDATION_ROWS = 10  # rows to validate on are at least a tenth of those to train on


class FoldLosses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Losses of a round's settings with a fold held out; nan (null on disk) if diverged."""

    settings: list[Setting]
    steps: list[int]  # checkpoints
    training: list[list[float | None]]  # by checkpoint, by setting
    validation: list[list[float | None]]


class TriedSetting(msgspec.Struct, frozen=True):
    """A setting and its losses, means over the folds, by checkpoint; None if any diverged."""

    setting: Setting
    steps: list[int]
    training: list[float | None]
    validation: list[float | None]

    @property
    def loss(self) -> float:
        """Return the lowest validation loss; infinite if there is none."""
        return min((loss for loss in self.validation if loss is not None), default=math.inf)

    @property
    def best_steps(self) -> int:
        """Return the steps at which validation loss was lowest."""
        return self.steps[self.validation.index(self.loss)]


class _Search(NamedTuple):
    """What all rounds of a search share; see `search`."""

    recipe: DeepBindRecipe
    data: TrainingSet
    folder: Path
    seed: int
    progress: Callable[[str], None]
    stepped: Callable[[str, int, int], None]


def search(
    recipe: DeepBindRecipe,
    data: TrainingSet,
    folder: Path,
    *,
    seed: int,
    progress: Callable[[str], None],
    stepped: Callable[[str, int, int], None] = lambda what, steps, step: None,
) -> list[TriedSetting]:
    """Return all settings tried, the best first; losses of folds in `folder` are not made again.

    Args:
        recipe: see DeepBindRecipe.
        data: the training set, with its folds.
        folder: of the target; it gets the losses of each round and fold.
        seed: all random numbers follow from it.
        progress: called with lines of text.
        stepped: called after each step with what is trained, its steps, and how many are done.

    Raises:
        DataError: `folder` has losses of other settings, or every setting diverged.
        OutputError: the losses cannot be written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study()
    shared = _Search(recipe, data, folder, seed, progress, stepped)
    tried: list[TriedSetting] = []
    for round_number in range(recipe.rounds):
        study.sampler = sampler_of(recipe, seed + round_number)
        first, last = (recipe.settings * (round_number + i) // recipe.rounds for i in range(2))
        trials = [study.ask() for _ in range(first, last)]
        settings = [draw_setting(recipe, trial) for trial in trials]
        folds = [_fold(shared, settings, round_number, fold) for fold in range(data.card.folds)]
        for i, trial in enumerate(trials):
            result = _mean(settings[i], folds, i)
            tried.append(result)
            if math.isfinite(result.loss):
                study.tell(trial, result.loss)
            else:
                study.tell(trial, state=TrialState.FAIL)
    tried.sort(key=lambda result: result.loss)
    if not math.isfinite(tried[0].loss):
        raise DataError("every setting diverged: lower the recipe's learning_rate")
    return tried


def sampler_of(recipe: DeepBindRecipe, seed: int) -> BaseSampler:
    """Return the sampler that the recipe names."""
    if recipe.sampler == "random":
        return RandomSampler(seed=seed)
    return TPESampler(seed=seed, constant_liar=True, multivariate=True)


def draw_setting(recipe: DeepBindRecipe, trial: Trial) -> Setting:
    """Return the setting that the trial's sampler suggests."""

    def log(name: str, limits: Range) -> float:
        return trial.suggest_float(name, *limits, log=True)

    if recipe.sampler == "random":
        hidden = recipe.hidden[trial.number % len(recipe.hidden)]
    else:
        hidden = trial.suggest_categorical("hidden", recipe.hidden)
    low, high = recipe.momentum
    return Setting(
        hidden=hidden,
        detectors_scale=log("detectors_scale", recipe.detectors_scale),
        hidden_scale=log("hidden_scale", recipe.dense_scale),
        output_scale=log("output_scale", recipe.dense_scale),
        detectors_decay=log("detectors_decay", recipe.detectors_decay),
        hidden_decay=log("hidden_decay", recipe.dense_decay),
        output_decay=log("output_decay", recipe.dense_decay),
        dropout=trial.suggest_categorical("dropout", recipe.dropout),
        learning_rate=log("learning_rate", recipe.learning_rate),
        momentum=low + (high - low) * math.sqrt(trial.suggest_float("momentum", 0, 1)),
    )


def _fold(shared: _Search, settings: list[Setting], round_number: int, fold: int) -> FoldLosses:
    """Return the losses of a round's settings with `fold` held out, from the disk if there."""
    recipe, data, folder, seed, progress, stepped = shared
    what = f"round {round_number + 1}, fold {fold + 1}"
    path = folder / f"round{round_number + 1}-fold{fold + 1}.json"
    if path.exists():
        return _read(path, settings)
    held_out = data.folds == fold
    seed += 1000 * (fold + 1) + round_number
    rows = training_rows(data, ~held_out, at_least=recipe.rows, seed=seed)
    validation = training_rows(
        data, held_out, at_least=recipe.rows // VALIDATION_ROWS, seed=seed + 500
    )
    seeds = [seed * 1000 + i for i in range(len(settings))]
    curve = fit(
        recipe,
        data.card,
        networks_for(recipe, data.card, settings, seeds),
        rows,
        validation,
        seed=seed,
        progress=lambda step: progress(f"{what}: {len(settings)} settings, step {step}"),
        stepped=bind(stepped, what),
    )
    losses = FoldLosses(settings, curve.steps, curve.training.tolist(), curve.validation.tolist())
    with complete(path) as partial:
        partial.write_bytes(msgspec.json.encode(losses))
    return losses


def _read(path: Path, settings: Sequence[Setting]) -> FoldLosses:
    """Return the losses in a file; DataError if it is damaged, or of other settings."""
    try:
        losses = msgspec.json.decode(path.read_bytes(), type=FoldLosses)
    except UNREADABLE as error:
        raise DataError(f"{path} is damaged: {error}; remove it, and --resume") from error
    if losses.settings != settings:
        raise DataError(f"{path} has losses of other settings: name a new folder for the run")
    return losses


def _mean(setting: Setting, folds: Sequence[FoldLosses], i: int) -> TriedSetting:
    """Return the means over folds of the losses of setting `i`."""

    def mean(losses: Sequence[list[list[float | None]]]) -> list[float | None]:
        of_setting = [[checkpoint[i] for checkpoint in fold] for fold in losses]
        means = np.array(of_setting, float).mean(0)  # (checkpoints,)
        return [value if math.isfinite(value) else None for value in means.tolist()]

    return TriedSetting(
        setting,
        folds[0].steps,
        mean([fold.training for fold in folds]),
        mean([fold.validation for fold in folds]),
    )
