import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, version_converter

from regplug.models.library import open_session
from regplug.models.onnx_builder import Builder
from regplug.models.variants.graph import ALT, BLOCK, OF, STARTS, sizes_of, variants_graph
from regplug.scoring.alleles import column
from tests.models.variants.toy_graphs import networks, reference, twin_networks

ERROR = 1e-5


def answers(model, **inputs):
    (scores,) = open_session(model.SerializeToString(), "toy", threads=1).run(None, inputs)
    return scores


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(networks(), twin_networks()), st.data())
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


@pytest.mark.parametrize(
    ("window", "turn", "convolutions"),
    [(40, (1, 3), 2), (41, (1, 3), 3), (43, (1, 3), 3), (40, (3,), 4), (41, (1,), 4)],
)
def test_filters_turned_round_are_not_computed_again(
    window: int, turn: tuple[int, ...], convolutions: int
) -> None:
    """All windows' by one; an ALT's pools are others from either end, unless they fill a window."""
    model = twins(window, turn)
    made = variants_graph(model, column(window))
    assert made is not None
    assert [node.op_type for node in made.graph.node].count("Conv") == convolutions
    rng = np.random.default_rng(2)
    block, starts = rng.integers(0, 5, 200).astype(np.uint8), np.array([0, 8, 13, 110])
    of, alt = np.array([0, 0, 1, 2, 3]), np.array([0, 1, 2, 3, 0], np.uint8)
    ref = block[starts[:, None] + np.arange(window)]
    changed = ref[of]
    changed[:, column(window)] = alt
    found = answers(made, **{BLOCK: block, STARTS: starts, OF: of, ALT: alt})
    wanted = reference(model, np.concatenate([ref, changed]))
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def twins(window: int, turn: tuple[int, ...]) -> ModelProto:
    """Return a network that reads both strands with filters of 5 bases, and these turned round."""
    graph, rng = Builder(), np.random.default_rng(0)
    filters = rng.normal(size=(6, 4, 1, 5))
    both = graph.one_hot(graph.both_strands(graph.known("codes"), window))
    pools = [
        graph.op(
            "MaxPool", graph.op("Conv", both, graph.constant(each, np.float32)),
            kernel_shape=[1, 4], strides=[1, 4],
        )
        for each in (filters, np.flip(filters, axis=turn))
    ]  # fmt: skip
    length = (window - 4) // 4
    weights = graph.constant(rng.normal(size=(6 * length, 3)), np.float32)
    scores = graph.op("Gemm", graph.op("Flatten", graph.op("Max", *pools)), weights)
    graph.name(
        "scores", graph.op("ReduceMean", graph.reshape(scores, 2, -1, 3), axes=[0], keepdims=0)
    )
    inputs = [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", window])]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])]
    return graph.model("toy", inputs, outputs, "")


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


@pytest.mark.parametrize("around", [0, 12])
def test_a_wide_layer_of_few_filters_looks_up_what_its_taps_make(around: int) -> None:
    """As the profile of BPNet: 75 taps of 512 channels would be 38,400 numbers a base."""
    model = headed(around)
    made = variants_graph(model, column(90))
    assert made is not None
    taps, strands = 25, 1
    assert max(layer.numbers for layer in sizes_of(made).layers) == strands * taps * 2
    assert len(made.graph.node) < 300
    rng = np.random.default_rng(1)
    block, starts = rng.integers(0, 5, 200).astype(np.uint8), np.array([0, 7, 110])
    of, alt = np.array([0, 0, 1, 2]), np.array([0, 1, 2, 3], np.uint8)
    ref = block[starts[:, None] + np.arange(90)]
    changed = ref[of]
    changed[:, column(90)] = alt
    found = answers(made, **{BLOCK: block, STARTS: starts, OF: of, ALT: alt})
    wanted = reference(model, np.concatenate([ref, changed]))
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def headed(around: int) -> ModelProto:
    """Return a network of 90 bases whose last layer has 2 filters of 25 taps and 16 channels."""
    graph, rng = Builder(), np.random.default_rng(0)
    first = graph.constant(rng.normal(size=(16, 4, 1, 5)) / 4, np.float32)
    last = graph.constant(rng.normal(size=(2, 16, 1, 25)) / 20, np.float32)
    bias = graph.constant(rng.normal(size=2), np.float32)
    seen = graph.op("Relu", graph.op("Conv", graph.one_hot(graph.known("codes")), first))
    pads = [0, around, 0, around]
    graph.name("scores", graph.op("Flatten", graph.op("Conv", seen, last, bias, pads=pads)))
    inputs = [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 90])]
    width = 2 * (90 - 4 - 24 + 2 * around)
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", width])]
    return graph.model("toy", inputs, outputs, "")
