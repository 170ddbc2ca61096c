"""The recipe of a network of chromatin accessibility: settings of a run, read from TOML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from regplug.models.stack import StackShape
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.recipes import read_as, with_changes
from regplug.train.loop.schedule import Count, Natural, Schedule, Share

Shape = StackShape | CnnShape
SHAPES: dict[str, type[StackShape] | type[CnnShape]] = {"basset": StackShape, "cnn": CnnShape}


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a run is carried out; a run may be resumed with other values of these.

    Attributes:
        device: "cpu" or "cuda"; each of torchrun's processes takes a GPU of its own.
        compile: True to let torch.compile make kernels for the network; needs a C++ compiler.
        tensorboard: True to write what log.csv says for TensorBoard too.
    """

    device: Literal["cpu", "cuda"] = "cpu"
    compile: bool = False
    tensorboard: bool = False


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Numbers to search, from low to high, both included; whole numbers if both are whole.

    Attributes:
        low: the smallest.
        high: the largest.
        log: True to draw log-uniformly, which takes numbers above 0.
    """

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
            item of the list `network.filters`.
        sampler: "tpe", which learns where AUCs are high, or "random".
        together: trials that "tpe" draws before it knows the AUC of the first of them, so that an
            executor can train them side by side; other numbers give other trials. "random" draws
            all at once.
    """

    space: dict[str, Range | Annotated[list[Any], msgspec.Meta(min_length=1)]]
    sampler: Literal["tpe", "random"] = "tpe"
    together: Count = 1


class BassetRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a network with an output per sample.

    Attributes:
        seed: all random numbers follow from it.
        network: its kind and shape. `kind = "basset"`, see StackShape, and `dropout` of its dense
            layers; or `kind = "cnn"`, see CnnShape. `targets` and `width` follow from the set.
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
        self.shape(targets=1, width=100_000)  # so that a wrong network is refused when it is read
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

        Args:
            targets: samples of the set.
            width: bases of its sites.

        Raises:
            ValueError: the kind is unknown, or the network names `targets` or `width`.
            msgspec.ValidationError: the network cannot have these settings, or this width.
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
        """Return the recipe with other values of some keys.

        Args:
            changes: key → value; see `Search.space` for the keys.

        Raises:
            msgspec.ValidationError: a key is unknown, or its value not allowed.
        """
        keys: dict[str, Any] = msgspec.to_builtins(self)
        for path, value in changes.items():
            keys = with_changes(keys, _nested(keys, path.split("."), value))
        return msgspec.convert(keys, BassetRecipe)


def _nested(keys: Any, path: Sequence[str], value: Any) -> Any:
    """Return nested tables that hold `value` at `path`; a list on the way is that in `keys`."""
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

    A setting such as `schedule.epochs=3` changes a single key of a table.

    Raises:
        OSError: the file cannot be read.
        tomllib.TOMLDecodeError: it is no TOML.
        msgspec.ValidationError: a key is unknown, or a value of the wrong type.
    """
    return read_as(BassetRecipe, path, settings)
