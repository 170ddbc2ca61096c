"""Where a network is trained: in this process alone, or in several that torchrun has started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from regplug.errors import ConfigError, TrainingError
from regplug.train.loop.shared import share_layers


class Machine(NamedTuple):
    """A device, and which process of how many this is.

    Attributes:
        device: that the network is on.
        rank: of the process, from 0; process 0 writes the files and reports.
        world: processes; each computes its share of every batch, and gradients are averaged.
        compiled: True to let torch.compile make kernels for the network.
    """

    device: torch.device = torch.device("cpu")
    rank: int = 0
    world: int = 1
    compiled: bool = False

    def placed(self, network: nn.Module) -> nn.Module:
        """Return the network on the device; with several processes its layers see whole batches."""
        if self.world > 1:
            share_layers(network, norms=self.device.type == "cpu")
            if self.device.type == "cuda":
                network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return network.to(self.device)

    def shared(self, network: nn.Module) -> nn.Module:
        """Return the network to call in training.

        It has the same weights, and its gradients are averaged over the processes.
        """
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
        if self.device.type != "cuda":
            return rows
        with torch.cuda.device(self.device):  # a thread's own setting
            return rows.pin_memory()

    def moved(self, rows: Tensor) -> Tensor:
        """Return rows on the device, without waiting for the GPU."""
        return rows.to(self.device, non_blocking=True)

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' values; `values` are changed in place."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values


CPU = Machine()


@contextmanager
def machine(device: str, *, compiled: bool) -> Iterator[Machine]:
    """Give the machine of this process; it joins the others that torchrun has started.

    Raises:
        ConfigError: there is no such GPU.
        TrainingError: its memory is full.
    """
    local = int(os.environ.get("LOCAL_RANK", 0))
    if device == "cuda" and local >= torch.cuda.device_count():
        raise ConfigError(
            f"the recipe's device is cuda, and torch sees {torch.cuda.device_count()} GPUs: "
            "--set 'train.device=\"cpu\"', or start fewer processes"
        )
    place = torch.device("cuda", local) if device == "cuda" else torch.device("cpu")
    if device == "cuda":
        torch.cuda.set_device(place)
    joined = "WORLD_SIZE" in os.environ
    if joined:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    rank, world = (distributed.get_rank(), distributed.get_world_size()) if joined else (0, 1)
    try:
        yield Machine(place, rank, world, compiled)
    except torch.OutOfMemoryError as error:
        raise TrainingError("the GPU's memory is full: set a smaller schedule.batch") from error
    finally:
        if joined:
            distributed.destroy_process_group()
