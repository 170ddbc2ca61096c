"""What runs a model: one method, whatever is behind it."""

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import BackendError
from regplug.genome.codes import Codes
from regplug.scoring.card import ModelCard


class Backend(Protocol):
    """A model that is ready to predict, in this process or on a server.

    Attributes:
        card: the model's.
    """

    card: ModelCard

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Return predictions (n, targets) for codes of shape (n, width); n may exceed a batch.

        Raises:
            BackendError: the model cannot be reached, refuses the input, or answers NaN or inf.
        """

    def close(self) -> None:
        """Free what the backend holds."""


class BackendOptions(msgspec.Struct, frozen=True):
    """How to reach and run a model.

    Attributes:
        threads: CPU threads of a backend in process; 0 means all cores.
        headers: sent with each request to a server.
        ca_certificate: PEM file with the certificate that signs the server's, or "".
        client_key: PEM file with this client's private key, or "".
        client_certificate: PEM file with this client's certificate, or "".
        card: a card.json for a server that cannot return it, or "".
        retry_seconds: how long to keep trying while a server restarts.
    """

    threads: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    ca_certificate: str = ""
    client_key: str = ""
    client_certificate: str = ""
    card: str = ""
    retry_seconds: float = 60.0


def checked(predictions: NDArray[np.float32], card: ModelCard, rows: int) -> NDArray[np.float32]:
    """Return `predictions` if they are finite and of shape (rows, targets).

    Raises:
        BackendError: they are not; the message names the model and the first bad target.
    """
    wanted = (rows, len(card.targets))
    if predictions.shape != wanted:
        raise BackendError(
            f"{card.name} answered with shape {predictions.shape} where its card promises "
            f"{wanted}: run regplug models verify {card.name}"
        )
    if not np.isfinite(predictions).all():
        row, target = np.argwhere(~np.isfinite(predictions))[0]
        raise BackendError(
            f"{card.name} answered {predictions[row, target]} for {card.labels[target]}: the model "
            f"or its backend is broken; run regplug models verify {card.name}"
        )
    return predictions
