"""A file of PyTorch weights ─read_state→ State: arrays by name, and the settings beside them.

Nothing in it is run: torch reads it with weights_only, and a pickled module is refused.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import MissingLibraryError, ModelError
from regplug.files.extras import needs
from regplug.models.tensors import check_tensors

Array = NDArray[np.float32]
_WRAPPERS = ("accessibility.", "module.", "model.")  # of bpnet-lite's classes around a network
_BIAS = "bias."  # the part of bpnet-lite's ChromBPNet that variants are not scored with


class State(NamedTuple):
    """What a file holds.

    Attributes:
        arrays: of the network, by name.
        config: the settings that Cherimoya keeps beside them, or {}.
        called: what messages call it.
    """

    arrays: Mapping[str, Array]
    config: Mapping[str, Any]
    called: str

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """Return the shape of an array.

        Raises:
            ModelError: it is missing, or has another number of axes.
        """
        if name not in self.arrays:
            raise ModelError(f"{self.called} has no {name}, which a network of its kind has")
        shape = self.arrays[name].shape
        if len(shape) != axes:
            raise ModelError(f"{self.called}: {name} has shape {shape}, where {axes} axes fit")
        return shape

    def take(self, name: str, *shape: int) -> Array:
        """Return an array of this shape.

        Raises:
            ModelError: it is missing, or has another shape.
        """
        found = self.shape(name, len(shape))
        if found != shape:
            raise ModelError(f"{self.called}: {name} has shape {found}, where {shape} fits")
        return self.arrays[name]

    def check_names(self, known: Collection[str]) -> None:
        """Check that all arrays are known.

        Raises:
            ModelError: one is of a layer that the network has not.
        """
        if unknown := [name for name in self.arrays if name not in known]:
            raise ModelError(f"{self.called} has {unknown[0]}, of no layer that is read")


def read_state(path: Path) -> State:
    """Return what a file of weights holds: .torch, .pt, .pth, .ckpt or .safetensors.

    Raises:
        ModelError: it cannot be read, or holds something else than arrays and settings.
        MissingLibraryError: torch or safetensors is not installed.
    """
    found = _loaded(path)
    config: Any = {}
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        config, found = found.get("config", {}), found["state_dict"]
    if not isinstance(found, dict) or not isinstance(config, dict):
        raise ModelError(f"{path} holds a {type(found).__name__}, and no state dict of arrays")
    check_tensors(found, path)
    arrays = {str(name): _array(value, f"{path}: {name}") for name, value in found.items()}
    for wrapper in _WRAPPERS:
        arrays = _unwrapped(arrays, wrapper)
    return State(arrays, config, path.name)


def _loaded(path: Path) -> Any:
    """Return what a file holds, tensors and plain Python alone."""
    with needs("torch"):
        import torch
    try:
        if path.suffix == ".safetensors":
            with needs("torch"):
                from safetensors.torch import load_file
            return dict(load_file(path))
        return torch.load(path, map_location="cpu", weights_only=True)
    except MissingLibraryError:
        raise
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # torch's and safetensors' own
        raise ModelError(
            f"{path} holds no state dict ({type(error).__name__}). A whole module is a pickle, "
            "which would run code, and is not read: in a Python with the package that made it, "
            f"torch.save(torch.load({path.name!r}, weights_only=False).state_dict(), 'weights.pt') "
            "makes a file that is"
        ) from error


def _array(value: Any, where: str) -> Array:
    if not value.is_floating_point():
        raise ModelError(f"{where} is no tensor of floating-point numbers")
    array: Array = value.detach().float().numpy()
    if not np.isfinite(array).all():
        raise ModelError(f"{where} holds a number that is not finite")
    return array


def _unwrapped(arrays: dict[str, Array], wrapper: str) -> dict[str, Array]:
    """Return the arrays of a network inside another, by the names that it has itself."""
    inside = {name: array for name, array in arrays.items() if name.startswith(wrapper)}
    others = [name for name in arrays if name not in inside and not name.startswith(_BIAS)]
    if not inside or others:
        return arrays
    return {name.removeprefix(wrapper): array for name, array in inside.items()}
