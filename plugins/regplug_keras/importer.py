"""A Keras model's files → a Triton model, without Keras.

model.json, weights.h5 ─read_keras→ KerasGraph ─import_keras→ <name>
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from regplug.errors import ModelError
from regplug.files.version import VERSION
from regplug.hooks.labels import labels_of
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN, export_model
from regplug.scoring.card import ModelCard, Target
from regplug_keras.architecture import Layer, read_layers
from regplug_keras.graph import KerasGraph, keras_graph
from regplug_keras.weights import WeightFile, open_weights

Scale = Literal["probability", "positive", "score"]
_MEMORY = 400 * 2**20  # bytes of the largest layer's answer to a call


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a card says that the files do not.

    Attributes:
        output_scale: of the targets; None: a probability after a sigmoid or softmax, else a score.
        license: of the weights.
        cite_as: the publication.
        assembly: of the training data.
        doc: what the scores are.
    """

    output_scale: Scale | None = None
    license: str = "not stated"
    cite_as: str = ""
    assembly: str = ""
    doc: str = ""


def read_keras(architecture: Path, weights: Path, *, backend: str = "") -> KerasGraph:
    """Return the graph of an architecture (.json) and its weights (.h5, .hdf5).

    Args:
        architecture: what `model.to_json()` gave.
        weights: what `model.save_weights()` or `model.save()` gave.
        backend: of Keras in training, "theano" or "tensorflow"; "": as the file says, and where it
            does not, theano for channels first (Keras 0.3 and 1).

    Raises:
        ModelError: a file cannot be read, a layer is not read, or the two do not fit.
        MissingLibraryError: h5py is not installed.
    """
    layers = read_layers(architecture)
    with open_weights(weights) as file:
        said = backend or file.backend or _usual_backend(file, layers)
        return keras_graph(layers, file, theano=said == "theano")


def _usual_backend(file: WeightFile, layers: Sequence[Layer]) -> str:
    first = any(layer.settings.get("data_format") == "channels_first" for layer in layers)
    return "theano" if file.version < 2 and first else "tensorflow"


def import_keras(
    architecture: Path,
    weights: Path,
    repo: Path,
    *,
    name: str,
    labels: Path | None = None,
    about: About | None = None,
    backend: str = "",
    measuring: Measuring = PLAIN,
) -> ModelCard:
    """Write the model of a Keras architecture and its weights into `repo`; return its card.

    Args:
        architecture: as in `read_keras`.
        weights: as in `read_keras`.
        repo: the model repository.
        name: the model's.
        labels: a file of the targets' names; without one they are t0, t1 ...
        about: what the card says that the files do not.
        backend: as in `read_keras`.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: as `read_keras`; or the names, or the scale, do not fit.
        MissingLibraryError: h5py is not installed.
    """
    about = about or About()
    graph = read_keras(architecture, weights, backend=backend)
    card = ModelCard(
        name=name,
        version="1",
        family="variant_effect",
        window=graph.width,
        targets=tuple(Target(label) for label in labels_of(labels, graph.targets, weights)),
        strand="mean",
        output_scale=_scale(graph, about.output_scale),
        max_batch_size=_rows_per_call(graph.largest),
        sha256="",
        assembly=about.assembly,
        doc=about.doc or f"Keras model {architecture.name}: its outputs, mean of both strands",
        cite_as=about.cite_as,
        license=about.license,
        created_by=f"regplug {VERSION} models import keras",
    )
    onnx = graph.onnx.SerializeToString()
    return export_model(repo, card, onnx, measuring)


def _scale(graph: KerasGraph, wanted: Scale | None) -> Scale:
    """Return the scale of the outputs.

    Raises:
        ModelError: a probability is wanted of outputs that may lie outside 0 to 1.
    """
    probability = graph.last in ("sigmoid", "softmax")
    if wanted == "probability" and not probability:
        raise ModelError(
            "the last layer is no sigmoid or softmax, so its outputs are no probabilities: "
            "leave --output-scale out"
        )
    return wanted or ("probability" if probability else "score")


def _rows_per_call(largest: int) -> int:
    """Return the batch limit, 512 at most, at which the largest layer gives up to 400 MB."""
    row, limit = 2 * largest * 4, 512
    while limit > 1 and limit * row > _MEMORY:
        limit //= 2
    return limit
