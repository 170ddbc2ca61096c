"""The executor that runs jobs in processes of this machine, which end with this one."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from threading import Thread

from regplug.errors import ConfigError, ExecutorError
from regplug.files.signals import at_last
from regplug.hooks.executor import Done, Job

AHEAD = 2  # jobs per process that are handed out at once
STOP_SECONDS = 2.0  # for processes that are told to end
FORM = "processes:"


class Processes:
    """Runs so many jobs at once, each in a process; those that are done give way to others."""

    def __init__(self, workers: int) -> None:
        """Take the number of processes, which start with the first jobs."""
        self._workers, self._others = workers, set(active_children())
        cores = max(1, (os.cpu_count() or 1) // workers)
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin_work, (cores,))
        self._stack = ExitStack()
        self._stack.enter_context(at_last(lambda: self._stop(0)))

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """Yield `work(job)` for each job, as they end; the first error stops all.

        Raises:
            ExecutorError: a process died.
            RegplugError: as `work` raises it.
        """
        try:
            yield from self._done(work, iter(jobs))
        except BrokenProcessPool as error:
            self._stop(0)
            raise ExecutorError(
                "a process died (out of memory?): what was finished is kept with --resume"
            ) from error
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._stop(STOP_SECONDS)
            raise

    def _done(self, work: Callable[[Job], Done], jobs: Iterator[Job]) -> Iterator[Done]:
        running: set[Future[Done]] = set()

        def hand_out(count: int) -> None:
            running.update(self._pool.submit(_work, work, job) for job in islice(jobs, count))

        hand_out(AHEAD * self._workers)
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                running.remove(future)
                hand_out(1)
                yield future.result()

    def _stop(self, seconds: float) -> None:
        """End the processes; they have some time to remove what is half-written."""
        ours = set(active_children()) - self._others
        end = time.monotonic() + seconds
        for process in ours:
            process.terminate()
        for process in ours:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown()
        self._stack.close()


def processes_of(location: str) -> Processes | None:
    """Return the executor of a location `processes:4`, None if it is another.

    Raises:
        ConfigError: what follows is no number of processes.
    """
    if not location.startswith(FORM):
        return None
    text = location.removeprefix(FORM)
    if text.isascii() and text.isdigit() and 0 < int(text[:6]) < 10_000:
        return Processes(int(text))
    raise ConfigError(f"what is {location}? Write how many: {FORM}4")


def _work(work: Callable[[Job], Done], job: Job) -> Done:
    """Do a job; a process that is told to end does not begin another."""
    try:
        return work(job)
    except SystemExit:
        os._exit(1)


def _begin_work(cores: int) -> None:
    """Let this process use so many cores, and end with its parent, and by SIGTERM alone.

    Otherwise processes of a run that was killed would write files that a resumed run writes too.
    Ctrl-C in a terminal reaches all processes at once, and the parent tells the others.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))  # torch reads it when it is imported
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parent = parent_process()
    assert parent is not None

    def end_with() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end_with, daemon=True).start()
