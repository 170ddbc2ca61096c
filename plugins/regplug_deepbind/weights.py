"""Networks on disk, without torch: trained ones in weights.safetensors, published parameter files.

Network ─save_networks→ weights.safetensors ─load_networks→ Network
A file holds the arrays of several networks, keyed `<TARGET>/<array>`; its metadata say, in JSON,
which strands each reads and how it pools.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.files.output import complete
from regplug.files.weights import WEIGHTS
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network

ARRAYS = ("detectors", "thresholds", "weights1", "biases1", "weights2", "bias2")
FLAGS = {"reverse_complement": True, "average_pooling": False}


class Named(NamedTuple):
    """A network, its label, and the protein that it was trained on ("" if not known)."""

    label: str
    protein: str
    network: Network


def save_networks(path: Path, networks: Mapping[str, Network]) -> None:
    """Write the networks, by target, to the safetensors file `path`.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.numpy import save

    arrays = {
        f"{target}/{name}": np.ascontiguousarray(getattr(network, name), dtype=np.float32)
        for target, network in networks.items()
        for name in ARRAYS
        if getattr(network, name) is not None
    }
    metadata = {
        target: json.dumps({name: getattr(network, name) for name in FLAGS})
        for target, network in networks.items()
    }
    with complete(path) as partial:
        partial.write_bytes(save(arrays, metadata))


def load_networks(path: Path) -> dict[str, Network]:
    """Return the networks in a file of `save_networks`, by target, in alphabetical order."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        metadata = file.metadata() or {}
    targets = sorted({key.rpartition("/")[0] for key in arrays})
    return {
        target: _network(arrays, target, FLAGS | json.loads(metadata.get(target, "{}")))
        for target in targets
    }


def named_networks(path: Path, wanted: Collection[str] = ()) -> list[Named]:
    """Return the networks at `path`, or those wanted by label, published ID or protein.

    `path` is the folder of a run, a folder of published models (db.tsv, params/), or one of their
    parameter files.

    Raises:
        ModelError: there is nothing of the kind, it is damaged, or a target is unknown.
    """
    if (path / WEIGHTS).is_file():
        return _run(path, wanted)
    if (path / "db.tsv").is_file():
        return _published(path, wanted)
    if path.is_file():
        return [Named(path.stem, "", read_network(path))]
    raise ModelError(
        f"{path} is no finished run ({WEIGHTS}), no folder of published models (db.tsv, params/) "
        "and no parameter file: train one with regplug train deepbind"
    )


def _run(path: Path, wanted: Collection[str]) -> list[Named]:
    try:
        networks = load_networks(path / WEIGHTS)
    except ImportError as error:
        raise ModelError(f"{WEIGHTS} needs {error.name}: pip install 'regplug[motifs]'") from error
    except Exception as error:  # safetensors' own, KeyError, OSError
        raise ModelError(f"{path / WEIGHTS} is damaged: {error}; train it again") from error
    for target in wanted:
        if target not in networks:
            raise ModelError(f"{path} has no target {target}; it has {', '.join(networks)}")
    return [Named(one, one, networks[one]) for one in networks if not wanted or one in wanted]


def _published(path: Path, wanted: Collection[str]) -> list[Named]:
    from regplug_deepbind.importer import read_index

    rows = {f"{row['Protein']}_{row['ID']}": row for row in read_index(path)}
    for target in wanted:
        if not any(target in (label, row["ID"], row["Protein"]) for label, row in rows.items()):
            raise ModelError(f"no published weights called {target}: look into {path / 'db.tsv'}")
    return [
        Named(label, row["Protein"], read_network(path / "params" / f"{row['ID']}.txt"))
        for label, row in rows.items()
        if not wanted or {label, row["ID"], row["Protein"]} & set(wanted)
    ]


def _network(
    arrays: Mapping[str, NDArray[np.float32]], target: str, flags: Mapping[str, bool]
) -> Network:
    """Return the network of `target` among arrays keyed `<TARGET>/<array>`."""
    return Network(
        detectors=arrays[f"{target}/detectors"],
        thresholds=arrays[f"{target}/thresholds"],
        weights1=arrays[f"{target}/weights1"],
        biases1=arrays[f"{target}/biases1"],
        weights2=arrays.get(f"{target}/weights2"),
        bias2=arrays[f"{target}/bias2"].item(),
        reverse_complement=flags["reverse_complement"],
        average_pooling=flags["average_pooling"],
    )
