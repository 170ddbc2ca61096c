"""Training a panel: an ensemble that tells bound sequences from three kinds of others.

peaks, windows ─PanelSource→ Examples ─train_networks, a member at a time→ networks ─save→ weights
"""

import hashlib
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regplug.data.sequences.chip import ChipSet
from regplug.data.sites.windows import read_genome_windows
from regplug.files.output import complete, naming
from regplug.files.runs import METRICS, Form
from regplug.files.weights import WEIGHTS
from regplug.genome.codes import Codes
from regplug.train.cnn.network import Cnn
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.checkpoint import Epoch
from regplug.train.loop.loop import Resumable, train_networks
from regplug.train.panel.data import PanelSource, join_bound
from regplug.train.panel.metrics import Aucs, negatives_aucs
from regplug.train.panel.recipe import PanelRecipe

STRONGEST = 500  # peaks of a set's part A
_TOGETHER = 512  # sequences scored at once


class PanelData(NamedTuple):
    """What to train on, and what is held out of it to compare recipes, if anything."""

    peaks: list[Codes]  # a (n, bases) per target
    windows: list[Codes]  # of the genome, (bases,) each
    held_out_peaks: list[Codes]  # as `peaks`, or empty
    held_out_windows: list[Codes]  # as `windows`, or empty

    def digest(self) -> str:
        """Return the sha256 of all codes."""
        total = hashlib.sha256()
        for codes in chain.from_iterable(self):
            total.update(np.ascontiguousarray(codes).tobytes())
        return total.hexdigest()


def read_panel(
    recipe: PanelRecipe, sets: Mapping[str, ChipSet], genome: Path, split: Path
) -> PanelData:
    """Return the peaks of the recipe's targets and the `train` windows; never those to test on.

    Args:
        recipe: says which targets, and whether some are held out.
        sets: of each target, to train on.
        genome: FASTA of windows.
        split: TSV that assigns the windows to `train` and `test`.

    Raises:
        DataError: a file is missing or damaged.
        SequenceError: `genome` is not a FASTA.
    """
    peaks = [sets[target].codes[sets[target].bound] for target in recipe.targets]
    windows = read_genome_windows(genome, split, "train")
    if not recipe.held_out:
        return PanelData(peaks, windows, [], [])
    out = [np.isin(np.arange(len(of_set)), np.arange(1, STRONGEST, 2)) for of_set in peaks]
    return PanelData(
        peaks=[of_set[~rows] for of_set, rows in zip(peaks, out, strict=True)],
        windows=[window for i, window in enumerate(windows) if i % 4 != 3],
        held_out_peaks=[of_set[rows] for of_set, rows in zip(peaks, out, strict=True)],
        held_out_windows=windows[3::4],
    )


def train_panel(
    recipe: PanelRecipe,
    data: PanelData,
    out: Path,
    *,
    resume: bool = False,
    progress: Callable[[str], None],
    stepped: Callable[[str, int, int], None] = lambda epoch, steps, step: None,
) -> None:
    """Train the recipe's members; `out` gets `weights.safetensors` and `metrics.json`.

    While it runs, `out` holds a checkpoint per member, written after each epoch; with `resume`
    training goes on from these. It runs in one thread, so that the same recipe, data and machine
    give the same weights. `progress` is called with a line of text after each epoch, `stepped`
    after each step with the epoch's name, its number of steps, and how many are done.

    Raises:
        TrainingError: the loss is NaN or infinite, the examples do not fill a batch, or `out` holds
            checkpoints of another run.
        OutputError: `out` cannot be written.
    """
    torch.set_num_threads(1)
    shape = recipe.shape(data.peaks[0].shape[1])
    bound = join_bound(data.peaks, recipe.mixture.strongest)
    source = PanelSource(bound, data.windows, recipe.mixture)
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    # A member does not depend on how many there are: its checkpoint serves a run with more of them.
    of_member = msgspec.structs.replace(recipe, members=1)
    run = msgspec.json.encode(of_member).decode() + data.digest()
    networks, records = [], []
    for member in range(recipe.members):
        checkpoint = out / f"member{member + 1}.checkpoint"
        if not resume:
            checkpoint.unlink(missing_ok=True)
        seed, began = recipe.seed * 1000 + member, time.monotonic()
        torch.manual_seed(seed)
        network = Cnn(shape)

        def report(_: nn.Module, epochs: list[Epoch], member: int = member) -> None:
            progress(f"member {member + 1}, epoch {len(epochs)}: loss {epochs[-1].loss:.4f}")

        def in_epoch(epoch: int, steps: int, step: int, member: int = member) -> None:
            stepped(f"member {member + 1}, epoch {epoch}", steps, step)

        epochs = train_networks(
            network,
            source,
            recipe.schedule,
            Resumable(checkpoint, run, seed),
            done=report,
            stepped=in_epoch,
        )
        networks.append(network)
        losses = [epoch.loss for epoch in epochs]
        records.append({"losses": losses, "seconds": time.monotonic() - began})
    held_out = _held_out_aucs(networks, recipe, data) if recipe.held_out else None
    _save(out, recipe, shape, networks, {"members": records, "held_out": held_out})
    for checkpoint in out.glob("member*.checkpoint"):
        checkpoint.unlink()


def _held_out_aucs(networks: list[Cnn], recipe: PanelRecipe, data: PanelData) -> Aucs:
    """Return the AUCs of the ensemble on what was held out."""
    return negatives_aucs(
        lambda codes: ensemble_logits(networks, codes),
        dict(zip(recipe.targets, data.held_out_peaks, strict=True)),
        data.held_out_windows,
        shuffles=8,
    )


@torch.no_grad()
def ensemble_logits(networks: list[Cnn], codes: Codes) -> NDArray[np.float32]:
    """Return the mean logits (n, targets) of networks and strands for codes (n, width)."""
    batches = torch.split(torch.from_numpy(np.ascontiguousarray(codes)), _TOGETHER)
    means = [
        torch.stack([network.both_strands(batch) for network in networks]).mean(0)
        for batch in batches
    ]
    logits: NDArray[np.float32] = torch.cat(means).numpy()
    return logits


def _save(
    out: Path, recipe: PanelRecipe, shape: CnnShape, networks: list[Cnn], measured: dict[str, Any]
) -> None:
    """Write the weights, then the metrics, which make a run finished."""
    from safetensors.torch import save as packed

    arrays = {
        f"{number}/{name}": value.contiguous()
        for number, network in enumerate(networks, start=1)
        for name, value in network.state_dict().items()
    }
    record = {
        "command": shlex.join(["regplug", *sys.argv[1:]]),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "recipe": recipe,
        "form": Form.PANEL,
        "shape": shape,
        **measured,
    }
    (out / METRICS).unlink(missing_ok=True)  # of an older run
    with complete(out / WEIGHTS) as partial:
        partial.write_bytes(packed(arrays))
    with complete(out / METRICS) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
