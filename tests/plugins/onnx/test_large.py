"""A network of 300 MB, as large ones are: imported, verified and run."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from regplug.genome.codes import decode
from regplug.models.repository import read_card
from tests.plugins.onnx.test_onnx import importer

WINDOW, UNITS = 2000, 9600  # 4 · 2000 · 9600 float32 are 307 MB


def write(path, rng):
    """Write a dense layer over all letters, a rectifier and a dense layer; return its arrays."""
    first = rng.normal(size=(4 * WINDOW, UNITS), scale=0.02).astype(np.float32)
    second = rng.normal(size=(UNITS, 2), scale=0.02).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("MatMul", ["flat", "first"], ["units"]),
            helper.make_node("Relu", ["units"], ["active"]),
            helper.make_node("MatMul", ["active", "second"], ["y"]),
        ],
        "large",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, WINDOW])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return first, second


@pytest.mark.nightly
def test_a_network_of_300_mb(regplug, tmp_path):
    rng = np.random.default_rng(0)
    first, second = write(tmp_path / "x.onnx", rng)
    assert (tmp_path / "x.onnx").stat().st_size > 300e6
    done = importer(regplug, tmp_path, "onnx")(tmp_path / "x.onnx", strand="none")
    assert done.status == 0, done.err
    repo = tmp_path / "repo"
    assert read_card(repo / "mine").window == WINDOW
    assert regplug("models", "verify", "--model-repo", repo).status == 0
    codes = rng.integers(0, 4, (3, WINDOW))
    fasta = "".join(f">{i}\n{decode(row)}\n" for i, row in enumerate(codes.astype(np.uint8)))
    (tmp_path / "x.fa").write_text(fasta)
    done = regplug("predict", tmp_path / "x.fa", "--model", "mine", "--model-repo", repo)
    found = [[float(cell) for cell in line.split("\t")[1:]] for line in done.out.splitlines()[1:]]
    letters = np.eye(4, dtype=np.float32)[codes].transpose(0, 2, 1).reshape(3, -1)
    np.testing.assert_allclose(found, np.maximum(letters @ first, 0) @ second, atol=1e-3)
