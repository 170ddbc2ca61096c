"""The plugin manager: finds the installed plugins, and asks them for what they bring."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pluggy

from regplug.errors import ConfigError, ModelError, PluginError
from regplug.files.runs import stated_form
from regplug.files.weights import WEIGHTS
from regplug.hooks import hookspecs
from regplug.hooks.executor import Executor
from regplug.hooks.importer import Importer
from regplug.hooks.networks import StoredNetwork, StoredNetworks
from regplug.hooks.track_writer import TrackWriter
from regplug.hooks.writer import VariantWriter
from regplug.scoring.adapter import Adapter, VariantEffect
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.card import ModelCard

GROUP = "regplug"
ADAPTER = ("pairs", "fields", "score", "covers", "track")  # what each has to have


def plugin_manager() -> pluggy.PluginManager:
    """Return a manager with every installed plugin of the entry-point group `regplug`.

    Raises:
        PluginError: a plugin cannot be loaded, or implements a hook that does not exist.
    """
    manager = pluggy.PluginManager("regplug")
    manager.add_hookspecs(hookspecs)
    try:
        manager.load_setuptools_entrypoints(GROUP)
        manager.check_pending()
    except Exception as error:
        raise PluginError(
            f"a plugin does not fit ({type(error).__name__}: {error}): "
            "mend it, or remove its distribution"
        ) from error
    return manager


def adapters(manager: pluggy.PluginManager) -> dict[str, Adapter]:
    """Return the adapters by name; the default adapter is always there.

    Raises:
        PluginError: two have one name, or one lacks what `Adapter` asks for.
    """
    found = {VariantEffect.name: VariantEffect()} | _by_name(manager, "regplug_adapters")
    for name, adapter in found.items():
        if missing := [part for part in ADAPTER if not hasattr(adapter, part)]:
            raise PluginError(
                f"the adapter {name} has no {' and no '.join(missing)}: make it a subclass of "
                "regplug.VariantEffect"
            )
    return found


def importers(manager: pluggy.PluginManager) -> dict[str, Importer]:
    """Return the importers by name."""
    return _by_name(manager, "regplug_importers")


def track_writers(manager: pluggy.PluginManager) -> dict[str, TrackWriter]:
    """Return the views of tracks by name."""
    return _by_name(manager, "regplug_track_writers")


def adapter_for(manager: pluggy.PluginManager, card: ModelCard) -> Adapter:
    """Return the adapter that the card's family names, or else the default adapter."""
    known = adapters(manager)
    return known.get(card.family, known[VariantEffect.name])


def writer_for(manager: pluggy.PluginManager, path: str) -> type[VariantWriter] | None:
    """Return the writer for the longest fitting suffix of `path`, or None."""
    fitting = [
        (len(suffix), writer)
        for writers in manager.hook.regplug_variant_writers()
        for writer in writers
        for suffix in writer.suffixes
        if path.endswith(suffix)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def locations(manager: pluggy.PluginManager, location: str | None) -> list[str]:
    """Return where to look for models: `location`, or each repository that a plugin brings."""
    if location is not None:
        return [location]
    repos: Iterable[Iterable[Path]] = manager.hook.regplug_model_repos()
    return list(dict.fromkeys(str(path) for paths in repos for path in paths))


def cards(
    manager: pluggy.PluginManager, location: str | None, options: BackendOptions
) -> list[ModelCard]:
    """Return the cards of all models at `location`, or in all repositories.

    Raises:
        ModelError: no plugin can read `location`.
    """
    found: list[ModelCard] = []
    for place in locations(manager, location):
        there = manager.hook.regplug_cards(location=place, options=options)
        if there is None:
            raise ModelError(_no_place(place))
        found += there
    return found


def open_backend(
    manager: pluggy.PluginManager, location: str | None, model: str, options: BackendOptions
) -> Backend:
    """Return `model`, from `location` or the first repository that has it.

    Raises:
        ModelError: no such model; the message lists those there are.
    """
    for place in locations(manager, location):
        backend: Backend | None = manager.hook.regplug_open_backend(
            location=place, model=model, options=options
        )
        if backend is not None:
            return backend
    known = sorted(card.name for card in cards(manager, location, options))
    raise ModelError(
        f"no model {model} in {location or 'the installed repositories'}; "
        f"there are: {', '.join(known) or 'none'} (regplug models list)"
    )


def open_executor(manager: pluggy.PluginManager, location: str) -> Executor:
    """Return what runs the jobs of a run at `location`; "" is `sequential`, this process.

    Raises:
        ConfigError: there is no such executor.
        RegplugError: as `regplug_open_executor`.
    """
    executor: Executor | None = manager.hook.regplug_open_executor(
        location=location or "sequential"
    )
    if executor is None:
        raise ConfigError(
            f"no executor {location}: there are sequential, processes:4 and, with pip install "
            "'regplug[dask]', dask:local and dask://HOST:PORT"
        )
    return executor


def stored_networks(
    manager: pluggy.PluginManager, path: Path, *, width: int | None = None
) -> StoredNetworks | None:
    """Return the networks in a file or folder, or None if no plugin knows it.

    Args:
        manager: of the plugins.
        path: of the file or folder.
        width: bases that the networks read, where the file does not say.

    Raises:
        ModelError: the file or folder is damaged.
    """
    found: StoredNetworks | None = manager.hook.regplug_networks(path=path, width=width)
    return found


def networks_at(
    manager: pluggy.PluginManager, path: Path, wanted: Collection[str] = ()
) -> list[StoredNetwork]:
    """Return the networks in `path`, or those wanted by any of their names.

    Args:
        manager: of the plugins.
        path: folder of a run or of published models (db.tsv, params/), or a parameter file.
        wanted: names of networks; none: all.

    Raises:
        ModelError: there is nothing of the kind, it is damaged, or a network is unknown.
    """
    found = stored_networks(manager, path)
    if found is None:
        if (path / WEIGHTS).is_file() and (form := stated_form(path)):
            raise ModelError(
                f"{path} is a {form}, whose networks no plugin reads one by one: make a model of "
                "it (regplug export), and give that"
            )
        raise ModelError(
            f"{path} is no finished run ({WEIGHTS}), no folder of published models (db.tsv, "
            "params/) and no parameter file: train one with regplug train deepbind"
        )
    for name in wanted:
        if not any(name in stored.names for stored in found.networks):
            labels = [stored.label for stored in found.networks]
            more = ", ..." if len(labels) > 10 else ""
            raise ModelError(f"{path} has no target {name}; it has {', '.join(labels[:10])}{more}")
    return [stored for stored in found.networks if not wanted or set(stored.names) & set(wanted)]


def _no_place(place: str) -> str:
    if "://" in place:
        scheme = place.split("://")[0]
        return f"cannot reach {place}: --model-repo takes grpc, grpcs, http or https, not {scheme}"
    return f"no models at {place}: give a folder with <model>/config.pbtxt, or a server's URL"


def _by_name(manager: pluggy.PluginManager, hook: str) -> dict[str, Any]:
    """Return what all plugins bring for `hook`, by name; PluginError if two have the same name."""
    found: dict[str, Any] = {}
    owner: dict[str, str] = {}
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        for item in implementation.function():
            if item.name in found:
                raise PluginError(
                    f"{owner[item.name]} and {implementation.plugin_name} both bring "
                    f"{hook.removeprefix('regplug_')} called {item.name}: remove one"
                )
            found[item.name], owner[item.name] = item, implementation.plugin_name
    return found
