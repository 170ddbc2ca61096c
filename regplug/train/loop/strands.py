"""The other strand of codes, in torch."""

import torch
from torch import Tensor


def reverse_complement(codes: Tensor) -> Tensor:
    """Return the other strand of uint8 codes (n, bases), 5' to 3'; an unknown base stays so."""
    complement = torch.tensor([3, 2, 1, 0, 4], dtype=torch.uint8, device=codes.device)
    return complement[codes.flip(1).long()]
