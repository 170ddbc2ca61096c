"""DeepBind networks with random weights, and panels of them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.files.weights import StoredWeights
from regplug.hooks.measuring import Measuring
from regplug.scoring.card import ModelCard, Target
from regplug_deepbind.importer import export_panel
from regplug_deepbind.network import Network
from regplug_deepbind.stored import ARRAYS


def random_network(
    seed: int,
    length: int,
    *,
    filters: int = 3,
    hidden: int = 0,
    mean: bool = False,
    rc: bool = True,
) -> Network:
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    return Network(
        detectors=normal(length, 4, filters),
        thresholds=normal(filters) - 1,
        weights1=normal(filters * (1 + mean), hidden or 1) / filters,
        biases1=normal(hidden or 1),
        weights2=normal(hidden) if hidden else None,
        bias2=0.3 if hidden else 0.0,
        reverse_complement=rc,
        average_pooling=mean,
    )


def as_stored(network: Network) -> StoredWeights:
    """Return the network's weights as a run would store them."""
    arrays = {
        name: np.atleast_1d(np.asarray(getattr(network, name), np.float32))
        for name in ARRAYS
        if getattr(network, name) is not None
    }
    flags = ("reverse_complement", "average_pooling")
    return StoredWeights(arrays, {flag: getattr(network, flag) for flag in flags})


def panel_card(name: str, targets: int) -> ModelCard:
    """Return the card that an importer would hand on."""
    return ModelCard(
        name=name,
        version="1",
        family="deepbind",
        window=None,
        targets=tuple(Target(f"T{i}") for i in range(targets)),
        strand="max",
        output_scale="score",
        max_batch_size=1,
        sha256="",
    )


def random_panel(repo: Path, name: str = "panel", *, targets: int = 3) -> ModelCard:
    """Write networks of the published size as one model, and its companion; return its card."""
    networks = [random_network(i, 24, filters=16, hidden=32 * (i % 2)) for i in range(targets)]
    return export_panel(repo, panel_card(name, targets), networks, measuring=Measuring(3))[0]
