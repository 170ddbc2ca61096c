"""Tables as heat maps whose rows and columns are clustered: the tree, and which rows to name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw_tree(axis: Any, values: NDArray[np.float64], *, above: bool) -> list[int]:
    """Draw the average-linkage tree of the rows of `values`; return them in its order.

    It stands above the heat map, or beside its left edge with the first row at the top.
    """
    from scipy.cluster.hierarchy import dendrogram, linkage

    axis.set_axis_off()
    if len(values) < 2:
        return [0]
    tree = dendrogram(linkage(values, "average", optimal_ordering=True), no_plot=True)
    leaf = 10  # width of a leaf in scipy's coordinates
    for along, up in zip(tree["icoord"], tree["dcoord"], strict=True):
        axis.plot(*((along, up) if above else (up, along)), color="#555555", lw=0.7)
    ends, top = (0, leaf * len(values)), max(map(max, tree["dcoord"])) or 1
    axis.set(xlim=ends, ylim=(0, top)) if above else axis.set(xlim=(top, 0), ylim=ends[::-1])
    order: list[int] = tree["leaves"]
    return order


def spaced(weights: NDArray[np.float64], most: int) -> list[int]:
    """Return the rows to name, ascending: the heaviest ones with room between, at most `most`."""
    gap = max(1, len(weights) / most)
    chosen: list[int] = []
    for at in np.argsort(-weights, kind="stable").tolist():
        if all(abs(at - other) >= gap for other in chosen):
            chosen.append(at)
    return sorted(chosen)
