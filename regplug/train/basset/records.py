"""What a run leaves on disk as it goes: the best weights, log.csv, and TensorBoard's events.

After each epoch: network, Epoch ─Records.add→ weights.safetensors, log.csv
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from safetensors.numpy import save as packed
from torch import nn

from regplug.files.extras import needs
from regplug.files.output import complete
from regplug.files.weights import WEIGHTS
from regplug.train.basset.build import Kinds, arrays_of
from regplug.train.loop.checkpoint import Epoch
from regplug.train.loop.loop import best_of
from regplug.train.loop.names import LOG, TENSORBOARD

COLUMNS = ("epoch", "train_loss", "valid_loss", "valid_auc", "rate", "seconds", "sequences_per_s")


class Records:
    """Writes and tells what each epoch came to."""

    def __init__(self, out: Path, tell: Callable[[str], None], *, tensorboard: bool) -> None:
        """Write into the folder `out`.

        Raises:
            MissingLibraryError: TensorBoard is wanted, and not installed.
        """
        self._out, self._tell = out, tell
        self._writer = _writer(out / TENSORBOARD) if tensorboard else None

    def add(self, network: nn.Module, epochs: Sequence[Epoch]) -> None:
        """Record the last of the epochs; keep the network if it is the best so far.

        Raises:
            OutputError: it cannot be written.
        """
        best, last = best_of(epochs), epochs[-1]
        if best == len(epochs):
            with complete(self._out / WEIGHTS) as partial:
                partial.write_bytes(packed(arrays_of(cast(Kinds, network))))
        lines = [
            ",".join(COLUMNS),
            *(_row(number, epoch) for number, epoch in enumerate(epochs, 1)),
        ]
        with complete(self._out / LOG) as partial:
            partial.write_text("\n".join(lines) + "\n")
        if self._writer:
            for name, value in zip(COLUMNS[1:], _values(last), strict=True):
                self._writer.add_scalar(name, value, len(epochs))
            self._writer.flush()
        self._tell(
            f"epoch {len(epochs)}: loss {last.loss:.4f}, validation loss {last.valid_loss:.4f}, "
            f"AUC {last.auc:.4f}, best {epochs[best - 1].auc:.4f} in epoch {best}, "
            f"{last.speed:,.0f} sequences/s"
        )


def _values(epoch: Epoch) -> Iterable[float]:
    """Return the columns of an epoch, less its number."""
    return epoch.loss, epoch.valid_loss, epoch.auc, epoch.rate, epoch.seconds, epoch.speed


def _row(number: int, epoch: Epoch) -> str:
    return ",".join([str(number), *(f"{value:.6g}" for value in _values(epoch))])


def _writer(folder: Path) -> Any:
    with needs("tensorboard"):
        from torch.utils.tensorboard import SummaryWriter
    return SummaryWriter(str(folder))
