"""One target from its training set to a tested network: calibrate, train, test, store.

TrainingSet ─search→ Setting ─fit (finals)→ Network ─test→ Result; its folder holds all of them

What is on disk is done: a target that goes on after a kill makes the rest.
"""

import time
import zlib
from collections.abc import Callable
from functools import partial as bind
from pathlib import Path

import msgspec
import numpy as np

from regplug.data.measure.metrics import Estimate
from regplug.data.sets.training import Scale, TrainingSet, read_set
from regplug.errors import UNREADABLE, DataError
from regplug.files.output import complete
from regplug.files.weights import WEIGHTS, StoredWeights, save_weights
from regplug.train.deepbind.fit import fit, mean_losses, network_of, networks_for
from regplug.train.deepbind.measure import METRIC, figures, score_codes
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.rows import Rows, training_rows
from regplug.train.deepbind.search import TriedSetting, search

RESULT = "result.json"
SCORES = "test_scores.npy"


class Final(msgspec.Struct, frozen=True):
    """A network trained on all rows: its seed, its losses during training and at the end.

    A loss is nan (null on disk, None when read) if the network diverged.
    """

    seed: int
    curve: list[float | None]  # mean training loss since the checkpoint before
    training_loss: float | None


class Result(msgspec.Struct, frozen=True):
    """How a target's network was found and trained, and how good it is.

    Attributes:
        target: its name.
        tried: all settings, the best first.
        steps: that the final networks were trained for.
        finals: the networks trained on all rows with the best setting.
        kept: index in `finals` of the network that was kept.
        rows: of the training set.
        metric: name of what `test` is.
        test: AUC (classification) or Pearson's correlation (regression) on the test set, if any.
        test_rows: bound and unbound sequences of the test set, or its rows and 0.
        seconds: that it took; those of earlier runs that were killed are not counted.
        also: further metrics on the test set: those of intensities over medians.
        scale: of the training set, if it is a regression.
    """

    target: str
    tried: list[TriedSetting]
    steps: int
    finals: list[Final]
    kept: int
    rows: int
    metric: str
    test: Estimate | None
    test_rows: tuple[int, int]
    seconds: float
    also: dict[str, Estimate] = {}
    scale: Scale | None = None

    @property
    def setting(self) -> Setting:
        """Return the best setting."""
        return self.tried[0].setting


def train_target(
    recipe: DeepBindRecipe,
    training: Path,
    test: Path | None,
    folder: Path,
    progress: Callable[[str], None],
    stepped: Callable[[str, int, int], None] = lambda what, steps, step: None,
) -> Result:
    """Calibrate, train and test on the sets in two folders; leave network and result in `folder`.

    `progress` and `stepped` are called as those of `train_run`.

    Raises:
        DataError: the sets are damaged, or all settings diverge.
        OutputError: `folder` cannot be written.
    """
    if (folder / RESULT).exists():
        return read_result(folder)
    began = time.monotonic()
    data = read_set(training)
    tested = None if test is None else read_set(test)
    metric = METRIC[data.card.kind]
    seed = seed_of(recipe, training)
    tried = search(recipe, data, folder, seed=seed, progress=progress, stepped=stepped)
    progress(f"best validation loss {tried[0].loss:.4f} after {tried[0].best_steps} steps")
    in_finals = bind(stepped, f"{recipe.finals} final networks")
    finals, kept, network = _finals(recipe, data, tried[0], seed + 1, in_finals)
    found = {} if tested is None else _test(network, tested, data.card.scale, folder)
    result = Result(
        target=training.name,
        tried=tried,
        steps=tried[0].best_steps,
        finals=finals,
        kept=kept,
        rows=len(data.codes),
        metric=metric,
        test=found.pop(metric, None),
        test_rows=(0, 0) if tested is None else _counts(tested),
        seconds=time.monotonic() - began,
        also=found,
        scale=data.card.scale,
    )
    save_weights(folder / WEIGHTS, {training.name: network})
    with complete(folder / RESULT) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    return result


def seed_of(recipe: DeepBindRecipe, training: Path) -> int:
    """Return what all random numbers of a target follow from."""
    return recipe.seed + zlib.crc32(training.name.encode())


def read_result(folder: Path) -> Result:
    """Return the result in a target's folder.

    Raises:
        DataError: it is missing or damaged.
    """
    try:
        return msgspec.json.decode((folder / RESULT).read_bytes(), type=Result)
    except UNREADABLE as error:
        raise DataError(f"{folder / RESULT}: {error}; remove {folder} and --resume") from error


def _finals(
    recipe: DeepBindRecipe,
    data: TrainingSet,
    best: TriedSetting,
    seed: int,
    stepped: Callable[[int, int], None],
) -> tuple[list[Final], int, StoredWeights]:
    """Return networks trained on all rows with the best setting; which is kept, and its weights.

    Kept is the network with the lowest loss on the set's own rows, without dropout.

    Raises:
        DataError: all networks diverged.
    """
    seeds = [seed * 1000 + i for i in range(recipe.finals)]
    groups = networks_for(recipe, data.card, [best.setting] * recipe.finals, seeds)
    rows = training_rows(data, np.ones(len(data.codes), bool), at_least=recipe.rows, seed=seed)
    steps = best.best_steps
    as_long = msgspec.structs.replace(
        recipe, steps=steps, checkpoints=min(recipe.checkpoints, steps)
    )
    curve = fit(as_long, data.card, groups, rows, seed=seed, stepped=stepped)
    losses = mean_losses(data.card, groups, Rows(np.array(data.codes), data.targets))
    if not np.isfinite(losses).any():
        raise DataError("every final network diverged: lower the recipe's learning_rate")
    finals = [
        Final(network_seed, curve.training[:, i].tolist(), float(losses[i]))
        for i, network_seed in enumerate(seeds)
    ]
    kept = int(np.nanargmin(losses))
    return finals, kept, network_of(groups, kept)


def _test(
    network: StoredWeights, tested: TrainingSet, scale: Scale | None, folder: Path
) -> dict[str, Estimate]:
    """Return the test's figures by metric; targets and scores go to the folder."""
    scores = score_codes(network, tested.codes)
    with complete(folder / SCORES) as partial, partial.open("wb") as file:
        np.save(file, np.stack([tested.targets, scores]), allow_pickle=False)
    return figures(tested, scores, scale)


def _counts(tested: TrainingSet) -> tuple[int, int]:
    """Return how many rows of a set are bound and unbound; all rows and 0 for a regression."""
    if tested.card.positives is None:
        return tested.card.rows, 0
    return tested.card.positives, tested.card.rows - tested.card.positives
