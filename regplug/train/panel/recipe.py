"""The recipe of a panel of factors: settings of a training run, read from TOML."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from regplug.train.cnn.shape import CnnShape, Count
from regplug.train.loop.recipes import read_as
from regplug.train.loop.schedule import Schedule
from regplug.train.panel.data import Mixture


class PanelRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a panel: an ensemble of networks, each with an output per target.

    Attributes:
        targets: transcription factors, in the order of the outputs; the names of the sets, or with
            --data what the files' names start with. If none, those of the sets, in their order.
        seed: all random numbers follow from it and the member's number.
        members: networks whose logits are averaged.
        held_out: True to compare recipes: every other of a set's 500 strongest peaks and a quarter
            of the windows are kept from training, and AUCs are measured on them. False to train the
            final panel on all.
        network: see CnnShape; `targets` and `width` follow from the data.
        mixture: see Mixture.
        schedule: see Schedule.
    """

    targets: tuple[str, ...] = ()
    seed: int = 1
    members: Count = 1
    held_out: bool = False
    network: dict[str, Any] = {}
    mixture: Mixture = Mixture()
    schedule: Schedule = Schedule()

    def __post_init__(self) -> None:
        if len(self.targets) == 1:
            raise ValueError("targets names one factor, and a panel is of two or more")
        if len(set(self.targets)) < len(self.targets):
            raise ValueError("a target is named twice")
        if self.schedule.patience:
            raise ValueError("schedule.patience waits for validation, and a panel has none")
        self.shape(width=1000)  # its errors belong to reading

    def shape(self, width: int) -> CnnShape:
        """Return the network's shape for sequences of `width` bases."""
        given = {"targets": max(2, len(self.targets)), "width": width}
        if given.keys() & self.network.keys():
            raise ValueError("network.targets and network.width follow from the data")
        return msgspec.convert(given | self.network, CnnShape)


def read_panel_recipe(path: Path, settings: Sequence[str] = ()) -> PanelRecipe:
    """Return the recipe in the TOML file `path`, changed by `settings`, each `key=value` in TOML.

    A setting such as `network.channels=64` changes a single key of a table.

    Raises:
        OSError, tomllib.TOMLDecodeError, msgspec.ValidationError: as `read_as`.
    """
    return read_as(PanelRecipe, path, settings)
