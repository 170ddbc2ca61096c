"""Items that a second thread makes, so that whoever works on them need not wait."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item], count: int) -> Generator[Item]:
    """Yield `items` in order, up to `count` of them made beforehand in a second thread.

    An error in making them is raised here. Closed early (`contextlib.closing`), it waits for the
    item in the making alone.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        try:
            waiting = deque(thread.submit(_next, items) for _ in range(count))
            while made := waiting.popleft().result():
                waiting.append(thread.submit(_next, items))
                yield made[0]
        finally:
            thread.shutdown(wait=False, cancel_futures=True)


def _next(items: Iterator[Item]) -> tuple[Item] | None:
    """Return the next item, None if there is none left."""
    for item in items:
        return (item,)
    return None
