import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, version_converter

from regplug.models.embedded import open_session
from regplug.models.onnx_builder import Builder
from regplug.models.variants.graph import ALT, BLOCK, OF, STARTS, variants_graph
from regplug.scoring.alleles import column
from tests.models.variants.toy_graphs import networks, reference

ERROR = 1e-5


def answers(model, **inputs):
    (scores,) = open_session(model.SerializeToString(), "toy", threads=1).run(None, inputs)
    return scores


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.data())
def test_scores_are_those_of_each_window_alone(model, data):
    window = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    block = rng.integers(0, 5, window + data.draw(st.sampled_from([0, 60, 300]))).astype(np.uint8)
    starts = np.array(
        data.draw(st.lists(st.integers(0, len(block) - window), min_size=1, max_size=8))
    )
    of = rng.integers(0, len(starts), data.draw(st.integers(1, 6)))
    alt = rng.integers(0, 4, len(of)).astype(np.uint8)

    made = variants_graph(model, column(window))
    assert made is not None
    found = answers(made, **{BLOCK: block, STARTS: starts, OF: of, ALT: alt})

    ref = block[starts[:, None] + np.arange(window)]
    changed = ref[of]
    changed[:, column(window)] = alt
    windows = np.concatenate([ref, changed])
    wanted, plain = reference(model, windows), answers(model, codes=windows)
    assert found.shape == wanted.shape
    scale = max(1, abs(wanted).max())
    assert abs(found - wanted).max() <= max(ERROR * scale, 2 * abs(plain - wanted).max())


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
def test_operators_of_a_later_version(kind: str) -> None:
    """As torch.onnx writes them: what reduces reads its axes there."""
    graph, rng = Builder(), np.random.default_rng(0)
    filters = graph.constant(rng.normal(size=(6, 4, 1, 5)), np.float32)
    convolved = graph.op("Conv", graph.one_hot(graph.known("codes")), filters)
    pooled = graph.op(kind, convolved, kernel_shape=[1, 3], strides=[1, 2])
    graph.name("scores", graph.op("Flatten", graph.op("GlobalAveragePool", pooled)))
    inputs = [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 40])]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 6])]
    model = version_converter.convert_version(graph.model("toy", inputs, outputs, ""), 20)
    made = variants_graph(model, column(40))
    assert made is not None
    block, of = rng.integers(0, 4, 40).astype(np.uint8), np.zeros(1, np.int64)
    alt = 3 - block[[column(40)]]
    found = answers(made, **{BLOCK: block, STARTS: of, OF: of, ALT: alt})
    changed = block.copy()
    changed[column(40)] = alt[0]
    np.testing.assert_allclose(found, answers(model, codes=np.stack([block, changed])), atol=1e-6)
