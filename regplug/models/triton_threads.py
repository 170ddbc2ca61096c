"""Work ─threads, each with a connection of its own→ answers, in order."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress

from regplug.errors import BackendError
from regplug.models.triton_client import Client
from regplug.models.triton_window import Window
from regplug.scoring.backend import Array

CLOSING_SECONDS = 1.0  # to wait for threads in the midst of a request


class Checked(Client):
    """A connection, and when it was last checked that the right model is at its other end."""

    checked_at = float("-inf")


Work = Callable[[Checked], list[Array]]  # asks by a thread's own connection
_Job = tuple[Work, "Future[list[Array]]"]


class Threads:
    """Threads that work; as many as requests may be under way.

    Attributes:
        window: how many may.
        closed: set when they are to end.
    """

    def __init__(self, name: str, most: int, connect: Callable[[], Checked]) -> None:
        """Prepare `most` threads or fewer.

        Args:
            name: of what they ask for and where, for the message.
            most: requests at any time.
            connect: makes a thread's connection, in that thread.
        """
        self.window, self.closed = Window(most), threading.Event()
        self._name, self._connect = name, connect
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._asked: set[Future[list[Array]]] = set()  # that somebody waits for

    def __len__(self) -> int:
        """Return how many there are by now."""
        return len(self._threads)

    def done(self, works: Sequence[Work]) -> Iterator[list[Array]]:
        """Yield what works return, in order; threads do several at a time.

        Raises:
            BackendError: as a work, or the threads were closed.
        """
        self._start(len(works))
        futures: list[Future[list[Array]]] = [Future() for _ in works]
        self._asked.update(futures)
        try:
            for job in zip(works, futures, strict=True):
                self._jobs.put(job)
            for future in futures:
                yield future.result()
                self._start(len(works))  # the window may have grown
        except CancelledError as error:
            raise self._is_closed() from error
        finally:
            for future in futures:
                future.cancel()  # after an error or Ctrl-C, some requests may not have begun
            self._asked.difference_update(futures)

    def close(self) -> None:
        """End the threads and their connections, and whoever waits for an answer.

        A thread that waits for a server that does not answer ends with its answer or the process.
        """
        with self._lock:
            self.closed.set()
            threads, self._threads = self._threads, []
        self.window.close()
        for _ in threads:
            self._jobs.put(None)
        for future in list(self._asked):
            if not future.cancel():
                _settle(future, self._is_closed())
        end = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))

    def _is_closed(self) -> BackendError:
        return BackendError(f"{self._name} is closed: open it again")

    def _start(self, wanted: int) -> None:
        """Start threads until there are `wanted` of them, or as many as may ask at once."""
        with self._lock:
            if self.closed.is_set():
                raise self._is_closed()
            while len(self._threads) < min(wanted, self.window.size):
                thread = threading.Thread(target=self._work, daemon=True)
                thread.start()
                self._threads.append(thread)

    def _work(self) -> None:
        """Do jobs until one is None; the client is made, used and closed in this thread."""
        client: Checked | None = None
        while (job := self._jobs.get()) is not None:
            work, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                client = client or self._connect()
                _settle(future, work(client))
            except BaseException as error:  # noqa: BLE001  for the caller's thread
                _settle(future, error)
        if client is not None:
            client.close(thread_ends=True)


def _settle(future: Future[list[Array]], answer: list[Array] | BaseException) -> None:
    """Give the future its answer or error, unless `close` has been faster."""
    with suppress(InvalidStateError):
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
