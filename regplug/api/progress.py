"""What shows how far a run is: a notebook's, the command line's, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Opens a bar, given what is counted and how many there will be (None: not known yet); gives what
# moves it on by so many, and closes it in the end.
Bar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def silent(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda more: None
