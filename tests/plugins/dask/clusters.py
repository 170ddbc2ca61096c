"""A real scheduler of Dask and its workers, each a process of its own."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self._stack = folder, stack
        self._log = stack.enter_context((folder / "dask.log").open("w"))
        self.scheduler = self.start_scheduler()
        self.workers = []

    @property
    def location(self):
        return f"dask://127.0.0.1:{self.port}"

    def start_scheduler(self):
        return self._started(
            *("scheduler", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--no-dashboard", "--no-show", "--dashboard-address", "127.0.0.1:0"),
        )

    def add_worker(self, **environment):
        number = len(self.workers)
        self.workers.append(
            self._started(
                *("worker", f"tcp://127.0.0.1:{self.port}", "--nthreads", "1", "--no-nanny"),
                *("--no-dashboard", "--local-directory", str(self.folder / f"w{number}")),
                *("--death-timeout", "60", "--name", f"w{number}"),
                **environment,
            )
        )

    def _started(self, *words, **environment):
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dask", *words],
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=os.environ | environment,
            cwd=Path(__file__).parents[3],
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process
