"""Training a panel: an ensemble that tells bound sequences from three kinds of others.

peaks, windows ─PanelSource→ Examples ─train_networks, a member at a time→ networks ─save→ weights
"""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from regplug.data.sequences.chip import ChipSet
from regplug.data.sites.windows import read_genome_windows
from regplug.files.output import complete, naming
from regplug.files.runs import METRICS, Form
from regplug.files.weights import WEIGHTS
from regplug.genome.codes import Codes
from regplug.train.cnn.network import Cnn
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.elsewhere import SEQUENTIAL, Versions, executing
from regplug.train.panel.member import Member, panel_member, source_of, train_member
from regplug.train.panel.metrics import Aucs, negatives_aucs
from regplug.train.panel.recipe import PanelRecipe
from regplug.train.panel.stored import DATA, PanelData, write_data

STRONGEST = 500  # peaks of a set's part A
_TOGETHER = 512  # sequences scored at once


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
    executor: str = "",
) -> None:
    """Train the recipe's members; `out` gets `weights.safetensors` and `metrics.json`.

    While it runs, `out` holds a checkpoint per member, written after each epoch; with `resume`
    training goes on from these. A member is trained in one thread, so that the same recipe, data
    and machine give the same weights. `progress` is called with a line of text after each epoch,
    `stepped` after each step with the epoch's name, its number of steps, and how many are done.
    With an `executor`, as `regplug_open_executor` opens it, members are trained side by side, and
    both are called after each member.

    Raises:
        TrainingError: the loss is NaN or infinite, the examples do not fill a batch, or `out` holds
            checkpoints of another run.
        OutputError: `out` cannot be written.
        RegplugError: as the executor.
    """
    shape = recipe.shape(data.peaks[0].shape[1])
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    of_run = (out.absolute() / DATA, data.digest(), Versions.here())
    members = [
        Member(recipe, number, out.absolute() / f"member{number + 1}.checkpoint", *of_run)
        for number in range(recipe.members)
    ]
    if not resume:
        for member in members:
            member.checkpoint.unlink(missing_ok=True)
    if executor not in SEQUENTIAL:
        _train_elsewhere(members, data, executor, progress, stepped)
    source = source_of(recipe, data)
    networks, records = [], []
    for member in members:
        network, epochs = train_member(member, source, progress, stepped)
        networks.append(network)
        records.append(
            {
                "losses": [epoch.loss for epoch in epochs],
                "seconds": sum(epoch.seconds for epoch in epochs),
            }
        )
    held_out = _held_out_aucs(networks, recipe, data) if recipe.held_out else None
    _save(out, recipe, shape, networks, {"members": records, "held_out": held_out})
    for checkpoint in out.glob("member*.checkpoint"):
        checkpoint.unlink()
    (out / DATA).unlink(missing_ok=True)


def _train_elsewhere(
    members: Sequence[Member],
    data: PanelData,
    executor: str,
    progress: Callable[[str], None],
    stepped: Callable[[str, int, int], None],
) -> None:
    """Leave the members' checkpoints, trained to the end by an executor."""
    with executing(executor) as where:
        write_data(members[0].data, data)
        for done, (number, loss) in enumerate(where.run(panel_member, members), start=1):
            progress(f"member {number + 1}: loss {loss:.4f}")
            stepped("members", len(members), done)


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
