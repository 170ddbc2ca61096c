"""What the filters of a run's networks learned, for the report.

networks, bound sequences ─site_counts→ Motifs ─match→ known ones like them ─→ Filters by target
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from regplug.data.sets.training import TrainingSet
from regplug.genome.codes import Codes
from regplug.hooks.networks import StoredNetwork
from regplug.motifs.matches import Matches, TaxGroup, jaspar, match
from regplug.motifs.meme import DNA, RNA
from regplug.motifs.motif import Motif, motifs_of

MOST = 2000  # sequences that a target's motifs are made of, at most
BEST = 3  # known motifs shown per filter, at most
LEAST = 0.05  # bits, below which a letter is not drawn


class Known(NamedTuple):
    """A known motif like a filter's.

    Attributes:
        name: of the motif in its collection.
        also: a second name, such as the protein's, or "".
        p: of the match.
        q: of the match, over all known motifs.
    """

    name: str
    also: str
    p: float
    q: float


class Letter(NamedTuple):
    """A letter of a logo: its column, the height of its foot and its own height, in bits."""

    letter: str
    column: int
    base: float
    bits: float


class Filter(NamedTuple):
    """A filter's motif, and the known motifs like it.

    Attributes:
        number: of the filter, from 0.
        motif: what it learned.
        consensus: the motif's letters.
        logo: the letters to draw.
        known: those it is like, best first; see `Matches.like`.
        shuffled: what p must be below, by the motif's columns in random orders; see `Matches`.
    """

    number: int
    motif: Motif
    consensus: str
    logo: list[Letter]
    known: list[Known]
    shuffled: float


def bound_codes(data: TrainingSet) -> Codes:
    """Return the codes (n, length) of the first positives, or of the highest intensities.

    At most MOST rows are taken. Intensities are standardised, and only those above 0, their mean,
    count. In a set of peaks the strongest come first.
    """
    if data.card.kind == "classification":
        rows = np.flatnonzero(data.targets == 1)
    else:
        order = np.argsort(-data.targets, kind="stable")
        rows = order[data.targets[order] > 0]
    return np.array(data.codes[rows[:MOST]])


def filters_of(
    networks: Mapping[str, StoredNetwork],
    codes: Mapping[str, Codes],
    tax_group: TaxGroup = "vertebrates",
) -> tuple[dict[str, list[Filter]], str]:
    """Return each target's filters that have a motif, and the title of the known motifs.

    Networks that read one strand are of RNA, and compared with no known motifs; if all are, the
    title is empty. A target's filters are sorted by information × sites, the clearest first.

    Args:
        networks: target → its network.
        codes: target → the sequences (n, length) in which its filters are laid.
        tax_group: whose motifs of JASPAR they are compared with.

    Raises:
        MissingLibraryError: a library that compares motifs is not installed.
    """
    motifs = {
        target: [
            motif for motif in motifs_of(network.site_counts(list(codes[target]))) if motif.width
        ]
        for target, network in networks.items()
    }
    both = [target for target, network in networks.items() if network.card.strand == "max"]
    dna = [motif for target in both for motif in motifs[target]]
    matches = match(dna, jaspar(tax_group)) if dna else None
    rows = iter(range(len(dna)))
    filters = {
        target: [
            _filter(motif, matches, next(rows)) if target in both else _filter(motif)
            for motif in found
        ]
        for target, found in motifs.items()
    }
    for found in filters.values():
        found.sort(key=lambda filter: -filter.motif.clarity)
    return filters, matches.title if matches else ""


def _filter(motif: Motif, matches: Matches | None = None, row: int = 0) -> Filter:
    """Return a filter of DNA, or of RNA without `matches`."""
    letters = RNA if matches is None else DNA
    known = [] if matches is None else list(_known(matches, row))
    return Filter(
        number=int(motif.name),
        motif=motif,
        consensus=motif.consensus(letters),
        logo=list(_logo(motif, letters)),
        known=known,
        shuffled=1.0 if matches is None else float(matches.shuffled[row]),
    )


def _known(matches: Matches, row: int) -> Iterator[Known]:
    """Yield the known motifs to show for the filter in a row of the matches, best first."""
    for column in matches.like(row)[:BEST]:
        motif = matches.known[column]
        yield Known(
            motif.name, motif.also, float(matches.p[row, column]), float(matches.q[row, column])
        )


def _logo(motif: Motif, letters: str) -> Iterator[Letter]:
    """Yield the letters of a logo, column by column, from the bottom (the smallest) up."""
    heights = motif.frequencies * motif.information[:, None]
    for column, bits in enumerate(heights):
        base = 0.0
        for letter in np.argsort(bits):
            top = base + float(bits[letter])
            if top - base >= LEAST:
                yield Letter(letters[letter], column, base, top - base)
            base = top
