"""A network of a panel.

Member ─train_member→ network; elsewhere Member ─panel_member→ checkpoint
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from torch import nn

from regplug.train.cnn.network import Cnn
from regplug.train.loop.checkpoint import Epoch
from regplug.train.loop.elsewhere import Versions, elsewhere
from regplug.train.loop.loop import Resumable, train_networks
from regplug.train.panel.data import PanelSource, join_bound
from regplug.train.panel.recipe import PanelRecipe
from regplug.train.panel.stored import PanelData, stored_data


class Member(NamedTuple):
    """A network of a panel to be trained.

    Attributes:
        recipe: see PanelRecipe.
        number: of the network, from 0.
        checkpoint: file of its state.
        data: file of a PanelData, for processes that have none.
        digest: of the data.
        versions: of the run.
    """

    recipe: PanelRecipe
    number: int
    checkpoint: Path
    data: Path
    digest: str
    versions: Versions

    @property
    def resumable(self) -> Resumable:
        """Return where its state goes; it does not depend on how many members there are."""
        of_member = msgspec.structs.replace(self.recipe, members=1)
        run = msgspec.json.encode(of_member).decode() + self.digest
        return Resumable(self.checkpoint, run, self.recipe.seed * 1000 + self.number)


def source_of(recipe: PanelRecipe, data: PanelData) -> PanelSource:
    """Return the source of the members' examples."""
    bound = join_bound(data.peaks, recipe.mixture.strongest)
    return PanelSource(bound, data.windows, recipe.mixture)


def train_member(
    member: Member,
    source: PanelSource,
    progress: Callable[[str], None] = lambda text: None,
    stepped: Callable[[str, int, int], None] = lambda epoch, steps, step: None,
) -> tuple[Cnn, list[Epoch]]:
    """Return a member and its epochs; those of its checkpoint are not trained again.

    `progress` and `stepped` are called as those of `train_panel`.

    Raises:
        TrainingError, OutputError: as `train_networks`.
    """
    torch.set_num_threads(1)
    recipe, number = member.recipe, member.number + 1
    torch.manual_seed(member.resumable.seed)
    network = Cnn(recipe.shape(source.bound.codes.shape[1]))

    def report(_: nn.Module, epochs: list[Epoch]) -> None:
        progress(f"member {number}, epoch {len(epochs)}: loss {epochs[-1].loss:.4f}")

    def in_epoch(epoch: int, steps: int, step: int) -> None:
        stepped(f"member {number}, epoch {epoch}", steps, step)

    epochs = train_networks(
        network, source, recipe.schedule, member.resumable, done=report, stepped=in_epoch
    )
    return network, epochs


@elsewhere
def panel_member(member: Member) -> tuple[int, float]:
    """Leave a member's checkpoint, trained to the end; return its number and last loss.

    Raises:
        DataError: the data are not the run's.
        RegplugError: as `train_networks`.
    """
    source = source_of(member.recipe, stored_data(member.data, member.digest))
    return member.number, train_member(member, source)[1][-1].loss
