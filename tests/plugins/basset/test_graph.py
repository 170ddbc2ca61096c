"""The ONNX graph: by hand, and against the plain reference."""

import numpy as np
import onnx
import onnxruntime
import pytest

from regplug.genome.codes import encode, reverse_complement
from regplug.models.stack_graph import stack_graph
from tests.plugins.basset.reference import probabilities
from tests.plugins.basset.toys import network_of, random_state, tiny_network


def run(network, codes):
    model = stack_graph(network)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(["scores"], {"codes": codes})[0]


def random_codes(rows, width):
    """Return random bases, one in twenty unknown, written as 4 or as 255."""
    rng = np.random.default_rng(3)
    unknown = rng.choice([4, 255], (rows, width))
    codes = np.where(rng.random((rows, width)) < 0.05, unknown, rng.integers(0, 4, (rows, width)))
    return codes.astype(np.uint8)


@pytest.mark.parametrize("same", [False, True])
def test_as_the_plain_reference(same):
    state, codes = random_state(1, same=same), random_codes(20, 600)
    network = network_of(state)
    assert network.shape.form == ("same" if same else "valid")
    scores = run(network, codes)
    assert scores.dtype == np.float32
    assert scores.std(0).min() > 0.005
    np.testing.assert_allclose(scores, probabilities(state, codes, same=same), atol=1e-5)
    other = np.where(codes < 4, codes, 4).astype(np.uint8)
    np.testing.assert_allclose(run(network, reverse_complement(other)), scores, atol=1e-5)


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize(
    ("letters", "forward", "reverse"),
    [("GGGGA", 1, 0), ("ACTTG", 1, 1), ("GCGCG", 0, 0), ("GGNGG", 0.25, 0.25)],
)
def test_an_a_somewhere_by_hand(letters, forward, reverse):
    """One filter of one base sees A; the probability is that of twice its maximum."""
    network = tiny_network(np.array([[[1], [0], [0], [0]]]), width=5, pool=5, last=2)
    expected = (sigmoid(2 * forward) + sigmoid(2 * reverse)) / 2  # probabilities, not logits
    assert run(network, encode(letters)[None]).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("letters", "valid", "same"),
    [
        ("AAGGG", 1, 1),
        ("GGAAC", 0, 1),  # valid: the third place fills no pool of two
        ("GGGAA", 0, 1),  # valid: the filter would hang over; same: it does, in a short last pool
        ("AAAAA", 1, 3),
        ("GAGAG", 0, 0),
    ],
)
def test_ends_and_short_pools_by_hand(letters, valid, same):
    """One filter sees AA at the first two of its three bases; TT is never on these strands."""
    weight = np.zeros((1, 4, 3))
    weight[0, 0, :2] = 1
    for form, found in (("valid", valid), ("same", same)):
        network = tiny_network(weight, width=5, pool=2, last=1, form=form)
        network.arrays["convs.0.bias"][:] = -1  # so that one A is not enough
        expected = (sigmoid(found) + sigmoid(0)) / 2
        assert run(network, encode(letters)[None]).item() == pytest.approx(expected, abs=1e-6)
