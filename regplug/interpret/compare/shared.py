"""The targets that two models share: cards ─shared_targets→ Shared, a pair of columns each."""

from collections.abc import Sequence
from typing import NamedTuple

from regplug.errors import ModelError
from regplug.scoring.adapter import chosen_targets
from regplug.scoring.card import ModelCard, Target

_FACTS = ("protein", "cell", "assay")


class Shared(NamedTuple):
    """A target of each model.

    Attributes:
        first: its column among the first model's targets.
        second: among the second's.
        title: what pictures call the two.
    """

    first: int
    second: int
    title: str


def shared_targets(first: ModelCard, second: ModelCard, asked: Sequence[str] = ()) -> list[Shared]:
    """Return the targets of two models that are of the same thing.

    They are, if both cards say the same protein, cell and assay of them (in any case), or none of
    these and have the same label. Of several, those of the same label belong together, else the
    first ones; each is in one pair at most.

    Args:
        first: card of the first model.
        second: card of the second.
        asked: in place of those, A=B each: a label of the first and one of the second.

    Raises:
        ModelError: they have none in common, or not those that are asked for.
    """
    if asked:
        return [_asked(first, second, words) for words in dict.fromkeys(asked)]
    alike = [
        (target.label != candidate.label, column, other)
        for column, target in enumerate(first.targets)
        for other, candidate in enumerate(second.targets)
        if _is_same(target, candidate)
    ]
    partners: dict[int, int] = {}
    for _, column, other in sorted(alike):
        if column not in partners and other not in partners.values():
            partners[column] = other
    pairs = [
        Shared(column, other, _title(first.labels[column], second.labels[other]))
        for column, other in sorted(partners.items())
    ]
    if not pairs:
        raise ModelError(
            f"{first.name} and {second.name} have no target in common by protein, cell and assay: "
            f"name some with --pair A=B, as --pair {first.labels[0]}={second.labels[0]}"
        )
    return pairs


def _asked(first: ModelCard, second: ModelCard, words: str) -> Shared:
    left, equals, right = words.partition("=")
    if not equals:
        raise ModelError(
            f"{words} is no pair: give TARGET=TARGET, of {first.name} and {second.name}"
        )
    (column,), (other,) = chosen_targets(first, [left]), chosen_targets(second, [right])
    return Shared(column, other, _title(left, right))


def _is_same(one: Target, other: Target) -> bool:
    facts = [[target.about.get(fact, "").casefold() for fact in _FACTS] for target in (one, other)]
    return facts[0] == facts[1] and (any(facts[0]) or one.label == other.label)


def _title(left: str, right: str) -> str:
    return left if left == right else f"{left} = {right}"
