"""The executor that runs one part after another, in this process."""

from collections.abc import Callable, Iterable, Iterator

from regplug.hooks.executor import Done, Executor, Job
from regplug.hooks.hookspecs import hookimpl


class Sequential:
    """Runs each job when the one before it is done."""

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """Yield `work(job)` for each job, in order."""
        return map(work, jobs)

    def close(self) -> None:
        """Do nothing."""


@hookimpl(trylast=True)
def regplug_open_executor(location: str) -> Executor | None:
    """Return it for the location `sequential`."""
    return Sequential() if location == "sequential" else None
