"""A model of one motif, whose contributions can be worked out by hand."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from regplug.genome.codes import encode
from regplug.hooks.measuring import Measuring
from regplug.models.export import export_model
from regplug.models.onnx_builder import Builder
from regplug.scoring.card import ModelCard, Target

MOTIF = "GATTACA"


def planted_model(
    repo: Path, name: str = "planted", *, window: int = 40, **card: object
) -> ModelCard:
    """Write a model that counts MOTIF on the forward strand: every whole site adds 1.

    A filter counts a placement's right bases, less all but one of them; below 0 is 0.
    """
    graph = Builder()
    letters = graph.one_hot(graph.known("codes"))
    filters = np.eye(4)[encode(MOTIF)].T[None, :, None]  # (1, 4, 1, bases)
    bias = graph.constant([1 - len(MOTIF)], np.float32)
    found = graph.op("Relu", graph.op("Conv", letters, graph.constant(filters, np.float32), bias))
    total = graph.op("ReduceSum", found, graph.ints(2, 3), keepdims=0)
    graph.name("scores", total)
    onnx = graph.model(
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", window])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])],
        doc="",
    )
    made = ModelCard(
        name=name,
        window=window,
        targets=(Target("sites"),),
        sha256="",
        max_batch_size=64,
        **{"version": "1", "family": "variant_effect", "strand": "none", "output_scale": "score"}
        | card,  # type: ignore[arg-type]
    )
    return export_model(repo, made, onnx.SerializeToString(), Measuring(3))
