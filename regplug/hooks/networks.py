"""Networks in a file or folder, before they are models: of a run, or of other people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.hooks.measuring import Measuring
from regplug.scoring.card import ModelCard

if TYPE_CHECKING:
    from onnx import ModelProto


class SiteCounts(NamedTuple):
    """The sites of a network's filters in sequences; a filter has at most one in each sequence.

    Attributes:
        counts: shape (filters, bases, 4): how often each base stands at each position of the sites;
            an unknown base counts as a quarter of each.
        sites: shape (filters,), the number of sites.
    """

    counts: NDArray[np.float64]
    sites: NDArray[np.int64]


class StoredNetwork(Protocol):
    """A network on disk.

    Attributes:
        label: its name, different from those of the others.
        names: by which it can be chosen: the label, then others, such as its published ID.
        protein: that it was trained on, or "".
        card: of the network alone, which reads sequences of any length or of its window.
        arrays: its weights by name, float32.
    """

    label: str
    names: Sequence[str]
    protein: str

    @property
    def card(self) -> ModelCard: ...  # noqa: D102
    @property
    def arrays(self) -> Mapping[str, NDArray[np.float32]]: ...  # noqa: D102

    def hidden_graph(self) -> "ModelProto":
        """Return the graph from codes to what the last layer reads: (n, bases) → (n, units).

        Raises:
            ModelError: the family has no such graph.
        """

    def site_counts(self, sequences: Sequence[Codes]) -> SiteCounts:
        """Return what its filters find in codes (bases,) of any lengths.

        Raises:
            ModelError: the family has no such filters; its model may have (`motifs --model`).
        """


class StoredNetworks(Protocol):
    """All networks of a file or folder.

    Attributes:
        networks: in the order of the model's targets.
    """

    @property
    def networks(self) -> Sequence[StoredNetwork]: ...  # noqa: D102

    def write(self, repo: Path, card: ModelCard, measuring: Measuring) -> ModelCard:
        """Write them as one model into `repo`; return its card.

        `card` says what the caller knows; window, batch limit and measured values are filled in.

        Raises:
            ModelError: they do not fit into a single model.
            OutputError: the model cannot be written.
        """
