"""Basset's network (Kelley et al. 2016) for training.

codes ─one-hot→ (n, 4, 1, bases) ─convolutions→ (n, filters, 1, bins) ─dense layers→ logits
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from regplug.models.stack import EPSILON, StackShape
from regplug.train.loop.strands import reverse_complement


class Basset(nn.Module):
    """A network whose arrays have the names of `StackShape.arrays`.

    Per convolution: it, norm, rectifier, pool. Per dense layer: it, norm, rectifier, dropout.
    Convolutions are those of pictures one pixel high, whose channels lie side by side in memory: on
    a CPU the forward pass takes 2/3 of the time. Maxima are taken before the rectifier, which has
    fewer values left to see; the result is the same.
    """

    one_hot: Tensor

    def __init__(self, shape: StackShape, *, dropout: float = 0.3) -> None:
        """Draw the first weights from torch's random numbers."""
        super().__init__()
        self.shape = shape
        one_hot = torch.eye(5, 4).index_fill(0, torch.tensor(4), 0.25)
        self.register_buffer("one_hot", one_hot, persistent=False)
        depths = zip(pairwise((4, *shape.filters)), shape.sizes, shape.pads, strict=True)
        self.convs = nn.ModuleList(
            nn.Conv1d(before, after, size, padding=pad) for (before, after), size, pad in depths
        )
        self.conv_norms = nn.ModuleList(nn.BatchNorm2d(n, EPSILON) for n in shape.filters)
        units = (shape.filters[-1] * shape.bins, *shape.dense)
        self.dense = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(units))
        self.dense_norms = nn.ModuleList(nn.BatchNorm1d(n, EPSILON) for n in shape.dense)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(units[-1], shape.targets)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the logits (n, targets) of uint8 codes (n, width), read forward."""
        values = self.one_hot[codes.int()].transpose(1, 2).unsqueeze(2)  # (n, 4, 1, bases)
        ceil = self.shape.form == "same"
        for conv, norm, pool in zip(self.convs, self.conv_norms, self.shape.pools, strict=True):
            assert isinstance(conv, nn.Conv1d)
            filters, pad = conv.weight.unsqueeze(2), (0, int(conv.padding[0]))
            values = norm(functional.conv2d(values, filters, conv.bias, padding=pad))
            values = functional.max_pool2d(values, (1, pool), ceil_mode=ceil).relu()
        values = values.flatten(1)  # filter by filter
        for dense, norm in zip(self.dense, self.dense_norms, strict=True):
            values = self.dropout(norm(dense(values)).relu())
        logits: Tensor = self.last(values)
        return logits

    def both_strands(self, codes: Tensor) -> Tensor:
        """Return the mean probabilities (n, targets) of the two strands, as the graph gives."""
        forward, reverse = self(torch.cat([codes, reverse_complement(codes)])).sigmoid().chunk(2)
        mean: Tensor = (forward + reverse) / 2
        return mean
