"""What of a model is mapped: its score, or of one with a profile, its counts and its profile."""

from typing import Literal

from regplug.errors import ModelError
from regplug.interpret.explain.maps import Explanation
from regplug.scoring.adapter import FieldOptions, VariantEffect
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import Backend
from regplug.scoring.coverage import Coverage, coverage_of
from regplug.scoring.effects import Scores
from regplug.scoring.model import Model
from regplug.scoring.pairs import pair_answers

Aspect = Literal["", "counts", "profile"]
UNITS = {"counts": "ln(reads)", "profile": "profile's weighted logits"}


class ProfileForm(VariantEffect):
    """Scores a sequence by how its reads lie, however many they are: `Coverage.form`."""

    name = "profile_form"

    def __init__(self, coverage: Coverage) -> None:
        """Score by the profile of such a coverage."""
        self._coverage = coverage

    def score(self, alleles: Alleles, backend: Backend) -> Scores:
        """Return the forms of REF and ALT, as an allele's rows are joined."""
        sides = pair_answers(alleles, backend, self._coverage.names)
        ref, alt = (self._coverage.form(side[self._coverage.profile.name]) for side in sides)
        return Scores(*alleles.joined(ref, alt), alleles.status)


def of_profile(backend: Backend) -> Model | None:
    """Return a model as its profile is mapped; None if it has none, or one that cannot be read."""
    try:
        coverage = coverage_of(backend.card)
    except ModelError:  # which `track` tells; the score can be mapped
        return None
    return Model(backend, ProfileForm(coverage), FieldOptions()) if coverage else None


def without_percentiles(explanation: Explanation) -> Explanation:
    """Return maps whose scores have no percentile, as the background is of the counts."""
    ref, alt = explanation.ref, explanation.alt
    return explanation._replace(
        ref=ref._replace(percentile=None), alt=alt and alt._replace(percentile=None)
    )
