"""Recipes: the settings of a training run, read from TOML."""

import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Setting(NamedTuple):
    """One combination of a recipe's alternatives; see DeepBindRecipe."""

    hidden: int
    dropout: float
    learning_rate: float


class DeepBindRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a DeepBind panel: one network per target.

    Settings given as a tuple are alternatives: every combination is tried for each target, and the
    fit with the highest validation AUC is kept, as it is.

    Attributes:
        targets: transcription factors; the data's file names start with them.
        seed: all random numbers follow from it and the target's name.
        workers: processes; each trains one target at a time. Weights do not depend on it.
        max_positives: the strongest peaks used per target.
        validation_every: every so-manieth source is held out to choose by.
        validation_strongest: only the held-out sources among this many strongest peaks are scored.
        validation_shuffles: shuffles of each, to be told from it.
        filters: detectors per network.
        length: their bases.
        scan: bases of a sub-window, or None to take each sequence as one window.
        hidden: hidden units, 0 for none.
        dropout: share of a sequence's features dropped.
        learning_rate: Adam's, at its peak.
        weight_decay: of detectors and dense weights, as in AdamW.
        warm_epochs: epochs with each sequence as one window, before the scan.
        epochs: epochs in all; each has newly drawn shuffles.
        batch: sequences, bound and shuffled, per step.
        restarts: fits of each combination, with seeds of their own.
    """

    targets: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    seed: int = 1
    workers: Count = 1
    max_positives: Count = 10_000
    validation_every: Annotated[int, msgspec.Meta(ge=2)] = 8
    validation_strongest: Count = 10_000
    validation_shuffles: Count = 1
    filters: Count = 16
    length: Count = 24
    scan: Count | None = None
    hidden: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = (0,)
    dropout: tuple[Share, ...] = (0.0,)
    learning_rate: tuple[Positive, ...] = (0.005,)
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    warm_epochs: Annotated[int, msgspec.Meta(ge=0)] = 0
    epochs: Count = 20
    batch: Count = 128
    restarts: Count = 1

    def settings(self) -> list[Setting]:
        """Return every combination of the alternatives."""
        return [
            Setting(*values) for values in product(self.hidden, self.dropout, self.learning_rate)
        ]


def read_recipe(path: Path, settings: Sequence[str] = ()) -> DeepBindRecipe:
    """Return the recipe in the TOML file `path`, changed by `settings`, each `key=value` in TOML.

    An unknown key or a value of the wrong type raises msgspec.ValidationError.
    """
    keys = tomllib.loads(path.read_text())
    for setting in settings:
        keys |= tomllib.loads(setting)
    return msgspec.convert(keys, DeepBindRecipe)
