"""Work of a run that an executor may give to other processes: jobs ─executor→ files in the run.

The run's folder and its data lie under the same paths for all. What a job leaves in the folder is
what this process would have left there, so that afterwards the run goes on as with --resume.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from typing import NamedTuple, Protocol, TypeVar

import torch

from regplug.errors import ConfigError, PluginError
from regplug.files.version import VERSION
from regplug.hooks.executor import Executor
from regplug.hooks.manager import open_executor, plugin_manager

SEQUENTIAL = ("", "sequential")  # this process
_ONE_AT_A_TIME = threading.Lock()  # torch's random numbers are a process's


class Versions(NamedTuple):
    """The versions that a job's weights come of."""

    regplug: str
    torch: str

    @classmethod
    def here(cls) -> "Versions":
        """Return those of this process; torch's without what it was built for."""
        return cls(VERSION, torch.__version__.partition("+")[0])


class Job(Protocol):
    """What work needs to know."""

    @property
    def versions(self) -> Versions:
        """Return those of the run."""


Some = TypeVar("Some", bound=Job)
Done = TypeVar("Done")


def elsewhere(work: Callable[[Some], Done]) -> Callable[[Some], Done]:
    """Return work as other processes do it: one job at a time, and with the run's versions."""

    @wraps(work)
    def alone(job: Some) -> Done:
        here = Versions.here()
        if here != job.versions:
            raise PluginError(
                f"regplug and torch on {socket.gethostname()} are {' and '.join(here)}, those of "
                f"the run {' and '.join(job.versions)}: install the same"
            )
        with _ONE_AT_A_TIME:
            return work(job)

    return alone


@contextmanager
def executing(location: str) -> Iterator[Executor]:
    """Give the executor of a location.

    Raises:
        ConfigError: there is no such executor.
        RegplugError: as `regplug_open_executor`.
    """
    with closing(open_executor(plugin_manager(), location)) as executor:
        yield executor


def check_alone() -> None:
    """Raise ConfigError if torchrun started several processes, which would do the same work."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ConfigError(
            "torchrun is for one network of train basset: start this without it (--executor "
            "trains several networks at once)"
        )
