"""How a run shows its progress: by a bar of the caller's, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Opens a bar, given what is counted and how many there will be (None: not known yet). The context
# is a function that advances the bar by a number; at its end the bar is closed.
Bar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def silent(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda more: None
