"""DeepBind (Alipanahi et al. 2015): its adapter, and the importer of its published weights."""

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug.scoring.adapter import Adapter
from regplug_deepbind.adapter import DeepBind
from regplug_deepbind.command import deepbind as command


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
