"""Which known motifs a motif is like: Motifs, Collection ─match→ TomTom's p- and q-values.

TomTom takes nearly flat columns for a good match of a known motif with flat stretches, such as the
long ones of CTCF. So a motif is compared without the flat columns at its ends, and beside it these
columns in random orders: a match that means something is better than those of nearly all of them.
"""

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from regplug.files.extras import needs
from regplug.motifs.motif import Frequencies, Motif, without_ends
from regplug.motifs.tested import benjamini_hochberg

FEW = 25  # known motifs, below which TomTom's p-values depend on which they are
# A match means something if fewer than REACHED of SHUFFLES random orders of the motif's columns
# have as small a p: of motifs of chance 2.5 % get so far. A few orders may have it, as some orders
# of a short motif are that motif again. After FIRST orders those go on that can still be named.
SHUFFLES, REACHED, FIRST = 200, 5, 20
# Columns at a motif's ends that have fewer bits are left out of the comparison. Of the published
# networks of six factors CTCF was then the best match of 24 filters in place of 33, and as many
# of the factors' own families were found, 43; at 0.4 bits one was lost, and sharp ones of ours.
FLAT = 0.3
REPORTED = 0.1  # a motif is said to be like a known one below this q
# Groups of organisms that JASPAR has a hundred motifs or so of.
TaxGroup = Literal["vertebrates", "fungi", "insects", "nematodes", "plants", "urochordates"]
TAX_GROUPS: tuple[TaxGroup, ...] = get_args(TaxGroup)

# The counts of the newest version of each motif: base by base, position by position.
_NEWEST = """
WITH newest AS (SELECT BASE_ID, max(VERSION) AS VERSION FROM MATRIX GROUP BY BASE_ID)
SELECT m.BASE_ID || '.' || m.VERSION, m.NAME, d.val
FROM MATRIX m
JOIN newest ON newest.BASE_ID = m.BASE_ID AND newest.VERSION = m.VERSION
JOIN MATRIX_DATA d ON d.ID = m.ID
JOIN MATRIX_ANNOTATION a ON a.ID = m.ID
WHERE m.COLLECTION = 'CORE' AND a.TAG = 'tax_group' AND a.VAL = ?
ORDER BY a.LOCAL_ID, d.row, d.col
"""


@dataclass(frozen=True, eq=False)
class Collection:
    """Known motifs, and the name of the collection, for reports."""

    title: str
    motifs: Sequence[Motif]


@dataclass(frozen=True, eq=False)
class Matches:
    """Every motif, without its flat ends, compared with every known motif.

    Attributes:
        p: TomTom's p-values, shape (motifs, known); 1 for a motif without a position.
        q: Benjamini and Hochberg's over all pairs, same shape.
        shuffled: what p must be below, shape (motifs,): of a motif with its columns in SHUFFLES
            random orders, the p that REACHED of them have at most.
        known: the known motifs, in the order of the columns.
        title: of the collection they are from.
    """

    p: NDArray[np.float64]
    q: NDArray[np.float64]
    shuffled: NDArray[np.float64]
    known: Sequence[Motif]
    title: str

    def ranked(self, row: int) -> NDArray[np.int64]:
        """Return the columns (known,), the best match of motif `row` first."""
        order: NDArray[np.int64] = np.argsort(self.p[row], kind="stable")
        return order

    def like(self, row: int) -> list[int]:
        """Return the columns of the known motifs that motif `row` is like, the best match first.

        Those have q < REPORTED, and a p below `shuffled`.
        """
        alike = (self.q[row] < REPORTED) & (self.p[row] < self.shuffled[row])
        return [column for column in self.ranked(row).tolist() if alike[column]]


def jaspar(tax_group: TaxGroup = "vertebrates") -> Collection:
    """Return a group's CORE motifs of the newest JASPAR release that pyjaspar brings.

    Raises:
        MissingLibraryError: pyjaspar is not installed.
    """
    with needs("motifs"):
        from pyjaspar import jaspardb
    database = jaspardb()
    try:  # a query, where its own fetch_motifs takes seven for each motif
        rows = database.conn.execute(_NEWEST, (tax_group,)).fetchall()
    finally:
        database.conn.close()
    motifs = []
    for (name, protein), cells in itertools.groupby(rows, key=itemgetter(0, 1)):
        counts = np.array([count for *_, count in cells], np.float64).reshape(4, -1).T
        shares = counts / counts.sum(axis=1, keepdims=True)
        motifs.append(Motif(name, shares, round(counts.sum(axis=1).max()), protein))
    return Collection(f"{database.release} CORE {tax_group}", motifs)


def match(motifs: Sequence[Motif], collection: Collection, *, both_strands: bool = True) -> Matches:
    """Compare every motif with every known motif, by default on both strands.

    Columns at a motif's ends that have fewer than FLAT bits are left out.

    Raises:
        MissingLibraryError: memelite is not installed.
    """
    queries = [without_ends(motif.frequencies, FLAT) for motif in motifs]
    p = _tomtom(queries, collection, both_strands)
    found = Matches(
        p, benjamini_hochberg(p), np.ones(len(motifs)), collection.motifs, collection.title
    )
    best = np.ones((len(motifs), SHUFFLES))  # the smallest p of each order
    random, rows = np.random.default_rng(0), list(range(len(motifs)))
    for order in range(SHUFFLES):
        mixed = [random.permutation(queries[row]) for row in rows]
        best[rows, order] = _tomtom(mixed, collection, both_strands).min(axis=1)
        found.shuffled[rows] = np.sort(best[rows], axis=1)[:, REACHED - 1]
        if order + 1 >= FIRST:
            rows = [row for row in rows if found.like(row)]
        if not rows:
            break
    return found


def _tomtom(
    queries: Sequence[Frequencies], collection: Collection, both_strands: bool
) -> NDArray[np.float64]:
    """Return the p-values, shape (queries, known); 1 for a query without a position."""
    with needs("motifs"):
        from memelite import tomtom
    p = np.ones((len(queries), len(collection.motifs)))
    rows = [row for row, query in enumerate(queries) if len(query)]
    if rows:
        known = [motif.frequencies.T for motif in collection.motifs]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "tomtom was given")  # the command warns below FEW
            p[rows] = tomtom(
                [queries[row].T for row in rows], known, reverse_complement=both_strands
            )[0]
    return p.clip(0, 1)
