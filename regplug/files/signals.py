"""SIGINT and SIGTERM while something must be cleaned up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, as Ctrl-C does, in the context."""
    with _handling({signal.SIGTERM: signal.default_int_handler}):
        yield


@contextmanager
def signals_held() -> Iterator[None]:
    """Put off SIGINT and SIGTERM to the end of the context.

    For what must not be cut in two, such as starting a process and noting that it must be stopped.

    Raises:
        KeyboardInterrupt: at the end, if a signal came.
    """
    held: list[int] = []

    def hold(number: int, _: object) -> None:
        held.append(number)

    with _handling({signal.SIGINT: hold, signal.SIGTERM: hold}):
        yield
    if held:
        raise KeyboardInterrupt


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[[int, Any], Any]]) -> Iterator[None]:
    """Use the handlers in the context; outside the main thread do nothing, as Python demands."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
