"""Asking a server that may be away: again at growing intervals, for a while."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from regplug.errors import BackendError
from regplug.models.triton_client import Refused, Unavailable

FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0  # seconds between tries

_T = TypeVar("_T")


def patiently(
    ask: Callable[[bool], _T],
    location: str,
    asked: str,
    silent: float,
    unready: float,
    wait: Callable[[float], object] = time.sleep,
) -> _T:
    """Return what `ask` returns; while the server is away, ask again at growing, random intervals.

    Args:
        ask: called with True when it has failed before.
        location: the server's URL.
        asked: what is asked for, in the message.
        silent: seconds to go on after the first failure, if nothing answers.
        unready: seconds to go on after it, if the server answers that it is not ready.
        wait: sleeps for so many seconds; returns True to give up.

    Raises:
        BackendError: the server refuses, or stays away.
    """
    first, delay = None, FIRST_DELAY
    while True:
        try:
            return ask(first is not None)
        except Refused as error:
            raise BackendError(f"{location} refused {asked}: {error}") from error
        except Unavailable as error:
            first = first or time.monotonic()
            left = first + (unready if error.answered else silent) - time.monotonic()
            pause = min(delay * random.uniform(0.5, 1.0), left)
            if left <= 0 or wait(pause):
                raise BackendError(
                    f"{location} does not answer when asked for {asked} ({error}): start a server "
                    "there (regplug serve), or check the address"
                ) from error
            delay = min(2 * delay, LONGEST_DELAY)
