"""Where sequences lie in a hidden layer: units (n, units) ─project→ Projection, two ways.

PCA of all of them; t-SNE (van der Maaten and Hinton 2008) of those drawn, started from the PCA.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import SequenceError
from regplug.files.extras import needs

FEWEST = 5  # sequences that can be drawn
COMPONENTS = 50  # principal components that t-SNE reads, at most
PERPLEXITY = 30.0
NO_LABEL = "."

Units = NDArray[np.float32]
Points = NDArray[np.float64]


class Projection(NamedTuple):
    """The pictures of n sequences.

    Attributes:
        pca: shape (n, 2), the first two principal components.
        explained: shape (2,), the share of the variance that each has.
        drawn: shape (m,), the rows in the pictures, ascending.
        tsne: shape (m, 2), of the rows drawn.
        perplexity: that t-SNE was made with.
    """

    pca: Points
    explained: Points
    drawn: NDArray[np.intp]
    tsne: Points
    perplexity: float


def project(
    units: Units, *, most: int, perplexity: float = PERPLEXITY, seed: int = 0
) -> Projection:
    """Return the pictures of units (n, units); if there are more rows, t-SNE takes `most` of them.

    Args:
        units: shape (n, units).
        most: rows that t-SNE takes.
        perplexity: of t-SNE; lowered to (m - 1) / 3 where that is less, m being the rows drawn.
        seed: of the rows drawn and of t-SNE; the same input gives the same output.

    Raises:
        SequenceError: there are fewer than 5 rows, or all are equal.
    """
    from sklearn.manifold import TSNE

    if len(units) < FEWEST:
        raise SequenceError(f"{len(units)} sequences: it takes {FEWEST} to draw them, give more")
    if (units == units[0]).all():
        raise SequenceError(
            f"the hidden layer is the same for all {len(units)} sequences: are they one sequence, "
            "or has the model nothing to say of them?"
        )
    components, explained = pca(units, COMPONENTS)
    drawn = np.arange(len(units))
    if len(units) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(len(units), most, replace=False))
    perplexity = min((len(drawn) - 1) / 3, perplexity)
    start = components[drawn, :2] / (components[drawn, 0].std() or 1.0) * 1e-4
    tsne = TSNE(2, perplexity=perplexity, init=start.astype(np.float32), random_state=seed)
    points = tsne.fit_transform(components[drawn]).astype(np.float64)
    return Projection(components[:, :2], explained[:2], drawn, points, perplexity)


def pca(units: Units, count: int) -> tuple[Points, Points]:
    """Return the first components of units (n, units) and their shares of the variance.

    Their shapes are (n, c) and (c,). There are `count` components, fewer if there are fewer units
    or rows, but at least two: those that do not exist are 0.
    """
    from sklearn.decomposition import PCA

    found = PCA(min(count, *units.shape), svd_solver="full")
    components = found.fit_transform(units.astype(np.float64))
    missing = max(0, 2 - components.shape[1])
    shares = np.pad(found.explained_variance_ratio_, (0, missing))
    return np.pad(components, ((0, 0), (0, missing))), shares


def silhouette(points: Points, labels: Sequence[str]) -> float | None:
    """Return the mean silhouette (-1 to 1, Rousseeuw 1987) of labels (n,) among points (n, 2).

    Points labelled NO_LABEL do not count. None where it is not defined: there are fewer than two
    labels, or each point has its own.
    """
    from sklearn.metrics import silhouette_score

    known = np.array(labels) != NO_LABEL
    kept = [label for label in labels if label != NO_LABEL]
    if not 2 <= len(set(kept)) < len(kept):
        return None
    return float(silhouette_score(points[known], kept))


def check_libraries() -> None:
    """Raise MissingLibraryError if a library that embeds or draws is not installed."""
    with needs("embed"):
        import matplotlib  # noqa: F401
        import sklearn  # noqa: F401
