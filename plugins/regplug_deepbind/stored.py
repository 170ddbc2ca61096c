"""DeepBind networks on disk ─stored_at→ DeepBindNetworks: of a run, published, or of a file.

weights.safetensors of a run ─to_network→     Network ─hidden_graph, site_counts, write→
db.tsv, params/<ID>.txt      ─read_network→   ↗
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.errors import ModelError
from regplug.files.runs import Form, stated_form
from regplug.files.weights import WEIGHTS, StoredWeights, load_weights
from regplug.genome.codes import Codes
from regplug.hooks.measuring import Measuring
from regplug.hooks.networks import SiteCounts
from regplug.scoring.card import LONGEST_NAME, ModelCard, Target
from regplug_deepbind.graph import hidden_graph
from regplug_deepbind.importer import export_panel, read_index, rows_per_call
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network
from regplug_deepbind.sites import site_counts

MAGIC = b"# deepbind"  # begins a parameter file
ARRAYS = ("detectors", "thresholds", "weights1", "biases1", "weights2", "bias2")


class Stored:
    """A network on disk, read when it is first needed; see `regplug.hooks.networks`."""

    def __init__(
        self, label: str, protein: str, read: Callable[[], Network], names: Sequence[str] = ()
    ) -> None:
        """Name the network.

        Args:
            label: its name.
            protein: that it was trained on, or "".
            read: gives the network; called once, when it is first needed.
            names: further names by which it can be chosen.
        """
        self.label, self.protein = label, protein
        self.names = (label, *names)
        self._read = read

    @cached_property
    def network(self) -> Network:
        """Return the weights of the network."""
        return self._read()

    @property
    def card(self) -> ModelCard:
        """Return the card of the network alone."""
        return ModelCard(
            name=re.sub(r"[^A-Za-z0-9_.-]|^[.-]", "_", self.label)[:LONGEST_NAME],
            version="0",
            family="deepbind",
            window=None,
            targets=(Target(self.label),),
            strand="max" if self.network.reverse_complement else "forward",
            output_scale="score",
            max_batch_size=rows_per_call([self.network]),
            sha256="",
        )

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """Return the weights by name."""
        found = {name: getattr(self.network, name) for name in ARRAYS}
        return {
            name: np.asarray(array, np.float32)
            for name, array in found.items()
            if array is not None
        }

    def hidden_graph(self) -> ModelProto:
        """Return the graph of what the last layer reads, where the network scores best."""
        return hidden_graph(self.network)

    def site_counts(self, sequences: Sequence[Codes]) -> SiteCounts:
        """Return what its filters find: each where it is most active."""
        return site_counts(self.network, sequences)


class DeepBindNetworks:
    """The networks of a folder or file."""

    def __init__(self, networks: Sequence[Stored]) -> None:
        """Take the networks, in order."""
        self.networks = networks

    def write(self, repo: Path, card: ModelCard, measuring: Measuring) -> ModelCard:
        """Write the panel and its companion for sequences of any length; return the panel's card.

        Args:
            repo: the model repository.
            card: what the caller knows; see `importer.export_panel`.
            measuring: how the targets' spreads are measured.

        Raises:
            ModelError: some networks read one strand, some both.
            OutputError: the models cannot be written.
        """
        if len({stored.network.reverse_complement for stored in self.networks}) > 1:
            raise ModelError(
                f"{card.name}: some targets read one strand, some both; train them in two runs"
            )
        networks = [stored.network for stored in self.networks]
        return export_panel(repo, card, networks, measuring)[0]


def stored_at(path: Path) -> DeepBindNetworks | None:
    """Return the networks in the folder of a run, of published models, or in a parameter file.

    None if `path` is none of these.

    Raises:
        ModelError: a file is damaged.
    """
    if (path / WEIGHTS).is_file() and stated_form(path) in (Form.DEEPBIND, None):
        weights = load_weights(path / WEIGHTS)
        return DeepBindNetworks([_of_run(path, target, weights[target]) for target in weights])
    if (path / "db.tsv").is_file():
        return DeepBindNetworks(
            [_published(path, row["Protein"], row["ID"]) for row in read_index(path)]
        )
    if path.is_file() and _begins(path, MAGIC):
        return DeepBindNetworks([Stored(path.stem, "", lambda: read_network(path))])
    return None


def _begins(path: Path, magic: bytes) -> bool:
    """Tell whether a file, however large, begins with some bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _of_run(path: Path, target: str, weights: StoredWeights) -> Stored:
    """Return the network of a run's target."""

    def read() -> Network:
        try:
            return to_network(weights)
        except KeyError as error:
            raise ModelError(
                f"{path / WEIGHTS} is damaged: {target} lacks {error}; train it again"
            ) from error

    return Stored(target, target, read)


def _published(folder: Path, protein: str, identity: str) -> Stored:
    path = folder / "params" / f"{identity}.txt"
    return Stored(f"{protein}_{identity}", protein, lambda: read_network(path), (identity, protein))


def to_network(weights: StoredWeights) -> Network:
    """Return the network of a run's arrays and flags.

    Raises:
        KeyError: an array is missing.
    """
    arrays, flags = weights
    return Network(
        detectors=arrays["detectors"],
        thresholds=arrays["thresholds"],
        weights1=arrays["weights1"],
        biases1=arrays["biases1"],
        weights2=arrays.get("weights2"),
        bias2=arrays["bias2"].item(),
        reverse_complement=flags["reverse_complement"],
        average_pooling=flags["average_pooling"],
    )
