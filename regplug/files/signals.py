"""SIGINT and SIGTERM while something must be cleaned up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM count as Ctrl-C in the context."""
    with _handling({signal.SIGTERM: signal.default_int_handler}):
        yield


@contextmanager
def signals_held() -> Iterator[None]:
    """Put off SIGINT and SIGTERM to the end of the context, so that no process is born unseen."""
    held: list[int] = []

    def hold(number: int, _: object) -> None:
        held.append(number)

    with _handling({signal.SIGINT: hold, signal.SIGTERM: hold}):
        yield
    if held:
        raise KeyboardInterrupt


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[[int, Any], Any]]) -> Iterator[None]:
    """Handle signals so in the context, if this is the main thread; another may not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
