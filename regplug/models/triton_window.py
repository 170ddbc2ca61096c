"""How many requests to a server are under way at once: as many as pay, and no more.

Twice as many are tried, and kept where the server then answers more requests a second; half as
many are tried, and kept where it answers about as many. So a server that computes one after another
is asked for one or two at a time, which leaves room to others, and one of many instances, GPUs or
replicas for many. A server that is busy or away is asked for half as many.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

BEGIN = 2  # requests: while a server computes one, the next one travels
PAYS = 1.1  # times the answers a second, or more requests are not worth it
ROUND = 4  # answers, at least, by which a number of requests is judged
REST = 8  # rounds from one trial to the next


class Climb:
    """A number of requests that follows how many are answered a second.

    Attributes:
        size: the number, from 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        """Begin with BEGIN of `most`."""
        self._most = most
        self.size = self._kept = min(BEGIN, most)
        self._rate = 0.0  # answers a second with those that are kept
        self._up, self._rest = True, 0  # the next trial is of more; after so many rounds

    def judge(self, rate: float) -> None:
        """Keep the size with which there were so many answers a second, or go back; try another."""
        more, fewer = self.size > self._kept, self.size < self._kept
        if (more and rate < PAYS * self._rate) or (fewer and PAYS * rate < self._rate):
            self.size = self._kept
            self._turn()
        else:
            self._kept, self._rate = self.size, rate
            self._rest -= 1
            if self._rest <= 0:
                self._try()

    def fall(self) -> None:
        """Keep half of the size."""
        self.size = self._kept = max(1, self.size // 2)
        self._rate = 0.0
        self._up, self._rest = True, REST

    def _try(self) -> None:
        """Take twice or half as many for a round."""
        self.size = min(2 * self._kept, self._most) if self._up else max(1, self._kept // 2)
        if self.size == self._kept:  # there is no such number
            self._turn()

    def _turn(self) -> None:
        self._up, self._rest = not self._up, REST


class Window:
    """Room for requests, which are under way one beside another."""

    def __init__(self, most: int) -> None:
        """Make room, for at most `most` at any time."""
        self._climb = Climb(most)
        self._changed = threading.Condition()
        self._asked = 0  # requests that are under way
        self._closed = False
        self._answers, self._seconds = 0, 0.0  # of this round
        self._others = 0  # requests under way that were asked in the one before

    @property
    def size(self) -> int:
        """Return for how many requests there is room."""
        return self._climb.size

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait until there is room; a request may be under way while the context lasts.

        Raises:
            CancelledError: it is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._asked < self.size)
            if self._closed:
                raise CancelledError
            self._asked += 1
        try:
            yield
        finally:
            with self._changed:
                self._asked -= 1
                self._changed.notify_all()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Take note of how long a request takes that is answered in the context."""
        began = time.monotonic()
        yield
        self.answered(time.monotonic() - began)

    def answered(self, seconds: float) -> None:
        """Take note that a request under way was answered so long after it was sent."""
        with self._changed:
            if self._others:
                self._others -= 1
            elif self._asked >= self.size:  # else there was less to ask for
                self._answers, self._seconds = self._answers + 1, self._seconds + seconds
                if self._answers >= max(ROUND, 2 * self.size):
                    self._climb.judge(self.size * self._answers / max(self._seconds, 1e-9))
                    self._begin_round(self._asked - 1)

    def failed(self) -> None:
        """Take note that the server was busy or away: from now on there is half as much room."""
        with self._changed:
            self._climb.fall()
            self._begin_round(self._asked)

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _begin_round(self, others: int) -> None:
        self._answers, self._seconds, self._others = 0, 0.0, others
        self._changed.notify_all()
