"""DeepBind (Alipanahi et al. 2015): its adapter, the importer of its weights, and its kernel."""

from pathlib import Path

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug.scoring.adapter import Adapter
from regplug.scoring.backend import Backend, BackendOptions
from regplug_deepbind.adapter import DeepBind
from regplug_deepbind.backend import open_panel
from regplug_deepbind.command import deepbind as command
from regplug_deepbind.stored import DeepBindNetworks, stored_at


class DeepBindImporter:
    """Imports the published parameter files."""

    name = "deepbind"
    command = command


@hookimpl
def regplug_adapters() -> list[Adapter]:
    """Return the DeepBind adapter."""
    return [DeepBind()]


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the DeepBind importer."""
    return [DeepBindImporter()]


@hookimpl
def regplug_networks(path: Path) -> DeepBindNetworks | None:
    """Return the networks of a run, of published models, or of a parameter file."""
    return stored_at(path)


@hookimpl
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Open a panel of a repository folder, where the kernel is compiled."""
    return open_panel(location, model, options)
