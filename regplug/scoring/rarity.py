"""How rare a change is among background variants: Scores ─Table→ rarities ─→ Q, over targets.

The statistic is |ALT - REF| * -ln(1 - ACT), where ACT is the share of places whose stronger allele
scores lower: a change counts for more where something binds, or is open. The p of a target is
(1 + variants at least as extreme) / (1 + variants), of the ALT's kind. Q is the same share for the
smallest p of all targets, whose distribution over the same variants is known: corrected for the
choice among targets as they depend on each other, and never 0. `Joint` does so over models.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.scoring.background import BackgroundSet
from regplug.scoring.effects import Scores, difference
from regplug.scoring.sketch import Floats, Sketch, sidak

STEP = 0.125  # of -ln Q in the codes of background variants
MISSING = 255  # code of a background variant that the model could not score


class Table(NamedTuple):
    """The background of one stratum and kind, as scoring uses it.

    Attributes:
        of: what was measured.
        activities: a sketch per target of the stronger allele's score, over the stratum's SNVs.
        statistics: a sketch per target of the statistic.
        extremes: the sketch of the largest rarity (`Sketch.rarity`) of all targets.
        codes: -ln Q / STEP of each variant, rounded down, or MISSING: (variants,).
    """

    of: BackgroundSet
    activities: Sequence[Sketch]
    statistics: Sequence[Sketch]
    extremes: Sketch
    codes: NDArray[np.uint8]

    def rarest(self, scores: Scores, targets: Sequence[int]) -> tuple[NDArray[np.intp], Floats]:
        """Return the most extreme of `targets` for each ALT, and its Q, both (n,).

        Q is exact for all targets and for a single one. Between these it is 1 - (1 - p) ** targets,
        and at most Q among all: conservative, unless targets move against each other.
        """
        change = statistic(scores, activity(scores, self.activities))
        rarities = np.stack([self.statistics[t].rarity(change[:, t]) for t in targets], axis=1)
        picked, every = rarities.argmax(axis=1), np.arange(len(change))
        best = np.array(targets, np.intp)[picked]
        among_all = self.extremes.share(rarities[every, picked])
        if len(targets) == len(self.statistics):
            return best, among_all
        p = np.ones(len(change))
        for target in targets:
            p[best == target] = self.statistics[target].share(change[best == target, target])
        return best, p if len(targets) == 1 else np.minimum(sidak(p, len(targets)), among_all)


def activity(scores: Scores, activities: Sequence[Sketch]) -> Floats:
    """Return ACT, shape (n, targets): the share of places whose stronger allele scores lower."""
    stronger = np.maximum(scores.ref, scores.alt).astype(np.float64)
    columns = zip(activities, stronger.T, strict=True)
    return np.stack([1 - of.share(column) for of, column in columns], axis=1)


def statistic(scores: Scores, active: Floats) -> Floats:
    """Return |ALT - REF| * -ln(1 - ACT), shape (n, targets), as its fourth root.

    The root keeps the order, and few of its numbers tell how all are spread.
    """
    change: Floats = np.abs(difference(scores.ref, scores.alt)) * -np.log1p(-active)
    root: Floats = np.sqrt(np.sqrt(change))
    return root


class Joint:
    """The distribution of the smallest Q of several models over variants that they share."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Join the models' tables of one list of variants."""
        codes = np.stack([table.codes for table in tables])
        scored = codes[:, (codes != MISSING).all(axis=0)]
        counts = np.bincount(scored.max(axis=0, initial=0), minlength=MISSING)
        at_least = np.cumsum(counts[::-1])[::-1]  # code → variants of this Q or a smaller one
        self._steps = np.arange(len(at_least)) * STEP
        self._surprises = -np.log((1 + at_least) / (1 + scored.shape[1]))

    def q(self, smallest: Floats) -> Floats:
        """Return the share of variants whose smallest Q is at most `smallest`, both (n,)."""
        shares = np.exp(-np.interp(-np.log(smallest), self._steps, self._surprises))
        return np.asarray(np.maximum(shares, smallest))


def share_list(tables: Sequence[Table]) -> bool:
    """Tell whether the tables are of one list of variants."""
    return len({(table.of.list, table.of.variants) for table in tables}) == 1
