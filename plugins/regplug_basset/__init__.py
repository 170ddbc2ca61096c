"""Basset (Kelley et al. 2016): its adapter, and the importer of its published weights."""

from pathlib import Path

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug.scoring.adapter import Adapter
from regplug_basset.adapter import Basset
from regplug_basset.command import basset as command
from regplug_basset.stored import BassetFile, stored_at


class BassetImporter:
    """Imports Torch7 files, and state dicts of the Kipoi port."""

    name = "basset"
    command = command


@hookimpl
def regplug_adapters() -> list[Adapter]:
    """Return the Basset adapter."""
    return [Basset()]


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the Basset importer."""
    return [BassetImporter()]


@hookimpl
def regplug_networks(path: Path, width: int | None) -> BassetFile | None:
    """Return the network of a Torch7 file or state dict, which reads `width` bases."""
    return stored_at(path, width)
