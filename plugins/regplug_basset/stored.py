"""A file of Basset's weights ─stored_at→ BassetFile, with which training can begin.

It is both a StoredNetworks and the StoredNetwork in it (`regplug.hooks.networks`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from onnx import ModelProto

from regplug.errors import ModelError
from regplug.genome.codes import Codes
from regplug.hooks.measuring import Measuring
from regplug.hooks.networks import SiteCounts
from regplug.models.stack import Array
from regplug.scoring.card import ModelCard
from regplug_basset.importer import SUFFIXES, card_of, export_basset, read_network


class BassetFile:
    """The network in a file; both a StoredNetworks and its only StoredNetwork."""

    def __init__(self, path: Path, width: int) -> None:
        """Read the file `path`; the network reads `width` bases.

        Raises:
            ModelError: the file cannot be read, or holds another network.
        """
        self.label, self.protein = path.stem, ""
        self.names = (self.label,)
        self.network = read_network(path, width=width)

    @property
    def networks(self) -> Sequence["BassetFile"]:
        """Return this network, the only one in the file."""
        return (self,)

    @property
    def card(self) -> ModelCard:
        """Return a card whose targets have no names of their own."""
        labels = [f"t{number}" for number in range(self.network.shape.targets)]
        return card_of(self.network, self.label, labels, license="")

    @property
    def arrays(self) -> Mapping[str, Array]:
        """Return the weights, named as in `StackShape.arrays`."""
        return self.network.arrays

    def hidden_graph(self) -> ModelProto:
        """Raise ModelError: only the imported model has such a graph."""
        raise ModelError(f"{self.label} is a file of weights: import it, and name the model")

    def site_counts(self, sequences: Sequence[Codes]) -> SiteCounts:
        """Raise ModelError: only the imported model's filters can be laid on sequences."""
        raise ModelError(f"{self.label} is a file of weights: import it, and use --model")

    def write(self, repo: Path, card: ModelCard, measuring: Measuring) -> ModelCard:
        """Write the network's model into `repo`; return its card.

        Args:
            repo: the model repository.
            card: what the caller knows; batch limit and measured values are filled in.
            measuring: how the targets' spreads are measured.
        """
        return export_basset(repo, card, self.network, measuring)


def stored_at(path: Path, width: int | None) -> BassetFile | None:
    """Return the network in a file; None if there is no width, or the suffix is not one of ours.

    Raises:
        ModelError: the file cannot be read, or holds another network.
    """
    if width is None or not path.is_file() or path.suffix not in SUFFIXES:
        return None
    return BassetFile(path, width)
