"""The tags that sum up: `__TOP`, `__Z`, `__Q`, `__ACT` of a model, `RP_TOP` and `RP_Q` of a run."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regplug.scoring.adapter import InfoField, Values, has_spreads, tag
from regplug.scoring.effects import Scores
from regplug.scoring.kinds import KINDS, SNV
from regplug.scoring.ranking import Ranking
from regplug.scoring.rarity import Joint, share_list
from regplug.scoring.sketch import Floats, sidak

DIGITS = 3  # significant, of Z, Q and ACT
OVER_ALL = ("RP_TOP", "RP_Q")
FEW = 8  # models that a run gives tags of their own, unless it is told; and that a line names


def ranking_fields(ranking: Ranking) -> list[InfoField]:
    """Return the four tags of a model."""
    card = ranking.card
    name, stem = card.name, tag(card.name)
    without = f"; none: measure it (regplug models calibrate {name})"
    background = f" in the background {ranking.stratum}" if ranking.tables else without
    order = "in the background" if ranking.tables else "by |ALT - REF| in spreads"
    spread = "" if has_spreads(card) else "; none: its spreads are not measured"

    def top(scores: Scores) -> Values:
        labels = [*card.labels, None]
        return [labels[index] for index in ranking.ranked(scores).top.tolist()]

    return [
        InfoField(f"{stem}__TOP", f"{name}: the most extreme target, {order}", "String", top),
        InfoField(
            f"{stem}__Z",
            f"{name}: ALT - REF of __TOP in its spreads, standard deviations over random SNVs"
            + spread,
            "Float",
            lambda scores: short(ranking.ranked(scores).z),
        ),
        InfoField(
            f"{stem}__Q",
            f"{name}: share of variants of the ALT's kind and length at least as extreme as __TOP, "
            f"corrected for the choice among targets, 0 to 1{background}",
            "Float",
            lambda scores: short(ranking.ranked(scores).q),
        ),
        InfoField(
            f"{stem}__ACT",
            f"{name}: share of places that score lower for __TOP than the stronger allele, 0 to 1"
            + background,
            "Float",
            lambda scores: short(ranking.ranked(scores).act),
        ),
    ]


def short(numbers: Floats) -> list[float]:
    """Return numbers with DIGITS significant digits."""
    texts = len(numbers) * f"%.{DIGITS}g " % tuple(numbers.tolist())
    return list(map(float, texts.split()))


class Overall:
    """The tags over all models of a run.

    Attributes:
        fields: RP_TOP and RP_Q, for the header.
    """

    def __init__(self, rankings: Sequence[Ranking], names: Collection[str] | None = None) -> None:
        """Prepare for models that are ranked so; those without a background do not count.

        Args:
            rankings: of all models.
            names: of those that count; None: all.
        """
        self._rankings = rankings
        self._counted = [
            index
            for index, ranking in enumerate(rankings)
            if ranking.tables and (names is None or ranking.card.name in names)
        ]
        self._joints: dict[tuple[tuple[int, str], ...], Joint | None] = {}
        self._among = (
            f"of {names_of([rankings[index].card.name for index in self._counted])}"
            if self._counted
            else "none: no model has a background"
        )

    @property
    def fields(self) -> list[InfoField]:
        """Return RP_TOP and RP_Q, for the header: their values come from `columns`."""
        every = tuple(self._counted)
        joined = all(self._joint(dict.fromkeys(every, kind)) for kind in self._kinds(every))
        how = "their joint distribution" if joined else "as of independent models (Sidak)"
        corrected = f", corrected for the choice among models: {how}" if len(every) > 1 else ""
        return [
            InfoField("RP_TOP", f"MODEL:TARGET of the smallest __Q {self._among}", "String", _no),
            InfoField(
                "RP_Q",
                "Share of variants of the ALT's kind and length whose smallest __Q is at most the "
                f"ALT's, {self._among}{corrected}",
                "Float",
                _no,
            ),
        ]

    def columns(self, scores: Sequence[Scores]) -> dict[str, Values]:
        """Return the values of RP_TOP and RP_Q.

        Args:
            scores: of each model, of the same ALTs.
        """
        if not self._counted:
            return {}
        best, q = self.best(scores)
        return dict(zip(OVER_ALL, (tops_of(self._rankings, scores, best), short(q)), strict=True))

    def best(self, scores: Sequence[Scores]) -> tuple[NDArray[np.intp], Floats]:
        """Return, per ALT, the index of the model of the smallest Q, and what RP_Q says.

        Both (n,); -1 and NaN where no model that counts has a Q.
        """
        n = len(scores[0].status)
        q = np.full(n, np.nan)
        if not self._counted:
            return np.full(n, -1, np.intp), q
        qs = np.stack([self._rankings[i].ranked(scores[i]).q for i in self._counted])
        known = ~np.isnan(qs)
        smallest = np.where(known, qs, np.inf).min(axis=0)
        best = np.array(self._counted)[np.where(known, qs, np.inf).argmin(axis=0)]
        kinds = np.array([list(scores[i].kinds) or [SNV] * n for i in self._counted], np.str_)
        kinds[~known] = ""
        for pattern in filter(any, set(zip(*kinds.tolist(), strict=True))):
            here = (kinds == np.array(pattern)[:, None]).all(axis=0)
            of_models = {i: kind for i, kind in zip(self._counted, pattern, strict=True) if kind}
            q[here] = self._q(of_models, smallest[here])
        return np.where(known.any(axis=0), best, -1), q

    def _q(self, kinds: Mapping[int, str], smallest: Floats) -> Floats:
        """Return RP_Q of ALTs, where these models have a Q: model → the ALTs' kind to it."""
        if len(kinds) == 1:
            return smallest
        joint = self._joint(kinds)
        return joint.q(smallest) if joint else sidak(smallest, len(kinds))

    def _joint(self, kinds: Mapping[int, str]) -> Joint | None:
        """Return the joint distribution of models that were measured on the same variants."""
        key = tuple(kinds.items())
        if key not in self._joints:
            rankings = [self._rankings[index] for index in kinds]
            tables = [
                ranking.tables[kind]
                for ranking, kind in zip(rankings, kinds.values(), strict=True)
                if kind in ranking.tables
            ]
            whole = all(ranking.of_all_targets for ranking in rankings)
            same = len(tables) == len(rankings) and whole and share_list(tables)
            self._joints[key] = Joint(tables) if same else None
        return self._joints[key]

    def _kinds(self, models: tuple[int, ...]) -> list[str]:
        """Return the kinds of which all models have a background."""
        return [k for k in KINDS if models and all(k in self._rankings[i].tables for i in models)]


def tops_of(
    rankings: Sequence[Ranking], scores: Sequence[Scores], models: NDArray[np.intp]
) -> list[str | None]:
    """Return MODEL:TARGET of the most extreme target of each ALT's model (its index, or -1)."""
    tops = [ranking.ranked(of).top.tolist() for ranking, of in zip(rankings, scores, strict=True)]
    names = [[f"{of.card.name}:{label}" for label in of.card.labels] for of in rankings]
    return [
        None if model < 0 else names[model][tops[model][row]]
        for row, model in enumerate(models.tolist())
    ]


def names_of(models: Sequence[str]) -> str:
    """Return models' names, or how many of them there are, if more than FEW."""
    return ", ".join(models) if len(models) <= FEW else f"{len(models)} models"


def _no(scores: Scores) -> Values:
    return [None] * len(scores.status)
