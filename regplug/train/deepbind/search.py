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


class Fold(NamedTuple):
    """A fold to hold out while the settings of a round are trained.

    Attributes:
        recipe: see DeepBindRecipe.
        folder: of the target; it gets the losses.
        seed: of the target.
        settings: of the round.
        round_number: from 0.
        number: of the fold, from 0.
    """

    recipe: DeepBindRecipe
    folder: Path
    seed: int
    settings: list[Setting]
    round_number: int
    number: int

    @property
    def path(self) -> Path:
        """Return the file of its losses."""
        return self.folder / f"round{self.round_number + 1}-fold{self.number + 1}.json"

    def losses(self) -> FoldLosses | None:
        """Return its losses if they are known.

        Raises:
            DataError: the file is damaged, or of other settings.
        """
        return _read(self.path, self.settings) if self.path.exists() else None


class Calibration:
    """Draws settings, round by round, each round from the losses of those before.

    Attributes:
        tried: all settings whose losses were told.
    """

    def __init__(self, recipe: DeepBindRecipe, seed: int) -> None:
        """Begin with no losses; all random numbers follow from the seed."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.tried: list[TriedSetting] = []
        self._recipe, self._seed = recipe, seed
        self._study, self._trials = optuna.create_study(), list[Trial]()

    def draw(self, round_number: int) -> list[Setting]:
        """Return the settings of the next round, which is the one of this number, from 0."""
        recipe = self._recipe
        self._study.sampler = sampler_of(recipe, self._seed + round_number)
        first, last = (recipe.settings * (round_number + i) // recipe.rounds for i in range(2))
        self._trials = [self._study.ask() for _ in range(first, last)]
        return [draw_setting(recipe, trial) for trial in self._trials]

    def tell(self, settings: Sequence[Setting], folds: Sequence[FoldLosses]) -> None:
        """Take the losses of the settings that were drawn last, with each fold held out."""
        for i, trial in enumerate(self._trials):
            result = _mean(settings[i], folds, i)
            self.tried.append(result)
            if math.isfinite(result.loss):
                self._study.tell(trial, result.loss)
            else:
                self._study.tell(trial, state=TrialState.FAIL)


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
    folder.mkdir(parents=True, exist_ok=True)
    calibration = Calibration(recipe, seed)
    for number in range(recipe.rounds):
        settings = calibration.draw(number)
        folds = (
            Fold(recipe, folder, seed, settings, number, fold) for fold in range(data.card.folds)
        )
        calibration.tell(
            settings, [fold.losses() or train_fold(fold, data, progress, stepped) for fold in folds]
        )
    tried = sorted(calibration.tried, key=lambda result: result.loss)
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


def train_fold(
    fold: Fold,
    data: TrainingSet,
    progress: Callable[[str], None] = lambda text: None,
    stepped: Callable[[str, int, int], None] = lambda what, steps, step: None,
) -> FoldLosses:
    """Return the losses of the round's settings with the fold held out; they go to its file.

    `progress` and `stepped` are called as those of `search`.

    Raises:
        OutputError: the file cannot be written.
    """
    recipe, settings = fold.recipe, fold.settings
    what = f"round {fold.round_number + 1}, fold {fold.number + 1}"
    held_out = data.folds == fold.number
    seed = fold.seed + 1000 * (fold.number + 1) + fold.round_number
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
    with complete(fold.path) as partial:
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
