"""Items that a second thread makes while the first one works on those before."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item], count: int) -> Generator[Item]:
    """Yield `items` in order; a second thread makes up to `count` of them beforehand.

    An error in making an item is raised where the item would be yielded. If the generator is closed
    early (`contextlib.closing`), only the item that is being made is made to its end.
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
