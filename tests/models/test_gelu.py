"""GELU: its numbers, and that onnxruntime computes it in one pass, also in graphs for variants."""

from math import erf, sqrt
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from regplug.models.onnx_builder import Builder
from regplug.models.repository import read_card, read_onnx
from regplug.models.variants.served import graph_of

MODELS = Path(__file__).parents[2] / "model_repo"


def _operators(graph: bytes, folder: Path) -> set[str]:
    """Return what onnxruntime makes of a graph."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(folder / "made.onnx")
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return {node.op_type for node in onnx.load(folder / "made.onnx").graph.node}


def test_gelu_is_its_formula():
    graph = Builder()
    graph.name("y", graph.gelu("x"))
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    made = graph.model("gelu", value[:1], value[1:], doc="").SerializeToString()
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    x = np.linspace(-6, 6, 1001).astype(np.float32)
    wanted = [v / 2 * (1 + erf(v / sqrt(2))) for v in x.astype(float)]
    np.testing.assert_allclose(session.run(["y"], {"x": x})[0], wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["open_chromatin", "basset_dhs4", "deepbind_encode", "yeast"])
def test_gelus_are_one_pass(tmp_path, name):
    plain = read_onnx(MODELS / name, read_card(MODELS / name))
    assert "Erf" in {node.op_type for node in onnx.load_from_string(plain).graph.node}
    variants = graph_of(MODELS / name, read_card(MODELS / name)).SerializeToString()
    for graph in (plain, variants):
        operators = _operators(graph, tmp_path)
        assert operators & {"Gelu", "BiasGelu"}
        assert "Erf" not in operators
