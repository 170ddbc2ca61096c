"""The executors of this machine: one job after another in this process, or in several."""

from collections.abc import Callable, Iterable, Iterator

from regplug.api.parts.processes import processes_of
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
    """Open `sequential` or `processes:4`.

    Raises:
        ConfigError: it is no number of processes.
    """
    return Sequential() if location == "sequential" else processes_of(location)
