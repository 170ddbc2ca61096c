"""Scores ─Ranking.ranked→ Ranked: each ALT's most extreme target, and how rare that is."""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.scoring.adapter import chosen_targets, has_spreads, spreads
from regplug.scoring.background_data import unpacked
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores, difference, most_extreme
from regplug.scoring.kinds import SNV
from regplug.scoring.rarity import Table, activity
from regplug.scoring.sketch import Floats


class Ranked(NamedTuple):
    """What the tags of a model say of n ALTs; NaN, and -1, where there is nothing to say.

    Attributes:
        top: the index of the most extreme target among the card's, (n,).
        z: its ALT - REF in its spreads, (n,).
        q: the share of background variants at least as extreme, (n,).
        act: the share of places whose stronger allele scores lower for it, (n,).
    """

    top: NDArray[np.intp]
    z: Floats
    q: Floats
    act: Floats


class Ranking:
    """Ranks the ALTs of a model.

    Attributes:
        card: the model's.
        targets: indices of those among which the most extreme is chosen.
        stratum: of the background, or "" without one.
        tables: of that stratum, kind → table; empty without a background.
    """

    def __init__(self, card: ModelCard, targets: Sequence[str] = (), stratum: str = "") -> None:
        """Prepare to rank by `targets` (labels; none: all) and the background of a stratum.

        Without a name, that is the first stratum that was measured.

        Raises:
            ModelError: the background is damaged, of another graph, or has no such stratum.
        """
        self.card = card
        self.targets = chosen_targets(card, targets or card.labels)
        self._last: tuple[Scores, Ranked] | None = None
        self.stratum, self.tables = "", dict[str, Table]()
        background = card.background
        if background is None:
            return
        if background.model != card.sha256:
            raise ModelError(
                f"the background of {card.name} was measured on another graph: measure it again "
                f"(regplug models calibrate {card.name})"
            )
        self.stratum = stratum or background.strata[0]
        if self.stratum not in background.strata:
            raise ModelError(
                f"{card.name} has no background of {stratum}: it has "
                f"{', '.join(background.strata)} (regplug models calibrate measures others)"
            )
        self.tables = unpacked(background, len(card.targets), card.name)[self.stratum]

    def among(self, targets: Sequence[int]) -> "Ranking":
        """Return the ranking by fewer targets (indices), with the same background."""
        if list(targets) == self.targets:
            return self
        other = copy(self)
        other.targets, other._last = list(targets), None
        return other

    @property
    def of_all_targets(self) -> bool:
        """Tell whether the most extreme of all the model's targets is chosen."""
        return len(set(self.targets)) == len(self.card.targets)

    @property
    def has_order(self) -> bool:
        """Tell whether targets can be told apart: by a background, spreads, or as there is one."""
        return bool(self.tables) or has_spreads(self.card) or len(self.targets) == 1

    def percentile(self, target: int, score: float) -> float | None:
        """Return the share of background places that score lower for a target (its index).

        None without a background, or without a score.
        """
        if not self.tables or np.isnan(score):
            return None
        return float(1 - self.tables[SNV].activities[target].share(np.array([score]))[0])

    def ranked(self, scores: Scores) -> Ranked:
        """Rank n ALTs; what was found for the last scores is kept."""
        if self._last is None or self._last[0] is not scores:
            self._last = scores, self._ranked(scores)
        return self._last[1]

    def _ranked(self, scores: Scores) -> Ranked:
        n = len(scores.status)
        nothing = np.full(n, np.nan)
        found = Ranked(np.full(n, -1, np.intp), nothing, nothing.copy(), nothing.copy())
        if not self.has_order:
            return found
        kinds = np.array(scores.kinds or [SNV] * n, np.str_)
        top = self._by_spread(scores)
        for kind, table in self.tables.items():
            of_kind = np.flatnonzero((kinds == kind) & (top >= 0))
            if len(of_kind):
                part = Scores(scores.ref[of_kind], scores.alt[of_kind], [])
                top[of_kind], found.q[of_kind] = table.rarest(part, self.targets)
        if self.tables:
            active = activity(scores, self.tables[SNV].activities)
            found.act[:] = np.where(top >= 0, active[np.arange(n), top], np.nan)
        return found._replace(top=top, z=self._z(scores, top))

    def _by_spread(self, scores: Scores) -> NDArray[np.intp]:
        """Return each ALT's target of the largest difference in spreads, -1 without a score."""
        differences = difference(scores.ref, scores.alt)[:, self.targets]
        best = most_extreme(differences, spreads(self.card)[self.targets])
        return np.where(best >= 0, np.array(self.targets)[best], -1)

    def _z(self, scores: Scores, top: NDArray[np.intp]) -> Floats:
        if not has_spreads(self.card):
            return np.full(len(top), np.nan)
        changes = difference(scores.ref, scores.alt)[np.arange(len(top)), top]
        picked = changes / spreads(self.card)[top]
        return np.where(top >= 0, picked, np.nan).astype(np.float64)
