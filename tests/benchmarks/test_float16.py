"""A network in float16: each number is what numpy's float16 keeps of it."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.float16 import rounded


def test_weights_and_answers_are_rounded_and_sums_are_not():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (7, 30)).astype(np.uint8)
    weights = rng.normal(0, 0.05, (30, 3)).astype(np.float32)  # sums below 2
    nodes = [
        helper.make_node("Cast", ["codes"], ["letters"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["letters", "weights"], ["sums"]),
        helper.make_node("Sigmoid", ["sums"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 30])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    made = rounded(model).SerializeToString()
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    (found,) = session.run(["scores"], {"codes": codes})

    half = weights.astype(np.float16).astype(np.float64)  # products of which are exact in float64
    sums = (codes @ half).astype(np.float32).astype(np.float16).astype(np.float64)
    wanted = (1 / (1 + np.exp(-sums))).astype(np.float32).astype(np.float16)
    np.testing.assert_allclose(found, wanted, rtol=2**-9)  # last digits of float16
    assert (found == found.astype(np.float16)).all()
    whole = 1 / (1 + np.exp(-(codes @ weights.astype(np.float64))))
    assert np.abs(found - whole).max() > 1e-5
