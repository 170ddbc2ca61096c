"""Files of Keras → an architecture and the weights to it.

model.json, weights.h5 …   what model.to_json() and model.save_weights() gave
model.h5                   what model.save() gave: both in one
model.keras                the same since Keras 3: a zip of config.json and model.weights.h5
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from regplug.errors import UNREADABLE, ModelError
from regplug.models.keras.architecture import (
    LARGEST,
    Architecture,
    architecture_in,
    read_architecture,
)
from regplug.models.keras.weights import MOST, WeightFile, open_weights, stored_architecture

ZIP = ".keras"


def members(files: Sequence[Path]) -> list[tuple[Path | None, Path]]:
    """Return (architecture, weights) per network; None where the weights' file has both.

    Raises:
        ModelError: an architecture has no weights.
    """
    if files[0].suffix != ".json":
        return [(None, path) for path in files]
    if len(files) == 1:
        raise ModelError(f"{files[0]} is an architecture: name its weights (.h5) after it")
    return [(files[0], path) for path in files[1:]]


@contextmanager
def opened(architecture: Path | None, weights: Path) -> Iterator[tuple[Architecture, WeightFile]]:
    """Give the architecture and the weights of a network.

    Raises:
        ModelError: a file cannot be read, or an array that is asked for in the block does not fit.
        MissingLibraryError: h5py is not installed.
    """
    if weights.suffix == ZIP:
        text, held = _unzipped(weights)
        layers = architecture_in(text, weights)
        with open_weights(weights, layers.kinds, held) as file:
            yield layers, file
    elif architecture is not None:
        layers = read_architecture(architecture)
        with open_weights(weights, layers.kinds) as file:
            yield layers, file
    else:
        layers = architecture_in(stored_architecture(weights), weights)
        with open_weights(weights, layers.kinds) as file:
            yield layers, file


def _unzipped(path: Path) -> tuple[bytes, io.BytesIO]:
    """Return the architecture and the file of weights in a .keras."""
    try:
        with zipfile.ZipFile(path) as zipped:
            sizes = [zipped.getinfo(name).file_size for name in ("config.json", "model.weights.h5")]
            if sizes[0] > LARGEST or sizes[1] > 8 * MOST:
                raise ModelError(f"{path} is no model: it unpacks to {sum(sizes):,} bytes")
            return zipped.read("config.json"), io.BytesIO(zipped.read("model.weights.h5"))
    except (*UNREADABLE, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ModelError(
            f"{path} is no .keras file ({error}): model.save('FILE.keras') in Keras 3 makes one"
        ) from error
