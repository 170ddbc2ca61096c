"""A Keras file of ChromBPNet or BPNet ─read_keras_file→ Net of log counts and a profile.

chrombpnet_nobias.h5 and bias.h5 read a sequence alone; BPNet's also the counts of a control, which
are held at zero, as where there was no read of it.
"""

import re
from pathlib import Path

from regplug.errors import ModelError
from regplug.models.foreign import Net
from regplug.models.keras.architecture import Architecture, Layer, NestedModelError
from regplug.models.keras.files import opened
from regplug.models.keras.graph import keras_net
from regplug.scoring.outputs import Kind
from regplug_bpnet.heads import counts_and_profile

_SUMMED = re.compile(r"\w*_logsumexp_counts_bias_\d+")  # of bpnet-refactor's arch.py


def read_keras_file(path: Path, *, window: int | None = None) -> Net:
    """Return the network in a file of model.save(), .h5 or .keras.

    Args:
        path: of the file.
        window: bases that it reads, where it does not tell.

    Raises:
        ModelError: it cannot be read, a layer is missing or not read, or it answers no counts and
            profile.
        MissingLibraryError: h5py is not installed.
    """
    outputs: dict[str, Kind]
    try:
        with opened(None, path) as (architecture, weights):
            outputs = dict.fromkeys(architecture.outputs, "score")
            net = keras_net(
                *(_without_code(architecture), weights, path.name),
                theano=False,
                window=window,
                outputs=outputs,
                zeros=True,
            )
    except NestedModelError as error:
        raise ModelError(
            f"{error}; of ChromBPNet's, chrombpnet_nobias.h5 is what variants are scored with"
        ) from error
    return counts_and_profile(net)


def _without_code(architecture: Architecture) -> Architecture:
    """Return the layers with what BPNet's Lambda computes in its place; its code is not run.

    A Lambda holds a program of Python's. BPNet's adds up the control's counts of the strands, which
    are logarithms, and is known by its name.
    """

    def plain(layer: Layer) -> Layer:
        if layer.kind != "Lambda" or not _SUMMED.fullmatch(layer.name):
            return layer
        return layer._replace(kind="Logsumexp", settings={"axis": -1, "keepdims": True})

    return architecture._replace(layers=[plain(layer) for layer in architecture.layers])
