"""The tags of assays, in place of those of models where there are many: RP_<ASSAY>__TOP ...

    rankings ─Assays→ fields; Scores of each model ─columns→ their values

An assay's targets are those of all models whose card says so (`about`: assay). What a model's tags
say of its targets, an assay's say of these.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regplug.genome.variant import Status
from regplug.scoring.adapter import InfoField, Values, tag
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall, names_of, short, tops_of

OTHER = "other"  # the assay of a target whose card names none
# What a model says of an ALT; the other statuses are the ALT's own.
OF_MODELS = (
    Status.OK, Status.JUNCTIONS, Status.TOO_LONG, Status.MOSTLY_N, Status.NO_TRANSCRIPT,
)  # fmt: skip


class Assays:
    """The tags of a run's assays.

    Attributes:
        fields: for the header: __TOP, __Z, __Q, __ACT and __STATUS of each assay.
    """

    def __init__(self, rankings: Sequence[Ranking], models: Collection[str]) -> None:
        """Prepare for models that are ranked so.

        Args:
            rankings: of all models of the run.
            models: names of those whose targets count.
        """
        found: dict[str, dict[int, Ranking]] = {}
        for index, ranking in enumerate(rankings):
            if ranking.card.name in models:
                for name, targets in _targets(ranking).items():
                    found.setdefault(name, {})[index] = ranking.among(targets)
        self._assays = [_Assay(name, found[name]) for name in sorted(found)]
        self.fields = [field for assay in self._assays for field in assay.fields]

    def columns(self, scores: Sequence[Scores]) -> dict[str, Values]:
        """Return tag → its values, of the scores of each model, of the same ALTs."""
        columns: dict[str, Values] = {}
        for assay in self._assays:
            columns |= assay.columns(scores)
        return columns


class _Assay:
    """An assay: its stem of tags, and the models that have targets of it."""

    def __init__(self, name: str, rankings: Mapping[int, Ranking]) -> None:
        self._places, self._rankings = list(rankings), list(rankings.values())
        self._overall = Overall(self._rankings)
        self._tags = [f"{tag(name)}__{what}" for what in ("TOP", "Z", "Q", "ACT", "STATUS")]
        of = f"{name}, of {names_of([ranking.card.name for ranking in self._rankings])}"
        said = (
            ("MODEL:TARGET of the smallest __Q, or of the largest |__Z| without a background", 1),
            ("ALT - REF of __TOP in its spreads, standard deviations over random SNVs", 0),
            ("share of variants of the ALT's kind and length at least as extreme as __TOP, "
             "corrected for the choice among targets and models, 0 to 1", 0),
            ("share of places that score lower for __TOP than the stronger allele, 0 to 1", 0),
            ("ok, junctions (by the windows at its junctions), or why a model has not scored the "
             "ALT: too_long, mostly_n, no_transcript, with & between them; . where RP_STATUS "
             "tells", 1),
        )  # fmt: skip
        self.fields = [
            InfoField(name, f"{of}: {what}", "String" if text else "Float")
            for name, (what, text) in zip(self._tags, said, strict=True)
        ]

    def columns(self, scores: Sequence[Scores]) -> dict[str, Values]:
        own = [scores[place] for place in self._places]
        best, q = self._overall.best(own)
        best = np.where(best < 0, self._by_spread(own), best)
        every = np.arange(len(best))
        ranked = [of.ranked(scored) for of, scored in zip(self._rankings, own, strict=True)]
        z, act = (
            np.where(best < 0, np.nan, np.stack(parts)[best, every])
            for parts in ([of.z for of in ranked], [of.act for of in ranked])
        )
        values: list[Values] = [tops_of(self._rankings, own, best), short(z), short(q), short(act)]
        return dict(zip(self._tags, [*values, _statuses(own)], strict=True))

    def _by_spread(self, scores: Sequence[Scores]) -> NDArray[np.intp]:
        """Return the index of the model of the largest |Z| for each ALT, -1 without a target."""
        ranked = [of.ranked(scored) for of, scored in zip(self._rankings, scores, strict=True)]
        size = np.stack([np.where(r.top < 0, -1, np.nan_to_num(np.abs(r.z))) for r in ranked])
        best = size.argmax(axis=0)
        return np.where(size.max(axis=0) < 0, -1, best)


def assay_of(card: ModelCard, target: int) -> str:
    """Return a target's assay as in a tag: what the card says, up to a bracket or comma."""
    said = re.split(r"[(,;]", card.targets[target].about.get("assay", ""))[0]
    return tag(said.strip() or OTHER).removeprefix("RP_")


def _targets(ranking: Ranking) -> dict[str, list[int]]:
    """Return assay → those of its targets (indices) among which a ranking chooses."""
    found: dict[str, list[int]] = {}
    for target in ranking.targets:
        found.setdefault(assay_of(ranking.card, target), []).append(target)
    return found


def _statuses(scores: Sequence[Scores]) -> list[str | None]:
    """Return ok or junctions where all models have scored an ALT, else all reasons why one has not.

    None where the ALT's own status tells.
    """
    found: list[str | None] = []
    for of_alt in zip(*(of.status for of in scores), strict=True):
        told = [status for status in OF_MODELS if status in of_alt]
        faults = [status for status in told if not status.has_score]
        found.append("&".join(map(str, faults or told[-1:])) or None)
    return found
