"""State dicts of the Kipoi port of Basset, from a PyTorch or safetensors file; nothing is run.

The port is a torch Sequential, whose names are positions: each convolution with its norm, rectifier
and pool; a reshape; each dense layer (the second item of a Sequential of its own) with its norm,
rectifier and dropout; the last layer.
"""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.models.tensors import check_tensors
from regplug_basset.weights import Weights

TORCH = (".pth", ".pt")
SAFETENSORS = (".safetensors",)
CONVS = [("0", "1"), ("4", "5"), ("8", "9")]  # convolutions and their norms
DENSE = [("13.1", "14"), ("17.1", "18")]  # dense layers and their norms
LAST = "21.1"
POOLS = (3, 4, 4)


def read_state_dict(path: Path) -> Weights:
    """Return the weights in a file.

    Raises:
        ModelError: the file cannot be read or holds something else, or torch or safetensors are
            not installed.
    """
    read, extra = (_torch, "train") if path.suffix in TORCH else (_safetensors, "embed")
    try:
        arrays = read(path)
    except ImportError as error:
        raise ModelError(
            f"reading it needs {error.name}: pip install 'regplug[{extra}]'"
        ) from error
    except ModelError:
        raise
    except Exception as error:  # torch's and safetensors' own, OSError
        raise ModelError(
            f"it holds no state dict that can be read ({_first_line(error)}): in PyTorch, "
            "torch.save(model.state_dict(), FILE) makes one"
        ) from error
    counters = {f"{norm}.num_batches_tracked" for _, norm in CONVS + DENSE}
    kept = {name: array for name, array in arrays.items() if name not in counters}
    return Weights(kept, CONVS, DENSE, LAST, POOLS)


def _torch(path: Path) -> dict[str, NDArray[Any]]:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ModelError(f"it holds a {type(state).__name__}, no state dict")
    check_tensors(state, "it")
    return {str(name): value.detach().float().numpy() for name, value in state.items()}


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load_file

    return load_file(path)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
