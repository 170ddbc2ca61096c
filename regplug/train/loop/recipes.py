"""Recipes: the settings of a training run, read from TOML."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Size = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Range = tuple[Positive, Positive]
Recipe = TypeVar("Recipe")


def read_as(kind: type[Recipe], path: Path, settings: Sequence[str]) -> Recipe:
    """Return the recipe of a kind in the TOML file `path`, changed by `settings`.

    A setting such as `network.channels=64` changes a single key of a table.

    Raises:
        OSError: the file cannot be read.
        tomllib.TOMLDecodeError: the file or a setting is no TOML.
        msgspec.ValidationError: a key is unknown, or a value has the wrong type.
    """
    keys = tomllib.loads(path.read_text())
    for setting in settings:
        keys = with_changes(keys, tomllib.loads(setting))
    return msgspec.convert(keys, kind)


def with_changes(keys: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `keys` with `changes`; in tables that both have, only the keys that change."""
    return keys | {
        key: with_changes(keys[key], value)
        if isinstance(value, dict) and isinstance(keys.get(key), dict)
        else value
        for key, value in changes.items()
    }
