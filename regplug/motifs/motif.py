"""What a filter recognises: aligned windows ─count_bases→ counts ─motif_of→ Motif, trimmed.

As the DeepBind authors do: each sequence gives one window, a pseudocount is added, and ends of
little information are cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.hooks.networks import SiteCounts

PSEUDOCOUNT = 1e-4  # added to the count of each base at each position
LEAST = 0.1  # ends are cut that have fewer bits than this, or than this share of the best position
FEWEST = 10  # sites that a motif must be counted in to be shown, as in Basset

Frequencies = NDArray[np.float64]

_BASES = np.vstack([np.eye(4), np.full((1, 4), 0.25)])  # an unknown base is a quarter of each


@dataclass(frozen=True, eq=False)
class Motif:
    """A position frequency matrix.

    Attributes:
        name: one word, unique in its file; JASPAR's are like MA0139.2.
        frequencies: shape (width, 4), A C G T; each row sums to 1.
        sites: how many sequences it was counted in; 0 if not known.
        also: another name, in JASPAR that of the protein.
    """

    name: str
    frequencies: Frequencies
    sites: int = 0
    also: str = ""

    @property
    def width(self) -> int:
        """Return the number of positions; 0 if all were cut."""
        return len(self.frequencies)

    @property
    def information(self) -> NDArray[np.float64]:
        """Return each position's information content in bits, shape (width,)."""
        return information(self.frequencies)

    @property
    def clarity(self) -> float:
        """Return the bits of all its sites together: its information times their number."""
        return float(self.information.sum()) * self.sites

    def consensus(self, letters: str = "ACGT") -> str:
        """Return the base of each position that over half of the sites have, else N."""
        best = self.frequencies.argmax(axis=1)
        is_clear = self.frequencies.max(axis=1, initial=0.0) > 0.5
        return "".join(
            letters[base] if clear else "N" for base, clear in zip(best, is_clear, strict=True)
        )


def motif_of(name: str, counts: Frequencies, sites: int) -> Motif:
    """Return the motif of counts, shape (width, 4), without ends of little information."""
    raised = counts + PSEUDOCOUNT
    return Motif(name, trimmed(raised / raised.sum(axis=1, keepdims=True)), sites)


def motifs_of(found: SiteCounts) -> list[Motif]:
    """Return the motif of each filter, named by its index, from what it found in sequences."""
    return [
        motif_of(str(index), counts, int(sites))
        for index, (counts, sites) in enumerate(zip(found.counts, found.sites, strict=True))
    ]


def count_bases(windows: Codes) -> Frequencies:
    """Return the counts of the bases in aligned windows (n, width), shape (width, 4)."""
    counts: Frequencies = sum(
        (windows == code).sum(axis=0)[:, None] * base for code, base in enumerate(_BASES)
    )
    return counts


def information(frequencies: Frequencies, *, gc: float = 0.5) -> NDArray[np.float64]:
    """Return Σ p log2(p / background) of each position in bits, shape (width,); 0 log2 0 is 0.

    G and C have the share `gc` of the background; at 0.5 this is 2 + Σ p log2 p.
    """
    logarithms = np.log2(frequencies, where=frequencies > 0, out=np.zeros_like(frequencies))
    background = np.log2([(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])
    bits: NDArray[np.float64] = (frequencies * (logarithms - background)).sum(axis=1)
    return bits


def trimmed(frequencies: Frequencies) -> Frequencies:
    """Return frequencies (width, 4) without the ends whose positions have too few bits; see LEAST.

    None are left if no position has enough.
    """
    most = float(information(frequencies).max(initial=0.0))
    return without_ends(frequencies, max(LEAST, LEAST * most))


def without_ends(frequencies: Frequencies, bits: float) -> Frequencies:
    """Return frequencies (width, 4) from the first to the last position that has so many bits."""
    enough = np.flatnonzero(information(frequencies) >= bits)
    return frequencies[enough[0] : enough[-1] + 1] if enough.size else frequencies[:0]
