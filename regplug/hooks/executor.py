"""What runs the parts of a large run: this process, or others on this machine and elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")


class Executor(Protocol):
    """Runs parts of a run, each of which needs none of the others."""

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """Yield `work(job)` for each job, as they end, in any order.

        Jobs are taken as there is room for them, not all at once. `work` is a function of a module,
        and it, jobs and answers can be pickled.

        Raises:
            RegplugError: as `work` raises it; or what runs the jobs has gone.
        """

    def close(self) -> None:
        """Free what the executor holds; jobs that still run may be given up."""
