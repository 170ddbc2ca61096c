"""A model whose profile has two strands, tracked strand by strand: Tracked ─by_strand→ Tracked."""

from collections.abc import Mapping

from regplug.errors import ModelError
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.coverage import Coverage, coverage_of
from regplug.scoring.effects import Array
from regplug.tracks.regions import Tracked

STRANDS = ("plus", "minus")


class EachStrand(VariantEffect):
    """Has, in place of each target, its plus and its minus strand: column target * 2 + strand."""

    name = "each_strand"

    def _reads(self, coverage: Coverage, found: Mapping[str, Array]) -> Array:
        """Return reads at each base of windows, shape (n, bases, targets * 2)."""
        of_strands = coverage.of_strands(found)
        return of_strands.reshape(*of_strands.shape[:2], -1)


def by_strand(tracked: Tracked) -> tuple[Tracked, list[str]]:
    """Return what is tracked by strands, and the labels of its tracks.

    Raises:
        ModelError: the model has no profile of two strands, or an adapter that tells of others.
    """
    card = tracked.backend.card
    coverage = coverage_of(card)
    is_told_so = getattr(type(tracked.adapter), "track", None) is VariantEffect.track
    if coverage is None or coverage.strands < len(STRANDS) or not is_told_so:
        raise ModelError(f"{card.name} has no profile of two strands: leave --strands out")
    places = [target * 2 + strand for target in tracked.targets for strand in range(2)]
    labels = [f"{card.labels[target]} {strand}" for target in tracked.targets for strand in STRANDS]
    return tracked._replace(adapter=EachStrand(), targets=places), labels
