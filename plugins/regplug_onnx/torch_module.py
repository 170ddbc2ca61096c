"""module.py:Network and its weights → a PyTorch network. The module is run, weights never."""

import importlib.util
import pickle  # nosec B403
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regplug.errors import MissingLibraryError, ModelError
from regplug.files.extras import needs
from regplug.models.stack import some
from regplug.models.tensors import check_tensors

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("module.", "model.", "net.")  # what those of networks put before the weights' names


def read_module(place: str, weights: Path) -> "torch.nn.Module":
    """Return the network of `module.py:Network` with the weights in a file. It runs module.py.

    Args:
        place: of a class or function that makes a network without being told anything, or of a
            network.
        weights: a state dict, of torch.save or safetensors.

    Raises:
        ModelError: there is none, it fails, or the weights are of another network.
        MissingLibraryError: torch or safetensors is not installed.
    """
    with needs("torch"):
        import torch

    file, _, name = place.rpartition(":")
    made = _run(Path(file), name)
    try:
        network = made if isinstance(made, torch.nn.Module) else made()
    except Exception as error:  # of the module
        raise ModelError(
            f"{place} cannot be made: {said(error)}; it is called without arguments, so write a "
            "function in the module that makes it"
        ) from error
    if not isinstance(network, torch.nn.Module):
        raise ModelError(f"{place} is a {type(network).__name__}, and no torch.nn.Module")
    arrays = _without_wrapper(_state_dict(weights), list(network.state_dict()))
    _load(network, arrays, place, weights)
    return network.eval()


def _run(file: Path, name: str) -> Any:
    """Run a module, which may import its neighbours, and return what it calls `name`."""
    spec = importlib.util.spec_from_file_location("regplug_imported", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise ModelError(f"{file} is no Python module: give module.py:Network")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    sys.path.insert(0, str(file.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ModelError(f"{file} cannot be run: {said(error)}") from error
    finally:
        sys.path.pop(0)
    if not hasattr(module, name):
        raise ModelError(f"{file} has no {name}: give module.py:Network")
    return getattr(module, name)


def _state_dict(path: Path) -> dict[str, Any]:
    """Return the arrays of a file by name, as tensors; nothing in it is run."""
    import torch

    try:
        if path.suffix == ".safetensors":
            with needs("torch"):
                from safetensors.torch import load_file
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except MissingLibraryError:
        raise
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:  # torch's advice would run it
        raise ModelError(
            f"{path} holds more than arrays. A whole module is a pickle, which would run code, and "
            "is not read: where it was made, torch.save(model.state_dict(), FILE) makes one that is"
        ) from error
    except Exception as error:  # torch's and safetensors' own
        raise ModelError(
            f"{path} holds no state dict that can be read ({said(error)}): in PyTorch, "
            "torch.save(model.state_dict(), FILE) makes one"
        ) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]  # Lightning's
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds a {type(found).__name__}, and no state dict of tensors")
    check_tensors(found, path)
    return {str(name): tensor for name, tensor in found.items()}


def _without_wrapper(arrays: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Return arrays by the names that the network has, without that of what wrapped it."""
    for prefix in _WRAPPERS:
        if all(name.startswith(prefix) for name in arrays) and not any(
            name.startswith(prefix) for name in wanted
        ):
            return {name.removeprefix(prefix): array for name, array in arrays.items()}
    return arrays


def _load(network: "torch.nn.Module", arrays: Mapping[str, Any], place: str, weights: Path) -> None:
    """Put arrays into a network that has exactly them."""
    state = network.state_dict()
    missing = [name for name in state if name not in arrays]
    unknown = [name for name in arrays if name not in state]
    shapes = [
        f"{name} has shape {tuple(arrays[name].shape)}, where {tuple(state[name].shape)} fits"
        for name in state
        if name in arrays and arrays[name].shape != state[name].shape
    ]
    faults = [("missing: ", missing), ("unknown: ", unknown), ("", shapes)]
    if said := "; ".join(f"{what}{some(names)}" for what, names in faults if names):
        raise ModelError(f"the weights in {weights} are not those of {place}: {said}")
    network.load_state_dict(dict(arrays))


def said(error: BaseException) -> str:
    """Return an error's kind and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}".removesuffix(": ")
