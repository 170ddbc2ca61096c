"""A finished run of `regplug train basset` on disk; it is read, and made a graph of, without torch.

metrics.json, weights.safetensors ─read_basset_run→ BassetRun ─run_graph→ model.onnx
"""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.errors import UNREADABLE, ModelError
from regplug.files.runs import METRICS
from regplug.files.sources import Source
from regplug.files.version import VERSION
from regplug.files.weights import WEIGHTS
from regplug.models.stack import StackNetwork, StackShape
from regplug.models.stack_graph import stack_graph
from regplug.train.basset.recipe import SHAPES, BassetRecipe, Shape
from regplug.train.cnn.graph import ensemble_graph


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What metrics.json holds.

    Attributes:
        form: of the file.
        command: that began the run, or resumed it last.
        recipe: see BassetRecipe.
        kind: "basset" or "cnn".
        shape: the fields of StackShape or CnnShape.
        targets: the samples' names, in the order of the outputs.
        set: the file of the sites.
        sites: number to train and to validate on.
        epochs: how many were trained.
        best_epoch: the epoch whose weights were kept, from 1.
        valid_auc: mean over the targets that have sites of both classes.
        valid_aucs: target → its AUC on the validation sites; None without both classes.
        valid_loss: mean binary cross entropy over sites and targets.
        seconds: of all epochs.
        run: sha256 of all that the result depends on: settings, data and initial weights.
        seeded_from: the run or file that gave the layers below the last; "" for none.
        torch: its version.
        numpy: its version.
        regplug: its version.
    """

    form: Literal["basset run 1"] = "basset run 1"  # Form.BASSET
    command: str
    recipe: BassetRecipe
    kind: str
    shape: dict[str, Any]
    targets: tuple[str, ...]
    set: Source
    sites: dict[str, int]
    epochs: int
    best_epoch: int
    valid_auc: float
    valid_aucs: dict[str, float | None]
    valid_loss: float
    seconds: float
    run: str
    seeded_from: str
    torch: str
    numpy: str
    regplug: str = VERSION


class BassetRun(NamedTuple):
    """A finished run, read from its folder."""

    shape: Shape
    arrays: dict[str, NDArray[np.float32]]  # named as in the torch module
    targets: tuple[str, ...]  # names, in the order of the outputs
    recipe: BassetRecipe
    metrics: Metrics

    @property
    def filters(self) -> int:
        """Return the filters of the first convolution, those of the other strand counted too."""
        if isinstance(self.shape, StackShape):
            return self.shape.filters[0]
        return self.shape.channels * (1 + self.shape.turned)


def read_metrics(run: Path) -> Metrics:
    """Return what metrics.json of a finished run says.

    Raises:
        ModelError: the run is not finished, or the file damaged.
    """
    try:
        return msgspec.json.decode((run / METRICS).read_bytes(), type=Metrics)
    except UNREADABLE as error:
        raise ModelError(f"{run} holds no finished run of regplug train basset: {error}") from error


def read_basset_run(run: Path) -> BassetRun:
    """Return a finished run.

    Raises:
        ModelError: it is not finished, or damaged.
    """
    from safetensors.numpy import load_file

    metrics = read_metrics(run)
    try:
        shape = msgspec.convert(metrics.shape, SHAPES[metrics.kind])
        arrays = load_file(run / WEIGHTS)
    except Exception as error:  # safetensors' own, OSError, KeyError, msgspec's
        raise ModelError(f"{run} is damaged: {error}; train it again") from error
    return BassetRun(shape, arrays, metrics.targets, metrics.recipe, metrics)


def run_graph(run: BassetRun) -> ModelProto:
    """Return the graph of a run: codes (n, width) → probabilities (n, targets), both strands' mean.

    Raises:
        ModelError: the weights do not fit the shape.
    """
    if isinstance(run.shape, StackShape):
        return stack_graph(StackNetwork(run.shape, run.arrays))
    try:
        return ensemble_graph(run.shape, [run.arrays], probabilities=True)
    except (KeyError, ValueError) as error:
        raise ModelError(f"the run's weights do not fit its shape: {error}") from error
