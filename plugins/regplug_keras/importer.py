"""A Keras model's files → a Triton model, without Keras.

model.json, weights.h5 ─read_keras→ Net ─models.imported→ <name>
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN
from regplug.models.foreign import Net
from regplug.models.imported import Imported, import_nets
from regplug.scoring.outputs import Kind
from regplug_keras.architecture import Architecture
from regplug_keras.files import members, opened
from regplug_keras.graph import keras_net
from regplug_keras.weights import WeightFile


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


def import_keras(
    files: Sequence[Path],
    repo: Path,
    about: About,
    *,
    backend: str = "",
    golden: Path | None = None,
    measuring: Measuring = PLAIN,
) -> Imported:
    """Write the model of Keras's files into `repo`.

    Args:
        files: an architecture (.json) and weights, or files that hold both; several networks are
            an ensemble.
        repo: the model repository.
        about: what the card says that the files do not.
        backend: as in `read_keras`.
        golden: as in `import_nets`.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: as `read_keras` and `import_nets`.
        MissingLibraryError: h5py is not installed.
    """
    nets = [
        read_keras(
            *pair, backend=backend, window=about.window, head=about.head, outputs=about.outputs
        )
        for pair in members(files)
    ]
    about = replace(about, doc=about.doc or f"Keras model {files[0].name}: its outputs")
    return import_nets(nets, repo, about, command="keras", golden=golden, measuring=measuring)
