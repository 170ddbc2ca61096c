"""Where a network is trained: on one device, or on one of several processes' (torchrun)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from regplug.errors import ConfigError


class Machine(NamedTuple):
    """A device, and which process of how many this is.

    Attributes:
        device: that the network is on.
        rank: of the process; the first one writes and tells.
        world: processes; each computes its share of every batch, and gradients are averaged.
        compiled: True to let torch.compile make kernels for the network.
    """

    device: torch.device = torch.device("cpu")
    rank: int = 0
    world: int = 1
    compiled: bool = False

    def placed(self, network: nn.Module) -> nn.Module:
        """Return the network on the device.

        With several GPUs its norms see the whole batch. On CPUs each process's norms see its own
        share, and those of the first are kept.
        """
        if self.world > 1 and self.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return network.to(self.device)

    def shared(self, network: nn.Module) -> nn.Module:
        """Return what to call in training: the same weights, gradients averaged over processes."""
        if self.compiled:
            network = torch.compile(network)  # type: ignore[assignment]
        if self.world == 1:
            return network
        return DistributedDataParallel(
            network, device_ids=[self.device.index] if self.device.type == "cuda" else None
        )

    def share(self, rows: Tensor) -> Tensor:
        """Return this process's share of a batch, in memory that a GPU can read at once."""
        rows = rows[self.rank :: self.world]
        return rows.pin_memory() if self.device.type == "cuda" else rows

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' values."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values


@contextmanager
def machine(device: str, *, compiled: bool) -> Iterator[Machine]:
    """Give the machine of this process; it joins the others that torchrun has started.

    Raises:
        ConfigError: there is no such GPU.
    """
    local = int(os.environ.get("LOCAL_RANK", 0))
    if device == "cuda" and local >= torch.cuda.device_count():
        raise ConfigError(
            f"the recipe's device is cuda, and torch sees {torch.cuda.device_count()} GPUs: "
            "--set 'train.device=\"cpu\"', or start fewer processes"
        )
    place = torch.device("cuda", local) if device == "cuda" else torch.device("cpu")
    if "WORLD_SIZE" not in os.environ:
        yield Machine(place, compiled=compiled)
        return
    if device == "cuda":
        torch.cuda.set_device(place)
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Machine(place, distributed.get_rank(), distributed.get_world_size(), compiled)
    finally:
        distributed.destroy_process_group()
