"""A location ─client_of→ Dask's client: of a scheduler that runs, or a cluster that is started."""

import importlib
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Client, LocalCluster

from regplug.errors import UNREADABLE, ConfigError, ExecutorError

FAMILIES = ("dask_jobqueue.", "dask_kubernetes.", "distributed.")  # modules that have clusters
FORMS = "write dask:local, dask:local:WORKERS, dask://HOST:PORT or dask:FILE.toml"


class Connection(NamedTuple):
    """A client, how many workers were started (None: by others), and what is to be closed."""

    client: Client
    workers: int | None
    stack: ExitStack


def client_of(location: str) -> Connection:
    """Return the client of a location, as `regplug_open_executor` has it.

    Raises:
        ConfigError: the location or the file does not do.
        ExecutorError: no scheduler answers there.
    """
    stack, words = ExitStack(), location.removeprefix("dask:")
    if words.startswith("//") and words.count(":") == 1:
        return Connection(_client(f"tcp:{words}", stack), None, stack)
    if words == "local" or words.startswith("local:"):
        workers = _number(words.partition(":")[2]) if ":" in words else None
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
        return _started(cluster, len(cluster.workers), stack)
    if words.endswith(".toml"):
        made, jobs = _from_file(Path(words))
        made.scale(jobs)
        return _started(made, jobs, stack)
    raise ConfigError(f"what is {location}? For Dask {FORMS}")


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:6]) < 10_000:
        return int(text)
    raise ConfigError(f"what is dask:local:{text}? For Dask {FORMS}")


def _started(cluster: Any, workers: int, stack: ExitStack) -> Connection:
    stack.enter_context(cluster)
    return Connection(_client(cluster, stack), workers, stack)


def _client(address: Any, stack: ExitStack) -> Client:
    try:
        return stack.enter_context(Client(address, set_as_default=False, timeout=10))
    except (OSError, TimeoutError, ValueError) as error:
        stack.close()
        raise ExecutorError(
            f"no Dask scheduler answers at {address}: start one (dask scheduler), or check the "
            "address"
        ) from error


def _from_file(path: Path) -> tuple[Any, int]:
    """Return the cluster that a file describes, and how many workers it is to have.

    The file has `cluster`, a class of FAMILIES; `workers`, a number; and [options], its arguments.

    Raises:
        ConfigError: the file cannot be read, or names no such class, or Dask refuses the options.
    """
    try:
        told = tomllib.loads(path.read_text())
    except UNREADABLE as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    kind, workers, options = told.get("cluster"), told.get("workers", 1), told.get("options", {})
    if unknown := set(told) - {"cluster", "workers", "options"}:
        raise ConfigError(f"{path}: what is {sorted(unknown)[0]}? It has cluster, workers, options")
    if not isinstance(kind, str) or not kind.startswith(FAMILIES):
        raise ConfigError(
            f'{path}: cluster is such as "dask_jobqueue.SLURMCluster", not {kind!r}; it is of '
            f"{', '.join(FAMILIES)}"
        )
    if not isinstance(workers, int) or workers < 1 or not isinstance(options, Mapping):
        raise ConfigError(f"{path}: workers is a number from 1 on, and [options] a table")
    module, _, name = kind.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)(**options), workers
    except ImportError as error:
        raise ConfigError(
            f"{path}: {kind} cannot be imported: {error}; pip install {module.partition('.')[0]}"
        ) from error
    except (AttributeError, TypeError, ValueError, OSError) as error:
        raise ConfigError(f"{path}: {kind} cannot be made so: {error}") from error
