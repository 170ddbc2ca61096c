"""BPNet and ChromBPNet (Avsec et al. 2021, Pampari et al. 2024): adapter and importer."""

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug.scoring.adapter import Adapter
from regplug_bpnet.adapter import BPNet
from regplug_bpnet.command import bpnet as command


class BPNetImporter:
    """Imports Keras files (.h5, .keras) of counts and a profile."""

    name = "bpnet"
    command = command


@hookimpl
def regplug_adapters() -> list[Adapter]:
    """Return the BPNet adapter."""
    return [BPNet()]


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the BPNet importer."""
    return [BPNetImporter()]
