"""Alleles ─Adapter.score→ Scores: step 3 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO

An interval's codes ─Adapter.track→ values: the step in the middle of the way to a bigWig.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import numpy as np

from regplug.errors import ModelError
from regplug.genome.codes import Codes
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard
from regplug.scoring.coverage import Coverage, coverage_of
from regplug.scoring.effects import EFFECTS, TINY, Array, Scores
from regplug.scoring.pairs import pair_predictions
from regplug.scoring.sliding import window_answers, window_predictions

_LEAST_SPREAD = 1e-6  # of a target that no random SNV changed: differences are divided by it
FEW_TARGETS = 16  # a model with more targets has no track but of those asked for
Values = Sequence[float] | Sequence[int | None] | Sequence[str | None]


def _no_values(scores: Scores) -> Values:
    return [None] * len(scores.status)


@dataclass(frozen=True)
class InfoField:
    """One ##INFO line, Number=A.

    Attributes:
        id: the tag, [A-Z_][A-Z0-9_]*.
        description: for the header.
        type: "Float", "Integer" or "String".
        values: the column of n values for the n ALTs of Scores; NaN or None where there is none.
            By default there are none: the run fills the column.
    """

    id: str
    description: str
    type: str
    values: Callable[[Scores], Values] = field(default=_no_values, repr=False, compare=False)


class FieldOptions(msgspec.Struct, frozen=True):
    """What is asked of a model that scores variants.

    Attributes:
        targets: labels of those with tags of their own; `__TOP` is one of them. None: it is one of
            all, and no target has a tag.
        scores: of each of these targets, as in EFFECTS, or of the adapter's `pairs`.
        background: the stratum that changes are compared with; "": the model's first.
        by: whose tags sum up the targets and have a status: the model's, or those of assays; "":
            nobody's.
        sample: on whose haplotypes ALTs are scored too, or "".
    """

    targets: tuple[str, ...] = ()
    scores: tuple[str, ...] = ("diff",)
    background: str = ""
    by: Literal["model", "assay", ""] = "model"
    sample: str = ""


class Adapter(Protocol):
    """Knows what the numbers of a model family mean.

    Attributes:
        name: the `family` in the cards of its models.
        pairs: what `score` tells of REF and ALT together: its name in `Scores.pairs`, which is its
            name in --scores too → its meaning, for the header.
    """

    name: str
    pairs: Mapping[str, str]

    def fields(self, card: ModelCard, options: FieldOptions) -> list[InfoField]:
        """Return the tags of single targets that a model writes."""

    def score(self, alleles: Alleles, backend: Backend) -> Scores:
        """Return the REF and ALT predictions of a batch.

        Raises:
            BackendError: as `Backend.predict`.
        """

    def covers(self, card: ModelCard) -> int:
        """Return how many bases `track` tells of each window: 1, or those in its middle.

        Raises:
            ModelError: the card does not say what its outputs are of.
        """

    def track(
        self, stretches: Sequence[Codes], backend: Backend, *, width: int, step: int
    ) -> list[Array]:
        """Return the predictions for each `step`-th window of `width` bases in each stretch.

        A stretch of codes, shape (bases,), has (bases - width) // step + 1 windows; the predictions
        have shape (windows, targets), or where `covers` is more than 1, (windows, covers, targets):
        a value for each of the bases from (width - covers) // 2 of the window on.

        Raises:
            BackendError: as `Backend.predict`.
        """


class VariantEffect:
    """The default adapter: ALT − REF on the card's scale, for any model with a card."""

    name = "variant_effect"
    effect = "change of the prediction, ALT - REF"
    pairs: Mapping[str, str] = {}

    def fields(self, card: ModelCard, options: FieldOptions) -> list[InfoField]:
        """Return a tag per chosen target and score.

        Raises:
            ModelError: an unknown target or score, or a score that the card's scale does not have.
        """
        _check_scores(card, options.scores, self.pairs)
        chosen = chosen_targets(card, options.targets) if options.targets else []
        return [
            _pair_field(card, index, score, self.pairs[score])
            if score in self.pairs
            else _effect_field(card, index, score, self.effect)
            for index in chosen
            for score in options.scores
        ]

    def score(self, alleles: Alleles, backend: Backend) -> Scores:
        """Return the REF and ALT predictions, an allele's rows joined."""
        refs, alts = pair_predictions(alleles, backend)
        return Scores(*alleles.joined(refs, alts), alleles.status)

    def covers(self, card: ModelCard) -> int:
        """Return the bases of a model's profile, or 1; ModelError as `coverage_of`."""
        coverage = coverage_of(card)
        return coverage.bases if coverage else 1

    def track(
        self, stretches: Sequence[Codes], backend: Backend, *, width: int, step: int
    ) -> list[Array]:
        """Return the predictions for each window; those of all stretches are asked for at once.

        Of a model with a profile they are reads at each base, as `Coverage.values`.
        """
        coverage = coverage_of(backend.card)
        if coverage is None:
            return window_predictions(stretches, backend, width=width, step=step)
        found = window_answers(stretches, backend, coverage.names, width=width, step=step)
        return [self._reads(coverage, answers) for answers in found]

    def _reads(self, coverage: Coverage, found: Mapping[str, Array]) -> Array:
        """Return what tracks have of a profile's answers, shape (n, bases, targets)."""
        return coverage.values(found)


