"""What a convolutional network is made of; no torch, so that a graph can be built without it."""

from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class CnnShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a network is made of.

    Attributes:
        targets: outputs.
        width: bases read; those behind the last full bin only through the filters.
        channels: filters of the stem and of each block.
        turned: True if each stem filter also reads the other strand and the larger output counts: a
            motif is then learned once for both its directions.
        length: bases of a stem filter, odd.
        pool: bases of a bin; the stem's maximum in each bin is kept.
        blocks: residual convolutions after the stem.
        block_length: bins that a block's filter reads, odd.
        activation: after the stem and in each block.
        head: how the bins become logits: "flat" weighs every channel in every bin, "max" takes
            each channel's maximum and mean, "attention" a mean with weights learned per channel.
        centre: bases in the middle of the window whose maximum and mean the head "max" reads beside
            those of the whole; 0 for none.
        stem_dropout: share of the pooled stem's values dropped.
        dropout: share of what the head reads dropped.
    """

    targets: Count
    width: Count
    channels: Count = 64
    turned: bool = True
    length: Count = 19
    pool: Count = 5
    blocks: Annotated[int, msgspec.Meta(ge=0)] = 1
    block_length: Count = 5
    activation: Literal["relu", "gelu"] = "gelu"
    head: Literal["flat", "max", "attention"] = "max"
    centre: Annotated[int, msgspec.Meta(ge=0)] = 0
    stem_dropout: Share = 0.1
    dropout: Share = 0.3

    def __post_init__(self) -> None:
        if self.length % 2 == 0 or self.block_length % 2 == 0:
            raise ValueError("length and block_length must be odd, so that filters have a middle")
        if self.width < self.pool:
            raise ValueError("width must be pool or more")
        if self.centre and (self.head != "max" or self.centre < 2 * self.pool):
            raise ValueError('centre is for the head "max", and must be two pools or more')

    @property
    def bins(self) -> int:
        """Return the number of full bins."""
        return self.width // self.pool

    @property
    def middle(self) -> tuple[int, int]:
        """Return the first bin of the centre, and the one behind its last."""
        half, around = self.bins // 2, self.centre // self.pool // 2
        return max(half - around, 0), min(half + around, self.bins)

    @property
    def features(self) -> int:
        """Return how many numbers the head reads."""
        each = {"flat": self.bins, "max": 4 if self.centre else 2, "attention": 1}
        return self.channels * each[self.head]
