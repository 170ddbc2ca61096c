"""The hooks: they are called when a run begins, not per variant; docs/plugins.md describes each."""

from collections.abc import Iterable
from pathlib import Path

import click
import pluggy

from regplug.hooks.executor import Executor
from regplug.hooks.importer import Importer
from regplug.hooks.networks import StoredNetworks
from regplug.hooks.track_writer import TrackWriter
from regplug.hooks.writer import VariantWriter
from regplug.scoring.adapter import Adapter
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.card import ModelCard

hookspec = pluggy.HookspecMarker("regplug")
hookimpl = pluggy.HookimplMarker("regplug")


@hookspec
def regplug_adapters() -> Iterable[Adapter]:
    """Return adapters; a model is scored by the adapter that has its card's family as name."""


@hookspec
def regplug_model_repos() -> Iterable[Path]:
    """Return model repositories that are looked through when the user names none."""


@hookspec
def regplug_importers() -> Iterable[Importer]:
    """Return importers of other people's weights."""


@hookspec(firstresult=True)
def regplug_networks(path: Path, width: int | None) -> StoredNetworks | None:
    """Return the networks in a file or folder, or None if it holds none of yours.

    `width` is the bases that they read, where the file does not say; None: not known.
    """


@hookspec(firstresult=True)
def regplug_cards(location: str, options: BackendOptions) -> list[ModelCard] | None:
    """Return the cards of all models at `location`, or None if it is not yours."""


@hookspec(firstresult=True)
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Return `model` of `location`, ready to predict, or None if it is not yours."""


@hookspec(firstresult=True)
def regplug_open_executor(location: str) -> Executor | None:
    """Return what runs the parts of a run at `location`, or None if it is not yours."""


@hookspec
def regplug_variant_writers() -> Iterable[type[VariantWriter]]:
    """Return writers of annotated variants; the output's suffix chooses."""


@hookspec
def regplug_track_writers() -> Iterable[TrackWriter]:
    """Return writers of views of finished tracks; each becomes an option of `regplug track`."""


@hookspec
def regplug_commands(cli: click.Group) -> None:
    """Add commands to the command line."""
