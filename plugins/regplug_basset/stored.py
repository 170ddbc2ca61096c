"""A file of Basset's weights ─stored_at→ StoredNetworks: one network, to begin training with."""

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
    """The network in a file; both `networks` and the only one of them."""

    def __init__(self, path: Path, width: int) -> None:
        """Read it.

        Raises:
            ModelError: the file cannot be read, or holds another network.
        """
        self.label, self.protein = path.stem, ""
        self.names = (self.label,)
        self.network = read_network(path, width=width)

    @property
    def networks(self) -> Sequence["BassetFile"]:
        """Return the one network."""
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
        """Raise ModelError: the model has one."""
        raise ModelError(f"{self.label} is a file of weights: import it, and name the model")

    def site_counts(self, sequences: Sequence[Codes]) -> SiteCounts:
        """Raise ModelError: the model has filters to look at."""
        raise ModelError(f"{self.label} is a file of weights: import it, and use --model")

    def write(self, repo: Path, card: ModelCard, measuring: Measuring) -> ModelCard:
        """Write its model; return its card."""
        return export_basset(repo, card, self.network, measuring)


def stored_at(path: Path, width: int | None) -> BassetFile | None:
    """Return the network in a file, or None if its suffix or the width says that it is not ours."""
    if width is None or not path.is_file() or path.suffix not in SUFFIXES:
        return None
    return BassetFile(path, width)
