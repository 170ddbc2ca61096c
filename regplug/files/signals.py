"""SIGINT and SIGTERM: obeyed within seconds, whatever the process waits for.

Python's own handlers run between two steps of the main thread, which may be far apart where it
waits for htslib, a server or the end of a thread. A thread beside it hears of signals at once.
"""

import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

GRACE = 3.5  # seconds from a signal to the end by force
Act = Callable[[], object]


class _Ear(threading.Thread):
    """Hears of SIGINT and SIGTERM while the main thread does something else.

    Attributes:
        told: called when a signal comes.
        last: called before the process is ended by force.
        forces: True to end the process GRACE after the first signal, or at the second.
    """

    def __init__(self) -> None:
        """Open the pipe that the interpreter writes the numbers of signals to."""
        super().__init__(daemon=True)
        self.told: list[Act] = []
        self.last: list[Act] = []
        self.forces = False
        self._pipe, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of signals in the context."""
        before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            os.close(self._writing)

    def run(self) -> None:
        """Wait for signals; after the first, for a second or the end of GRACE."""
        global _came
        came: list[int] = []
        end = 0.0
        while True:
            left = max(0.0, end - time.monotonic()) if came and self.forces else None
            if not select.select([self._pipe], [], [], left)[0]:
                self._force(came[0])
            numbers = os.read(self._pipe, 64)
            if not numbers:  # the context has ended
                break
            for number in {signal.SIGINT, signal.SIGTERM}.intersection(numbers):
                if came and self.forces:
                    self._force(number)
                _came = True
                came, end = [number], time.monotonic() + GRACE
                for act in self.told:
                    act()
        os.close(self._pipe)
        if came and self.forces:  # what still keeps the interpreter from its end has no longer
            time.sleep(max(0.0, end - time.monotonic()))
            self._force(came[0])

    def _force(self, number: int) -> None:
        """End the process."""
        for act in self.last:
            with suppress(Exception):
                act()
        with suppress(OSError):
            cursor = "\x1b[?25h" if os.isatty(2) else ""  # progress bars hide it
            os.write(2, f"{cursor}regplug: interrupted\n".encode())
        os._exit(128 + number)


_ear: _Ear | None = None
_came = False


@contextmanager
def obeyed() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM SystemExit, and end the process soon after.

    It has GRACE seconds to end by itself. A second signal ends it at once.
    """
    with (
        _handling({signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _exit}),
        _listening() as ear,
    ):
        if ear:
            ear.forces = True
        yield


@contextmanager
def told(act: Act) -> Iterator[None]:
    """Call `act` when a signal comes in the context, in another thread."""
    with _listening() as ear, _among(ear.told if ear else [], act):
        yield


@contextmanager
def at_last(act: Act) -> Iterator[None]:
    """Call `act` where the process is ended by force in the context (see `obeyed`)."""
    with _among(_ear.last if _ear else [], act):
        yield


def leave(status: int) -> None:
    """End the process, if a signal came: with torch the interpreter's own end takes seconds."""
    if _came:
        with suppress(Exception):
            atexit._run_exitfuncs()
            sys.stdout.flush()
        os._exit(status)


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
def _listening() -> Iterator[_Ear | None]:
    """Give the process's ear; None where it has none and this is not the main thread."""
    global _ear
    if _ear or threading.current_thread() is not threading.main_thread():
        yield _ear
        return
    _ear = _Ear()
    try:
        with _ear.listening():
            yield _ear
    finally:
        _ear = None


@contextmanager
def _among(acts: list[Act], act: Act) -> Iterator[None]:
    acts.append(act)
    try:
        yield
    finally:
        acts.remove(act)


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[[int, Any], Any]]) -> Iterator[None]:
    """Use the handlers in the context, but for signals that the process ignores (nohup, `&`).

    Outside the main thread do nothing, as Python demands.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _: object) -> None:
    sys.exit(128 + number)
