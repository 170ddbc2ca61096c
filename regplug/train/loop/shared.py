"""Layers of a network that several processes train: they see the batch, not a share of it.

A process has each `world`-th row of a batch; see Machine.share.
"""

from typing import Any

from torch import Tensor, distributed, nn

# Its functions keep the group of the moment of their import, as a default: imported later,
# by DistributedDataParallel, they would keep gloo's threads alive when the interpreter ends
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional


class SharedNorm(nn.modules.batchnorm._BatchNorm):
    """A batch norm by the means and variances of the whole batch (torch's own is for GPUs)."""

    def _check_input_dim(self, values: Tensor) -> None:
        """Take values (n, channels, ...) of any number of axes."""

    def forward(self, values: Tensor) -> Tensor:
        """Return values (n, channels, ...) normalised."""
        if not self.training:
            return super().forward(values)
        numbers = values.float()
        world, axes = distributed.get_world_size(), [0, *range(2, values.ndim)]
        shape = (-1, *(1 for _ in axes[1:]))  # of a number per channel, beside the values

        def mean(numbers: Tensor) -> Tensor:
            total: Tensor = all_reduce(numbers.mean(axes))  # type: ignore[no-untyped-call]
            return total / world

        centre = mean(numbers)
        centred = numbers - centre.view(shape)
        variance = mean(centred.square())
        self._remember(centre.detach(), variance.detach(), world * values.numel() // len(centre))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(values.dtype)

    def _remember(self, centre: Tensor, variance: Tensor, count: int) -> None:
        """Move the running mean and variance towards those of a batch of `count` values."""
        assert self.momentum is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.running_mean.lerp_(centre, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        self.num_batches_tracked.add_(1)


class SharedDropout(nn.Dropout):
    """Drops what a single process would drop: all draw the same, and take their rows."""

    def forward(self, values: Tensor) -> Tensor:
        """Return values (n, ...), of which a share is 0, and the others larger for it."""
        if not self.training or self.p == 0:
            return values
        rank, world = distributed.get_rank(), distributed.get_world_size()
        whole = values.new_ones((world * len(values), *values.shape[1:]))
        return values * functional.dropout(whole, self.p)[rank::world]


def share_layers(network: nn.Module, *, norms: bool) -> None:
    """Let a network's dropouts, and `norms`, see the batch; weights and names stay."""
    for module in list(network.modules()):
        for name, layer in module.named_children():
            if norms and isinstance(layer, nn.modules.batchnorm._BatchNorm):
                setattr(module, name, _like(layer, SharedNorm(layer.num_features, layer.eps)))
            elif isinstance(layer, nn.Dropout):
                setattr(module, name, SharedDropout(layer.p))


def _like(layer: Any, made: SharedNorm) -> SharedNorm:
    made.load_state_dict(layer.state_dict())
    made.momentum = layer.momentum
    return made
