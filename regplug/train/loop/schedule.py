"""How a network is fitted, as a recipe says; no torch, so that a run can be read without torch."""

from typing import Annotated, Literal

import msgspec

Natural = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Size = Annotated[float, msgspec.Meta(ge=0)]
Part = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to fit.

    Attributes:
        epochs: how often examples are drawn, at most.
        patience: epochs without a better validation AUC after which to stop; 0 goes on. Only for
            training that validates.
        batch: sequences per step; those that do not fill a batch are left out of the epoch.
        optimizer: "adamw", its rate rising and falling in one cycle, or "rmsprop", at one rate.
        learning_rate: of rmsprop; of adamw the highest of the cycle.
        alpha: rmsprop's decay of the squared gradients' average; Basset's "momentum".
        warm_share: share of adamw's steps in which its rate rises.
        weight_decay: of matrices and filters; norms and biases do not decay.
        average: decay per step of the moving average of the weights, which is what is kept; it
            grows to that as (1 + n) / (10 + n) over the steps n; 0 keeps the weights themselves.
        longest_row: after each step, filters and units whose weights have a larger L2 norm are
            scaled down to it; 0 for none.
        shift: a batch moves by up to so many bases either way, unknown bases moving in.
        strands: "random" turns half of a batch to the other strand, "alternate" all sequences of
            every second epoch, the first being read forward.
        snv_penalty: added to the loss times the mean change of the logits, either way, when a
            random known base of each sequence becomes another; each step then takes twice the time.
        precision: of the matrix products; weights and losses are float32 always.
    """

    epochs: Count = 10
    patience: Natural = 0
    batch: Count = 256
    optimizer: Literal["adamw", "rmsprop"] = "adamw"
    learning_rate: Positive = 0.003
    alpha: Part = 0.98
    warm_share: Part = 0.2
    weight_decay: Size = 0.01
    average: Share = 0.998
    longest_row: Size = 0.0
    shift: Natural = 4
    strands: Literal["random", "alternate"] = "random"
    snv_penalty: Size = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