def tag(*parts: str) -> str:
    """Return an INFO tag: RP and the parts, joined by `_`, in upper case.

    Any other character than A-Z and 0-9 becomes `_`.
    """
    return "_".join(["RP", *(re.sub("[^A-Z0-9]", "_", part.upper()) for part in parts)])


def spreads(card: ModelCard) -> Array:
    """Return each target's spread, shape (targets,), above 0; all 1 where one is not measured."""
    known = [target.spread for target in card.targets]
    filled = known if has_spreads(card) else [1.0] * len(known)
    return np.maximum(np.array(filled, np.float32), _LEAST_SPREAD)


def has_spreads(card: ModelCard) -> bool:
    """Tell whether the spreads of all targets are measured."""
    return None not in [target.spread for target in card.targets]


def chosen_targets(card: ModelCard, targets: Sequence[str]) -> list[int]:
    """Return the indices of `targets` (labels) among the card's.

    Without `targets`, those of all the card's targets, or none if it has more than FEW_TARGETS.

    Raises:
        ModelError: the model has no such target.
    """
    if not targets:
        return list(range(len(card.targets))) if len(card.targets) <= FEW_TARGETS else []
    unknown = [target for target in targets if target not in card.labels]
    if unknown:
        raise ModelError(
            f"{card.name} has no target {unknown[0]}: regplug models show {card.name} lists them"
        )
    return [card.labels.index(target) for target in targets]


def _check_scores(card: ModelCard, scores: Sequence[str], pairs: Collection[str]) -> None:
    for score in scores:
        if score == "max":
            raise ModelError("__MAX has gone: __Z is the change of __TOP, __Q how rare it is")
        if score not in (*EFFECTS, *pairs):
            known = ", ".join([*EFFECTS, *pairs])
            raise ModelError(f"{card.name} has no score {score}: choose from {known}")
        if (score, card.output_scale) in (
            ("logit", "positive"),
            ("logit", "score"),
            ("log2fc", "score"),
        ):
            known = ", ".join(["ref", "alt", "diff", *pairs])
            raise ModelError(
                f"{card.name} predicts a {card.output_scale}, which has no {score}: use {known}"
            )


_MEANING = {
    "ref": "prediction for REF",
    "alt": "prediction for ALT",
    "logit": f"logit(ALT) - logit(REF), each at least {TINY:g} from 0 and 1",
    "log2fc": f"log2(ALT / REF), each at least {TINY:g}",
}


def _effect_field(card: ModelCard, index: int, score: str, meaning: str) -> InfoField:
    """Return the tag of one target and score; the difference has no suffix."""
    label, effect = card.targets[index].label, EFFECTS[score]
    return InfoField(
        tag(card.name, label) + ("" if score == "diff" else f"__{score.upper()}"),
        f"{card.name} {label}: {_MEANING.get(score, meaning)}",
        "Float",
        lambda scores: effect(scores.ref[:, index], scores.alt[:, index]).tolist(),
    )


def _pair_field(card: ModelCard, index: int, pair: str, meaning: str) -> InfoField:
    """Return the tag of one target and what is told of its REF and ALT together."""
    label = card.targets[index].label
    return InfoField(
        f"{tag(card.name, label)}__{pair.upper()}",
        f"{card.name} {label}: {meaning}",
        "Float",
        lambda scores: scores.pairs[pair][:, index].tolist(),
    )
