"""The state of a training run after an epoch, on disk.

Loading it gives exactly the state that was saved, and runs no code from the file (weights_only).
"""

import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from regplug.errors import TrainingError
from regplug.files.output import complete


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """The results of an epoch.

    Attributes:
        loss: mean over the batches.
        rate: the learning rate of the last step.
        seconds: of training and validation.
        speed: sequences per second of training, all processes together.
        valid_loss: nan if nothing was validated.
        aucs: of each target on the validation sites, None for a target without both classes.
    """

    loss: float
    rate: float
    seconds: float
    speed: float
    valid_loss: float = float("nan")
    aucs: tuple[float | None, ...] = ()

    @property
    def auc(self) -> float:
        """Return the mean of the targets' AUCs, of those that have one."""
        known = [auc for auc in self.aucs if auc is not None]
        return sum(known) / len(known)


def save(path: Path, run: str, parts: Mapping[str, Any], epochs: Sequence[Epoch]) -> None:
    """Write the states of a run's parts, and the results of its epochs.

    Args:
        path: of the file; an older one is replaced.
        run: says which run this is.
        parts: name → anything with a `state_dict`.
        epochs: those done.

    Raises:
        OutputError: the file cannot be written.
    """
    state = {name: part.state_dict() for name, part in parts.items()}
    packed = io.BytesIO()  # written by us, as torch's errors on a full disk do not name the file
    torch.save({"run": run, "epochs": msgspec.to_builtins(epochs), **state}, packed)
    with complete(path) as partial:
        partial.write_bytes(packed.getbuffer())


def resume(path: Path, run: str, parts: Mapping[str, Any], device: torch.device) -> list[Epoch]:
    """Load the parts' states from `path`, if it exists; return the epochs done.

    Raises:
        TrainingError: the file is damaged, or of another run.
    """
    if not path.exists():
        return []
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        if state["run"] != run:
            raise TrainingError(
                f"{path} belongs to a run with another recipe or other data: "
                "train into a new folder"
            )
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return msgspec.convert(state["epochs"], list[Epoch])
    except (
        *(OSError, RuntimeError, LookupError, TypeError, AttributeError, ValueError, EOFError),
        pickle.UnpicklingError,
    ) as error:
        first = str(error).partition("\n")[0]
        raise TrainingError(f"{path} is damaged: {first}; remove it") from error
