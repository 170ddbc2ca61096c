"""Recipes: the settings of a training run, read from TOML."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from regplug.motifs.matches import TaxGroup
from regplug.train.loop.recipes import Count, Range, Share, Size, read_as


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a calibration searches: how a network starts and learns.

    Attributes:
        hidden: hidden units, 0 for none.
        detectors_scale: standard deviation of the detectors' first weights.
        hidden_scale: of the hidden layer's.
        output_scale: of the last layer's.
        detectors_decay: factor of the sum of the detectors' absolute values in the cost.
        hidden_decay: of the hidden layer's.
        output_decay: of the last layer's.
        dropout: share of the pooled features dropped.
        learning_rate: of stochastic gradient descent.
        momentum: Nesterov's.
    """

    hidden: int
    detectors_scale: float
    hidden_scale: float
    output_scale: float
    detectors_decay: float
    hidden_decay: float
    output_decay: float
    dropout: float
    learning_rate: float
    momentum: float


class DeepBindRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How DeepBind networks are calibrated, trained and tested; a network per target.

    The defaults are those of Alipanahi et al. 2015 (their code: jisraeli/DeepBind, `cfg/` and
    `deepbind_util.py`), but for the sampler. Ranges are (lowest, highest).

    Attributes:
        seed: all random numbers follow from it and the target's name.
        device: "cpu" or "cuda"; on the CPU a single thread is used.
        filters: detectors per network.
        length: their bases.
        pool: over the placements of a detector: their maximum, or maximum and mean (RNAcompete).
        settings: how many are tried in all.
        rounds: in which they are tried, those of a round side by side; in a later round the "tpe"
            sampler knows the losses of those before.
        sampler: "random", as published, or "tpe", which learns where losses are low.
        hidden: numbers of units to try; "random" takes them in turn, as many settings with each.
        detectors_scale: see Setting; drawn log-uniformly, as all ranges but momentum.
        dense_scale: of hidden_scale and output_scale.
        detectors_decay: see Setting.
        dense_decay: of hidden_decay and output_decay.
        dropout: the values to draw from, all equally likely.
        learning_rate: see Setting.
        momentum: lowest + (highest - lowest) * sqrt(U), U uniform.
        batch: rows per step.
        steps: that each setting is trained for; the final networks for no more.
        checkpoints: equally spaced steps at which losses are measured; the checkpoint with the
            lowest validation loss says how many steps the final networks take.
        decay_after: steps before decay begins.
        rows: positives that a network is trained on, at least; if the set has fewer they are
            repeated, each time with a new shuffle.
        finals: networks trained on all rows with the best setting, of which the one with the
            lowest training loss is kept.
        tax_group: whose motifs of JASPAR the report compares detectors with.
    """

    seed: Size = 1
    device: Literal["cpu", "cuda"] = "cpu"
    filters: Count = 16
    length: Count = 24
    pool: Literal["max", "max+mean"] = "max"
    settings: Count = 30
    rounds: Count = 3
    sampler: Literal["random", "tpe"] = "tpe"
    hidden: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1)] = (0, 32)
    detectors_scale: Range = (1e-7, 1e-3)
    dense_scale: Range = (1e-5, 1e-2)
    detectors_decay: Range = (1e-15, 1e-3)
    dense_decay: Range = (1e-10, 1e-3)
    dropout: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1)] = (0.0, 0.0, 0.25, 0.5)
    learning_rate: Range = (5e-4, 5e-2)
    momentum: tuple[Share, Share] = (0.95, 0.99)
    batch: Count = 64
    steps: Count = 20_000
    checkpoints: Count = 5
    decay_after: Size = 100
    rows: Count = 100_000
    finals: Count = 6
    tax_group: TaxGroup = "vertebrates"

    def __post_init__(self) -> None:
        """Refuse what contradicts itself; ValueError becomes msgspec.ValidationError."""
        if self.rounds > self.settings:
            raise ValueError(f"{self.rounds} rounds for {self.settings} settings")
        if self.checkpoints > self.steps:
            raise ValueError(f"{self.checkpoints} checkpoints in {self.steps} steps")
        for name in (
            "detectors_scale", "dense_scale", "detectors_decay", "dense_decay",
            "learning_rate", "momentum",
        ):  # fmt: skip
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: {low} is above {high}")


def read_recipe(path: Path, settings: Sequence[str] = ()) -> DeepBindRecipe:
    """Return the recipe in the TOML file `path`, changed by `settings`, each `key=value` in TOML.

    Raises:
        OSError: the file cannot be read.
        tomllib.TOMLDecodeError: it is no TOML.
        msgspec.ValidationError: a key is unknown, or a value of the wrong type.
    """
    return read_as(DeepBindRecipe, path, settings)
