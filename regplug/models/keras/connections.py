"""Which layers a layer of a functional model reads, as each version of Keras writes it.

Keras 1 and 2: [[["conv", 0, 0, {}], ["crop", 0, 0, {}]]]; Keras 3: arguments, in which a tensor is
{"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}}.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from regplug.errors import ModelError

_DEEPEST = 20  # lists within lists


def layers_read(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the layers that a layer reads.

    Raises:
        ModelError: it stands in several places, or what it reads is not told.
    """
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise ModelError("does not say which layers it reads")
    if len(nodes) > 1:
        raise ModelError("stands in several places of the model, which is not read")
    names = tuple(_names(nodes, 0))
    if nodes and not names:
        raise ModelError("does not say which layers it reads")
    return names


def ends(config: Mapping[str, Any], key: str) -> list[str]:
    """Return the names of the layers that are a model's inputs or outputs."""
    found = config.get(key)
    return list(_names(found if isinstance(found, list) else [], 0))


def _names(value: Any, depth: int) -> Iterator[str]:
    """Yield the names in a place [name, node, tensor ...], and in all lists and arguments."""
    if depth > _DEEPEST:
        raise ModelError("has lists in lists without an end")
    if isinstance(value, dict):
        inside = value.get("config")
        if value.get("class_name") == "__keras_tensor__" and isinstance(inside, dict):
            yield from _names(inside.get("keras_history"), depth + 1)
        elif value.get("class_name") is None:
            for part in value.values():
                yield from _names(part, depth + 1)
    elif isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and value[1:3] == [0, 0]:
            yield value[0]
            value = value[3:]
        for part in value:
            yield from _names(part, depth + 1)
