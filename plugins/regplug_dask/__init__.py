"""Parts of a run on Dask's workers: `regplug annotate --executor dask:local`, and others."""

from regplug.files.extras import needs
from regplug.hooks.executor import Executor
from regplug.hooks.hookspecs import hookimpl


@hookimpl
def regplug_open_executor(location: str) -> Executor | None:
    """Open `dask:local[:WORKERS]`, `dask://HOST:PORT` (a scheduler), or `dask:FILE.toml`.

    Raises:
        ConfigError: the location or the file does not do.
        ExecutorError: no scheduler answers, or no worker comes.
        MissingLibraryError: Dask is not installed.
    """
    if not location.startswith("dask:"):
        return None
    with needs("dask"):
        from regplug_dask.clusters import client_of
        from regplug_dask.executor import Dask

        return Dask(client_of(location))
