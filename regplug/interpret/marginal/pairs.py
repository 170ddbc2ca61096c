"""Two motifs beside each other: Sites ─spaced→ what they do together that neither does alone."""

from typing import NamedTuple

import numpy as np

from regplug.data.measure.bands import Mean, band
from regplug.errors import MotifError
from regplug.interpret.marginal.effects import Background, Scorer, controls, middle, with_site
from regplug.motifs.sites import Site, can_be_mixed
from regplug.scoring.effects import Array


class Order(NamedTuple):
    """How the second motif lies to the first, which is always on the forward strand."""

    name: str
    is_behind: bool
    is_reversed: bool


ORDERS = (
    Order("A→ B→", True, False),
    Order("A→ ←B", True, True),
    Order("B→ A→", False, False),
    Order("←B A→", False, True),
)


class Pair(NamedTuple):
    """Two motifs at all gaps and in all orders; arrays have shape (orders, gaps, targets).

    Attributes:
        first: the motif in the middle.
        second: the motif beside it.
        gaps: bases between them, ascending.
        joint: what both do.
        beyond: that less what each does alone in its place: 0 if the effects add up.
        control: `beyond` with the second motif's positions in random orders.
    """

    first: Site
    second: Site
    gaps: range
    joint: Mean
    beyond: Mean
    control: Mean


def check_gaps(first: Site, second: Site, gaps: range, window: int, model: str) -> None:
    """Check that both motifs fit, side by side.

    Raises:
        MotifError: they would overlap, or one would end outside the window.
    """
    if gaps.start < 0:
        raise MotifError(
            f"{second.title} would overlap {first.title} at a gap of {gaps.start}: let gaps "
            "begin with 0"
        )
    start = middle(first.width, window)
    room = min(start, window - start - first.width) - second.width
    if gaps[-1] > room:
        raise MotifError(
            f"{second.title} ends outside the {window} bases that {model} reads at a gap of "
            f"{gaps[-1]}: give gaps of {room} at most"
            if room >= 0
            else f"{first.title} and {second.title} do not fit into the {window} bases that {model}"
            " reads, with the first in the middle"
        )


def pair_sequences(gaps: range, count: int) -> int:
    """Return how many sequences `spaced` scores."""
    return count * (1 + 4 * len(ORDERS) * len(gaps))


def spaced(first: Site, second: Site, gaps: range, at: Background, scorer: Scorer) -> Pair:
    """Return two motifs' effects, the first in the middle, by gap and order."""
    count, window = at.codes.shape
    start = middle(first.width, window)
    codes, scores = with_site(at.codes, first, start, scorer)
    alone = scorer.change(at.scores, scores)
    joint, beyond, control = [], [], []
    for order in ORDERS:
        site = second.reversed if order.is_reversed else second
        for gap in gaps:
            place = start + first.width + gap if order.is_behind else start - gap - second.width
            arms: list[tuple[Array, Array]] = []
            for sites in (site, controls(site, count)):
                both = scorer.change(at.scores, with_site(codes, sites, place, scorer)[1])
                there = scorer.change(at.scores, with_site(at.codes, sites, place, scorer)[1])
                arms.append((both, both - alone - there))
            joint.append(arms[0][0])
            beyond.append(arms[0][1])
            control.append(arms[1][1] if can_be_mixed(second) else np.full_like(alone, np.nan))
    return Pair(first, second, gaps, *(_over(arrays, gaps) for arrays in (joint, beyond, control)))


def _over(arrays: list[Array], gaps: range) -> Mean:
    """Return the means of changes (n, targets), by order and gap."""
    stacked = np.stack(arrays, axis=1)
    rows, _, targets = stacked.shape
    return band(stacked.reshape(rows, -1)).shaped(len(ORDERS), len(gaps), targets)
