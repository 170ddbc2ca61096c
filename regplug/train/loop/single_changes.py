"""What a random SNV in each sequence does to a network's logits, for a penalty on it.

Most single changes have no effect. A network that is asked for small changes spends them on the
bases that its labels depend on.
"""

import torch
from torch import Tensor, nn

from regplug.genome.codes import UNKNOWN
from regplug.train.loop.machine import CPU, Machine


def changed_logits(network: nn.Module, codes: Tensor, machine: Machine = CPU) -> Tensor:
    """Return the logits (n, targets) of codes (n, bases) with an SNV each.

    What dropout draws is drawn again after it: a call with the codes themselves drops the same.
    """
    changed = with_snvs(codes, machine)
    with torch.random.fork_rng([codes.device] if codes.is_cuda else []):
        logits: Tensor = network(changed)
    return logits


def with_snvs(codes: Tensor, machine: Machine = CPU) -> Tensor:
    """Return uint8 codes (n, bases), in each row a random known base replaced by another.

    A row without known bases stays as it is. Of several processes all draw for the whole batch, and
    take their rows: SNVs are those of a single process.
    """
    known, rows = codes < UNKNOWN, slice(machine.rank, None, machine.world)
    whole = len(codes) * machine.world
    chances = torch.rand((whole, codes.shape[1]), device=codes.device)[rows]
    places = chances.masked_fill(~known, -1).argmax(1, True)
    steps = torch.randint(1, 4, (whole, 1), dtype=torch.uint8, device=codes.device)[rows]
    others = torch.where(known, (codes + steps) % UNKNOWN, codes)
    return codes.scatter(1, places, others.gather(1, places))
