"""What is checked before outputs get their names: that what they were made with is there still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_Check = Callable[[], None]
_CHECKS: ContextVar[tuple[_Check, ...]] = ContextVar("_CHECKS", default=())


@contextmanager
def checked_at_last(check: _Check) -> Iterator[None]:
    """Call `check` before each output of the context gets its name, and at its good end.

    That is of outputs in this thread (`files.output.complete` and `destination`). An error of the
    check is the run's, and leaves no output.
    """
    _CHECKS.set((*_CHECKS.get(), check))
    try:
        yield
        check()
    finally:
        _CHECKS.set(tuple(each for each in _CHECKS.get() if each is not check))


def check_all() -> None:
    """Call the checks of all contexts that this thread is in."""
    for check in _CHECKS.get():
        check()
