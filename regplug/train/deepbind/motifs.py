"""What the filters of a run's networks learned, for the report.

networks, bound sequences ─site_counts→ Motifs ─match→ known ones like them ─→ Filters by target
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from regplug.data.sets.training import TrainingSet
from regplug.genome.codes import Codes
from regplug.hooks.networks import StoredNetwork
from regplug.motifs.matches import Matches, jaspar, match
from regplug.motifs.meme import DNA, RNA
from regplug.motifs.motif import FEWEST, Motif, motifs_of

MOST = 2000  # sequences that a target's motifs are made of
BEST = 3  # known motifs shown per filter
REPORTED = 0.1  # those with a smaller q
LEAST = 0.05  # bits, below which a letter is not drawn


class Known(NamedTuple):
    """A known motif that a filter's looks like.

    It says nothing if p is no better than that of the filter's columns in random orders.
    """

    name: str
    also: str
    p: float
    q: float
    beats_shuffled: bool


class Letter(NamedTuple):
    """A letter of a logo: its column, and from which to which height it stands, in bits."""

    letter: str
    column: int
    base: float
    bits: float


class Filter(NamedTuple):
    """A filter's motif, and the known ones like it, best first.

    `shuffled` is the smallest p of its columns in random orders.
    """

    number: int
    motif: Motif
    consensus: str
    logo: list[Letter]
    known: list[Known]
    shuffled: float


def bound_codes(data: TrainingSet) -> Codes:
    """Return the codes (n, length) of the first positives, or of the highest intensities.

    Those are above the mean. A set of peaks has the strongest first.
    """
    if data.card.kind == "classification":
        rows = np.flatnonzero(data.targets == 1)
    else:
        order = np.argsort(-data.targets, kind="stable")
        rows = order[data.targets[order] > 0]
    return np.array(data.codes[rows[:MOST]])


def filters_of(
    networks: Mapping[str, StoredNetwork], codes: Mapping[str, Codes]
) -> tuple[dict[str, list[Filter]], str]:
    """Return each target's filters that have a motif, and the title of the known motifs.

    Networks that read one strand are of RNA, and compared with none; if all are, the title is
    empty. Filters come first whose match is better than shuffled ones by the largest factor; then
    the others, by information; last those of fewer than FEWEST sites.
    """
    motifs = {
        target: [
            motif for motif in motifs_of(network.site_counts(list(codes[target]))) if motif.width
        ]
        for target, network in networks.items()
    }
    both = [target for target, network in networks.items() if network.card.strand == "max"]
    dna = [motif for target in both for motif in motifs[target]]
    matches = match(dna, jaspar()) if dna else None
    rows = iter(range(len(dna)))
    filters = {
        target: [
            _filter(motif, matches, next(rows)) if target in both else _filter(motif)
            for motif in own
        ]
        for target, own in motifs.items()
    }
    return {target: sorted(own, key=_order) for target, own in filters.items()}, (
        matches.title if matches else ""
    )


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
    for column in matches.ranked(row)[:BEST]:
        p, q = float(matches.p[row, column]), float(matches.q[row, column])
        if q < REPORTED:
            motif = matches.known[column]
            yield Known(motif.name, motif.also, p, q, p < float(matches.shuffled[row]))


def _order(found: Filter) -> tuple[bool, float, float]:
    best = found.known[0] if found.known else None
    factor = best.p / found.shuffled if best and best.beats_shuffled else 1.0
    return found.motif.sites < FEWEST, factor, -float(found.motif.information.sum())


def _logo(motif: Motif, letters: str) -> Iterator[Letter]:
    """Yield the letters of a logo, each column's from the smallest up."""
    heights = motif.frequencies * motif.information[:, None]
    for column, bits in enumerate(heights):
        base = 0.0
        for letter in np.argsort(bits):
            top = base + float(bits[letter])
            if top - base >= LEAST:
                yield Letter(letters[letter], column, base, top - base)
            base = top
