"""The weights of networks on disk.

A safetensors file holds the arrays of several networks, keyed `<TARGET>/<array>`; its metadata say,
in JSON, how each is to be read.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.files.extras import needs
from regplug.files.output import complete

WEIGHTS = "weights.safetensors"
# The oldest files have no metadata: their networks read both strands and pool by maximum.
_FLAGS_OF_BEFORE = {"reverse_complement": True, "average_pooling": False}


class StoredWeights(NamedTuple):
    """A network's arrays by name, float32, and flags that tell how they are used."""

    arrays: Mapping[str, NDArray[np.float32]]
    flags: Mapping[str, bool]


def save_weights(path: Path, networks: Mapping[str, StoredWeights]) -> None:
    """Write the networks, by target, to the safetensors file `path`.

    Raises:
        MissingLibraryError: safetensors is not installed.
        OutputError: it cannot be written.
    """
    with needs("motifs"):
        from safetensors.numpy import save

    arrays = {
        f"{target}/{name}": np.ascontiguousarray(array, dtype=np.float32)
        for target, network in networks.items()
        for name, array in network.arrays.items()
    }
    metadata = {target: json.dumps(dict(network.flags)) for target, network in networks.items()}
    with complete(path) as partial:
        partial.write_bytes(save(arrays, metadata))


def load_weights(path: Path) -> dict[str, StoredWeights]:
    """Return the networks in a file of `save_weights`, by target, in alphabetical order.

    Raises:
        MissingLibraryError: safetensors is not installed.
        ModelError: it is missing or damaged.
    """
    with needs("motifs"):
        from safetensors import safe_open

    try:
        with safe_open(path, "numpy") as file:
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
            metadata = file.metadata() or {}
        targets = sorted({key.rpartition("/")[0] for key in arrays})
        flags = {
            target: _FLAGS_OF_BEFORE | json.loads(metadata.get(target, "{}")) for target in targets
        }
    except Exception as error:  # safetensors' own, OSError, JSON's
        raise ModelError(f"{path} is damaged: {error}; train it again") from error
    return {
        target: StoredWeights(
            {
                key.removeprefix(f"{target}/"): array
                for key, array in arrays.items()
                if key.rpartition("/")[0] == target
            },
            flags[target],
        )
        for target in targets
    }
