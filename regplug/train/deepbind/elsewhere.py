"""A run's work in pieces for other processes: a fold of a round, and the rest of a target.

targets ─calibrated (round by round)→ losses of all folds ─finish_target→ Results
"""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from regplug.data.sets.training import SetCard, TrainingSet, read_set
from regplug.errors import DataError, OutputError
from regplug.hooks.executor import Executor
from regplug.train.deepbind.fit import check_device
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.search import Calibration, Fold, FoldLosses, train_fold
from regplug.train.deepbind.target import RESULT, Result, seed_of, train_target
from regplug.train.loop.elsewhere import Versions, elsewhere


class TargetJob(NamedTuple):
    """A network to be made.

    Attributes:
        recipe: see DeepBindRecipe.
        training: folder of the set, whose name is the target's.
        test: folder of the test set, if any.
        folder: that gets network and result.
        cards: of the two sets.
        versions: of the run.
    """

    recipe: DeepBindRecipe
    training: Path
    test: Path | None
    folder: Path
    cards: tuple[SetCard, SetCard | None]
    versions: Versions

    def checked(self) -> TrainingSet:
        """Return the training set, if this process can train on it.

        Raises:
            ConfigError: there is no GPU, and the recipe wants one.
            DataError: a set here is not the run's.
        """
        check_device(self.recipe)
        found = read_set(self.training)
        tested = None if self.test is None else read_set(self.test).card
        for path, card, wanted in zip(
            (self.training, self.test), (found.card, tested), self.cards, strict=True
        ):
            if card != wanted:
                raise DataError(f"{path} on {socket.gethostname()} is not the set of the run")
        return found


class FoldJob(NamedTuple):
    """A fold of a target."""

    target: TargetJob
    fold: Fold

    @property
    def versions(self) -> Versions:
        """Return those of the run."""
        return self.target.versions


def calibrate(
    targets: Sequence[TargetJob],
    executor: Executor,
    progress: Callable[[str], None],
    stepped: Callable[[str, int, int], None],
) -> None:
    """Leave the losses of all folds in the targets' folders.

    Args:
        targets: of one run.
        executor: that trains.
        progress: called with a line of text after each round.
        stepped: called after each fold with the round, its folds, and how many are done.

    Raises:
        OutputError: the folders are not the same for all processes.
        RegplugError: as the executor, and `search`.
    """
    begun = [
        (target, Calibration(target.recipe, seed_of(target.recipe, target.training)))
        for target in targets
        if not (target.folder / RESULT).exists()
    ]
    for number in range(targets[0].recipe.rounds):
        jobs = [
            job for target, drawn in begun for job in _folds(target, drawn.draw(number), number)
        ]
        missing = [job for job in jobs if job.fold.losses() is None]
        for done, _ in enumerate(executor.run(calibrate_fold, missing), start=1):
            stepped(f"round {number + 1}: folds", len(missing), done)
        for target, drawn in begun:
            folds = [job.fold for job in jobs if job.target is target]
            drawn.tell(folds[0].settings, [_known(fold) for fold in folds])
        progress(f"round {number + 1}: {len(jobs)} folds done")


def _folds(target: TargetJob, settings: list[Setting], number: int) -> list[FoldJob]:
    seed = seed_of(target.recipe, target.training)
    return [
        FoldJob(target, Fold(target.recipe, target.folder, seed, settings, number, fold))
        for fold in range(target.cards[0].folds)
    ]


def _known(fold: Fold) -> FoldLosses:
    losses = fold.losses()
    if losses is None:
        raise OutputError(
            f"{fold.path} was written elsewhere, and is not here: name a folder of the run on a "
            "disk that all processes share"
        )
    return losses


@elsewhere
def calibrate_fold(job: FoldJob) -> None:
    """Leave the losses of a fold in its file.

    Raises:
        ConfigError, DataError: as `TargetJob.checked`.
        OutputError: the file cannot be written.
    """
    data = job.target.checked()
    if job.fold.losses() is None:
        train_fold(job.fold, data)


@elsewhere
def finish_target(job: TargetJob) -> Result:
    """Train and test a target whose folds are known; see `train_target`.

    Raises:
        ConfigError, DataError: as `TargetJob.checked`.
        RegplugError: as `train_target`.
    """
    job.checked()
    return train_target(job.recipe, job.training, job.test, job.folder, lambda text: None)
