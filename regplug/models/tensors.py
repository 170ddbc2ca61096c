"""Tensors in a stranger's file of weights: plain numbers, as many as a model can have, or refused.

torch.load with weights_only runs no code, but gives tensors without numbers (meta), in other
layouts, and views that repeat one number without end.
"""

from typing import Any

from regplug.errors import ModelError

MOST = 2**28  # numbers in all: a model.onnx cannot exceed 2 GB


def check_tensors(tensors: dict[str, Any], source: object) -> None:
    """Check that each of a file's values is a tensor of plain numbers, and that there is room.

    Args:
        tensors: by name.
        source: of them, for messages.

    Raises:
        ModelError: one is none, or together they have more than MOST numbers.
    """
    import torch

    for name, tensor in tensors.items():
        if not torch.is_tensor(tensor):
            raise ModelError(f"{source} is no state dict: {name} is a {type(tensor).__name__}")
        if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise ModelError(f"{source}: {name} is no tensor of plain numbers")
    if sum(tensor.numel() for tensor in tensors.values()) > MOST:
        raise ModelError(f"{source} has more than {MOST:,} numbers, too many for a model")
