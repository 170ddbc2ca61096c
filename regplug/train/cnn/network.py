"""A small convolutional network with one output per target.

codes ─one_hot→ (n, bases, 4) ─stem, pool→ (n, channels, bins) ─blocks→ same ─head→ logits
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from regplug.genome.codes import UNKNOWN
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.strands import reverse_complement

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU}


class Cnn(nn.Module):
    """A member of an ensemble; `forward` reads one strand, `both_strands` averages the two.

    Unknown bases, and those beyond the ends, are 0.25 of each letter. The stem is a matrix product
    over the bases under each filter: on a CPU that is twice as fast as a convolution of four
    channels. Maxima are taken before the normalisation, on a fifth of the values.
    """

    one_hot: Tensor

    def __init__(self, shape: CnnShape) -> None:
        """Draw the initial weights from torch's random numbers."""
        super().__init__()
        self.shape, channels = shape, shape.channels
        self.register_buffer("one_hot", torch.eye(5, 4).index_fill(0, torch.tensor(4), 0.25))
        self.stem = nn.Linear(4 * shape.length, channels, bias=False)
        self.stem_norm = nn.BatchNorm1d(channels)
        self.activation = ACTIVATIONS[shape.activation]()
        self.stem_dropout = nn.Dropout(shape.stem_dropout)
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.blocks))
        self.dropout = nn.Dropout(shape.dropout)
        if shape.head == "attention":
            self.query = nn.Conv1d(channels, channels, 1)
            self.place = nn.Parameter(torch.zeros(channels, self.shape.bins))
            nn.init.zeros_(self.query.weight)
        self.head = nn.Linear(shape.features, shape.targets)
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the logits (n, targets) of uint8 codes (n, width), read forward."""
        values = self.stem_dropout(self.activation(self.stem_norm(self._stem(codes))))
        for block in self.blocks:
            values = values + self.activation(block(values))
        logits: Tensor = self.head(self.dropout(self._features(values)))
        return logits

    def both_strands(self, codes: Tensor) -> Tensor:
        """Return the mean logits (n, targets) of the two strands."""
        forward, reverse = self(torch.cat([codes, reverse_complement(codes)])).chunk(2)
        mean: Tensor = (forward + reverse) / 2
        return mean

    def _stem(self, codes: Tensor) -> Tensor:
        """Return the filters' maxima in each bin, shape (n, channels, bins)."""
        n, length, used = len(codes), self.shape.length, self.shape.bins * self.shape.pool
        padded = functional.pad(codes, (length // 2, length // 2), value=UNKNOWN)
        letters = self.one_hot[padded.int()].reshape(n, -1)  # (n, 4 * bases)
        under = letters.unfold(1, 4 * length, 4)[:, :used]  # (n, used, 4 * length)
        filters = self.stem.weight  # (channels, 4 * length)
        if self.shape.turned:  # backwards, A and T have changed places, and C and G
            filters = torch.cat([filters, filters.flip(1)])
        values = under.reshape(n * used, -1) @ filters.T
        maxima = values.view(n, self.shape.bins, -1, self.shape.channels).amax(2)
        return maxima.transpose(1, 2)

    def _features(self, values: Tensor) -> Tensor:
        """Return what the head reads of values (n, channels, bins)."""
        if self.shape.head == "flat":
            return values.flatten(1)
        if self.shape.head == "max":
            parts = [values]
            if self.shape.centre:
                parts.append(values[:, :, slice(*self.shape.middle)])
            return torch.cat([found for part in parts for found in (part.amax(2), part.mean(2))], 1)
        weights = (self.query(values) + self.place).softmax(2)
        mean: Tensor = (weights * values).sum(2)
        return mean


class _Block(nn.Module):
    """A convolution over bins and its normalisation."""

    def __init__(self, shape: CnnShape) -> None:
        super().__init__()
        size, middle = shape.block_length, shape.block_length // 2
        self.conv = nn.Conv1d(shape.channels, shape.channels, size, padding=middle, bias=False)
        self.norm = nn.BatchNorm1d(shape.channels)

    def forward(self, values: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.conv(values))
        return normed
