"""A pattern of models' names ─fitting→ the models that fit it, as a shell gives files."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from regplug.errors import ModelError
from regplug.scoring.card import ModelCard


def is_pattern(name: str) -> bool:
    """Return whether `name` is a pattern: it has a * ? [ or /, which no model's name has."""
    return any(sign in name for sign in "*?[/")


def fitting(pattern: str, known: Sequence[ModelCard]) -> list[str]:
    """Return the names of the models that fit a pattern, in their order; a name fits itself.

    Args:
        pattern: * is any text, ? a character, [ab] one of them, [!ab] another; case matters. What
            stands before a / is of what a model is: `K562/*` are all models with a target of which
            the card says that it is K562 (its cell, tissue, assay, an ID ...).
        known: cards of models.

    Raises:
        ModelError: none does; the message lists what there is.
    """
    of, slash, name = pattern.rpartition("/")
    fit = [
        card.name
        for card in known
        if fnmatchcase(card.name, name) and (not slash or _is_of(card, of))
    ]
    if not fit:
        there = ", ".join(sorted({card.name for card in known})) or "none"
        raise ModelError(f"no model is called {pattern}; there are: {there} (regplug models list)")
    return list(dict.fromkeys(fit))


def _is_of(card: ModelCard, pattern: str) -> bool:
    """Return whether the card says of a target what fits a pattern."""
    return any(
        fnmatchcase(said, pattern) for target in card.targets for said in target.about.values()
    )
