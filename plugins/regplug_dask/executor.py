"""Jobs ─Dask.run→ answers, by the workers of a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import uuid4

from distributed import Future, KilledWorker, as_completed, get_worker
from distributed.client import FutureCancelledError

from regplug.errors import ExecutorError, RegplugError
from regplug.hooks.executor import Done, Job
from regplug_dask.clusters import Connection

AHEAD = 2  # jobs per thread of the cluster that are handed out at once
FIRST_WORKER = 60.0  # seconds to wait for it
RESUME = "what was finished is kept with --resume, which goes on from there"


class Dask:
    """Runs jobs on the workers of a cluster; a worker that dies has its job run by another."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection, which is closed with this."""
        self._connection = connection

    def run(self, work: Callable[[Job], Done], jobs: Iterable[Job]) -> Iterator[Done]:
        """Yield `work(job)` for each job, as they end.

        Raises:
            ExecutorError: no worker comes, the scheduler has gone, or workers die of a job.
            RegplugError: as `work` raises it; the message names the worker.
        """
        run = uuid4().hex[:8]  # or a scheduler would give the answer of another run's part
        waiting: Any = as_completed(loop=self._connection.client.loop)
        rest = enumerate(jobs)

        def more() -> None:
            for number, job in rest:
                waiting.add(self._submit(work, job, f"{number:06}-{run}"))
                return

        try:
            for _ in range(self._room()):
                more()
            for future in waiting:
                yield self._answer(future)
                more()
        finally:
            waiting.clear()

    def _room(self) -> int:
        """Return how many jobs to hand out at once."""
        client = self._connection.client
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER)
            threads = int(sum(client.nthreads().values()))
        except (OSError, TimeoutError) as error:
            raise ExecutorError(
                f"no Dask worker came in {FIRST_WORKER:g} seconds: start some (dask worker ADDRESS)"
            ) from error
        return AHEAD * max(threads, self._connection.workers or 1)

    def _submit(self, work: Callable[[Job], Done], job: Job, name: str) -> Future:
        name = f"{work.__name__}-{name}"
        return self._connection.client.submit(_on_worker, work, job, key=name, pure=False)

    def _answer(self, future: Future) -> Any:
        try:
            return future.result()
        except RegplugError:
            raise
        except KilledWorker as error:
            raise ExecutorError(
                f"workers died of {future.key}, one after the other (out of memory?): {RESUME}"
            ) from error
        except (FutureCancelledError, OSError, TimeoutError) as error:
            raise ExecutorError(f"the Dask scheduler has gone ({error}): {RESUME}") from error
        except Exception as error:
            raise ExecutorError(
                f"a Dask worker failed ({type(error).__name__}: {error}); workers need the same "
                f"regplug and plugins as are here: {RESUME}"
            ) from error

    def close(self) -> None:
        """Close the client, and the cluster if it was started here."""
        self._connection.stack.close()


def _on_worker(work: Callable[[Job], Done], job: Job) -> Done:
    """Return `work(job)`; an error names the worker."""
    try:
        return work(job)
    except RegplugError as error:
        raise type(error)(f"{error} (on the Dask worker {get_worker().address})") from error
