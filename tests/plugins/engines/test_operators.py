"""Operators in PyTorch against ONNX's own cases of each (onnx.backend.test)."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from onnx import TensorProto, helper  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402

from regplug.errors import ModelError  # noqa: E402
from regplug.models.torch_graph.operators import OPERATORS  # noqa: E402
from regplug.scoring.backend import BackendOptions  # noqa: E402
from regplug_torch.library import Torch  # noqa: E402

KINDS = {np.dtype(kind) for kind in ("float32", "float64", "int32", "int64", "bool")}
# What no network has: padding by reflection, batch statistics of training,
# indices of a maximum, the maximum of nothing.
# One case's numbers are rounded to four digits.
LEFT_OUT = ("dilations_large", "dilations_small", "averagepool_2d_dilations", "edge_pad",
            "use_ref_impl_large", "averagepool_2d_ceil_last_window_starts_on_pad",
            "reflect_pad", "wrap_pad", "training_mode", "with_argmax", "empty_set",
            "center_crop", "flexattention")  # fmt: skip


def cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_model_tests(kind="node")
    for case in found:
        kinds = {node.op_type for node in case.model.graph.node}
        if kinds and kinds <= OPERATORS.keys() and not any(part in case.name for part in LEFT_OUT):
            yield case


def test_each_is_as_onnx_has_it():
    library, seen, compared = Torch(BackendOptions()), set(), 0
    for case in cases():
        graph = case.model.graph
        session = library.open(case.model.SerializeToString(), case.name)
        for given, wanted in case.data_sets:
            arrays = [np.asarray(array) for array in given if array is not None]
            if any(
                isinstance(each, list) or each.dtype not in KINDS for each in (*arrays, *wanted)
            ):
                continue  # lists of tensors, and other kinds of numbers
            names = [name.name for name in graph.input]
            found = session.run(
                [out.name for out in graph.output], dict(zip(names, arrays, strict=True))
            )
            for ours, theirs in zip(found, wanted, strict=True):
                assert ours.shape == theirs.shape, case.name
                np.testing.assert_allclose(
                    ours.astype(float), theirs, rtol=1e-5, atol=1e-6, err_msg=case.name
                )
            seen |= {node.op_type for node in graph.node}
            compared += 1
    assert seen == OPERATORS.keys()
    assert compared > 380


def test_one_that_is_not_there_is_named():
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=1)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    with pytest.raises(ModelError, match="--engine torch cannot run LSTM, which mine has"):
        Torch(BackendOptions()).open(helper.make_model(graph).SerializeToString(), "mine")


def test_what_a_kind_of_an_operator_lacks_is_said():
    name = "test_reflect_pad"
    (case,) = (case for case in load_model_tests(kind="node") if case.name == name)
    session = Torch(BackendOptions()).open(case.model.SerializeToString(), name)
    names = [given.name for given in case.model.graph.input]
    arrays = [np.asarray(array) for array in case.data_sets[0][0]]
    with pytest.raises(ModelError, match=r"--engine torch .*padding by other .* leave it out"):
        session.run([case.model.graph.output[0].name], dict(zip(names, arrays, strict=True)))
