"""What flows between two layers."""

from math import prod
from typing import NamedTuple


class Values(NamedTuple):
    """A tensor of the graph, (rows, *shape).

    Attributes:
        tensor: its name.
        shape: the axes of one row.
    """

    tensor: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Return how many numbers a row has."""
        return prod(self.shape)

    def with_(self, tensor: str) -> "Values":
        """Return another tensor of the same shape."""
        return Values(tensor, self.shape)
