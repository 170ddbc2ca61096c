"""A pattern of models' names ─fitting→ the names that fit it, as a shell gives files."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from regplug.errors import ModelError


def is_pattern(name: str) -> bool:
    """Return whether `name` is a pattern: it has a * ? or [, which no model's name has."""
    return any(sign in name for sign in "*?[")


def fitting(pattern: str, known: Sequence[str]) -> list[str]:
    """Return which of the models there are fit a pattern, in their order; a name fits itself.

    Args:
        pattern: * is any text, ? a character, [ab] one of them, [!ab] another; case matters.
        known: names of models.

    Raises:
        ModelError: none does; the message lists what there is.
    """
    fit = [name for name in dict.fromkeys(known) if fnmatchcase(name, pattern)]
    if not fit:
        there = ", ".join(sorted(set(known))) or "none"
        raise ModelError(f"no model is called {pattern}; there are: {there} (regplug models list)")
    return fit
