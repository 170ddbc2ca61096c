"""The recipe of a network of chromatin accessibility: settings of a run, read from TOML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from regplug.models.stack import StackShape
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.recipes import read_as, with_changes
from regplug.train.loop.schedule import Natural, Schedule, Share

Shape = StackShape | CnnShape
SHAPES: dict[str, type[StackShape] | type[CnnShape]] = {"basset": StackShape, "cnn": CnnShape}


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a run is carried out; a run may go on with others of these.

    Attributes:
        device: "cpu" or "cuda"; each of torchrun's processes takes a GPU of its own.
        compile: True to let torch.compile make kernels for the network; needs a C++ compiler.
        tensorboard: True to write what log.csv says for TensorBoard too.
    """

    device: Literal["cpu", "cuda"] = "cpu"
    compile: bool = False
    tensorboard: bool = False


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Numbers from low to high, both included; whole ones if both are. `log`: log-uniform."""

    low: int | float
    high: int | float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError("log takes numbers above 0")


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `--trials` searches.

    Attributes:
        space: key of the recipe → a Range, or a list of choices. `network.filters.0` is the first
            of a list.
        sampler: "tpe", which learns where AUCs are high, or "random".
    """

    space: dict[str, Range | Annotated[list[Any], msgspec.Meta(min_length=1)]]
    sampler: Literal["tpe", "random"] = "tpe"


class BassetRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a network with an output per sample.

    Attributes:
        seed: all random numbers follow from it.
        network: `kind = "basset"`, see StackShape, and `dropout` of its dense layers; or `kind =
            "cnn"`, see CnnShape. `targets` and `width` follow from the set.
        schedule: see Schedule.
        train: see Running.
        search: see Search.
    """

    seed: Natural = 1
    network: dict[str, Any] = {}
    schedule: Schedule = Schedule()
    train: Running = Running()
    search: Search | None = None

    def __post_init__(self) -> None:
        self.shape(targets=1, width=100_000)  # its errors belong to reading
        msgspec.convert(self.dropout, Share)

    @property
    def kind(self) -> str:
        """Return "basset" or "cnn"."""
        return str(self.network.get("kind", "basset"))

    @property
    def dropout(self) -> float:
        """Return the share of each dense layer of kind basset that is dropped."""
        dropout: float = self.network.get("dropout", 0.3)
        return dropout

    def shape(self, *, targets: int, width: int) -> Shape:
        """Return the network's shape for a set.

        Raises:
            msgspec.ValidationError: the network cannot be.
        """
        if self.kind not in SHAPES:
            raise ValueError(f"network.kind is {self.kind!r}, not one of {', '.join(SHAPES)}")
        given = {"targets": targets, "width": width}
        if given.keys() & self.network.keys():
            raise ValueError("network.targets and network.width follow from the set")
        ours = {"kind"} if self.kind == "cnn" else {"kind", "dropout"}
        keys = {key: value for key, value in self.network.items() if key not in ours}
        return msgspec.convert(given | keys, SHAPES[self.kind])

    def changed(self, changes: Mapping[str, Any]) -> "BassetRecipe":
        """Return the recipe with other values of some keys; `network.filters.0` is of a list.

        Raises:
            msgspec.ValidationError: a key is unknown, or its value not allowed.
        """
        keys: dict[str, Any] = msgspec.to_builtins(self)
        for path, value in changes.items():
            keys = with_changes(keys, _nested(keys, path.split("."), value))
        return msgspec.convert(keys, BassetRecipe)


def _nested(keys: Any, path: Sequence[str], value: Any) -> Any:
    """Return tables around `value`, so that it stands under `path`; lists as in `keys`."""
    if not path:
        return value
    first, *rest = path
    if isinstance(keys, list | tuple):
        if not first.isdecimal() or int(first) >= len(keys):
            raise msgspec.ValidationError(f"{first} is no place in the list {list(keys)}")
        at = int(first)
        return [*keys[:at], _nested(keys[at], rest, value), *keys[at + 1 :]]
    inner = keys.get(first, {}) if isinstance(keys, Mapping) else {}
    return {first: _nested(inner, rest, value)}


def read_basset_recipe(path: Path, settings: Sequence[str] = ()) -> BassetRecipe:
    """Return the recipe in the TOML file `path`, changed by `settings`, each `key=value` in TOML.

    A setting such as `schedule.epochs=3` changes one key of a table. An unknown key or a value of
    the wrong type raises msgspec.ValidationError.
    """
    return read_as(BassetRecipe, path, settings)
