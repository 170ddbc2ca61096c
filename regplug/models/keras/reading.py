"""A Keras model's files ─read_keras→ Net, without Keras."""

from collections.abc import Mapping
from pathlib import Path

from regplug.models.foreign import Net
from regplug.models.keras.architecture import Architecture
from regplug.models.keras.files import opened
from regplug.models.keras.graph import keras_net
from regplug.models.keras.weights import WeightFile
from regplug.scoring.outputs import Kind


def read_keras(
    architecture: Path | None,
    weights: Path,
    *,
    backend: str = "",
    window: int | None = None,
    head: str = "",
    outputs: Mapping[str, Kind] | None = None,
) -> Net:
    """Return the network in a file of weights.

    Args:
        architecture: what `model.to_json()` gave; None where `weights` holds it too.
        weights: what `model.save_weights()` or `model.save()` gave.
        backend: of Keras in training, "theano" or "tensorflow"; "": as the file says, and where it
            does not, theano for channels first (Keras 0.3 and 1).
        window: bases that it reads, where it does not tell.
        head: the layer that answers, where there are several.
        outputs: layers that answer, where several are wanted, and what each gives.

    Raises:
        ModelError: a file cannot be read, a layer is not read, or the two do not fit.
        MissingLibraryError: h5py is not installed.
    """
    with opened(architecture, weights) as (layers, file):
        said = backend or file.backend or _usual_backend(file, layers)
        theano = said == "theano"
        return keras_net(
            *(layers, file, weights.name),
            theano=theano,
            window=window,
            head=head,
            outputs=outputs or {},
        )


def _usual_backend(file: WeightFile, architecture: Architecture) -> str:
    formats = [layer.settings.get("data_format") for layer in architecture.layers]
    return "theano" if file.version < 2 and "channels_first" in formats else "tensorflow"
