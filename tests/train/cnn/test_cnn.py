"""The network in torch and its graph agree; a network can be worked out by hand."""

import numpy as np
import onnxruntime
import pytest
import torch

from regplug.genome.codes import encode, reverse_complement
from regplug.train.cnn.graph import ensemble_graph
from regplug.train.cnn.network import Cnn
from regplug.train.cnn.shape import CnnShape
from regplug.train.panel.train import ensemble_logits


def graph_logits(shape, networks, codes):
    members = [{k: v.numpy() for k, v in one.state_dict().items()} for one in networks]
    graph = ensemble_graph(shape, members).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["scores"], {"codes": codes})[0]


def lived_in(shape, seed):
    """Return a network whose norms have seen data, some of their scales below 0."""
    torch.manual_seed(seed)
    network = Cnn(shape).train()
    for parameter in network.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
        if parameter.ndim == 1:
            parameter.data -= 0.7
    for _ in range(4):
        network(torch.randint(0, 5, (64, shape.width), dtype=torch.uint8))
    return network.eval()


@pytest.mark.parametrize(
    "head",
    [{"head": "flat"}, {"head": "max"}, {"head": "max", "centre": 17}, {"head": "attention"}],
)
@pytest.mark.parametrize("changes", [{}, {"turned": False, "activation": "relu", "blocks": 2}])
def test_the_graph_gives_what_torch_gives(random_codes, head, changes):
    shape = CnnShape(
        targets=3, width=47, channels=8, length=7, pool=4, block_length=3, **head, **changes
    )
    networks = [lived_in(shape, seed) for seed in (1, 2)]
    codes = random_codes(40, 47, seed=1, unknown=0.05)
    logits = ensemble_logits(networks, codes)
    assert logits.std() > 0.08
    np.testing.assert_allclose(graph_logits(shape, networks, codes), logits, atol=1e-5)
    np.testing.assert_allclose(
        ensemble_logits(networks, reverse_complement(codes)), logits, atol=1e-5
    )
    codes[codes == 4] = 255  # any code above 3 is an unknown base
    np.testing.assert_allclose(graph_logits(shape, networks, codes), logits, atol=1e-5)


@pytest.mark.parametrize(
    ("letters", "expected"), [("GACCA", 3), ("TGGTC", 3), ("GANNA", 1.5), ("GATTA", 2)]
)
def test_a_network_worked_out_by_hand(letters, expected):
    """One filter that counts the letters of ACC at its three places, read on both strands."""
    shape = CnnShape(
        targets=1, width=5, channels=1, length=3, pool=5, blocks=0, activation="relu", head="max"
    )
    network = Cnn(shape).eval()
    motif = torch.eye(4)[torch.from_numpy(encode("ACC")).long()]
    network.stem.weight.data = motif.reshape(1, 12)
    network.stem_norm.eps = 0.0
    network.head.weight.data = torch.tensor([[1.0, 0.0]])
    network.head.bias.data.zero_()
    with torch.no_grad():
        logits = network(torch.from_numpy(encode(letters))[None])
    assert logits.item() == pytest.approx(expected)


@pytest.mark.parametrize(("site", "expected"), [(0, 4), (12, 6), (27, 6), (32, 4)])
def test_the_centre_is_read_by_itself(site, expected):
    """The filter has 3 at ACC and, as GGT is its other direction, 1 in TTT; the centre is 10-29."""
    shape = CnnShape(
        targets=1, width=40, channels=1, length=3, pool=10, blocks=0, activation="relu", centre=20
    )
    assert shape.middle == (1, 3)
    network = Cnn(shape).eval()
    motif = torch.eye(4)[torch.from_numpy(encode("ACC")).long()]
    network.stem.weight.data = motif.reshape(1, 12)
    network.stem_norm.eps = 0.0
    network.head.weight.data = torch.tensor([[1.0, 0.0, 1.0, 0.0]])  # both maxima, no mean
    network.head.bias.data.zero_()
    letters = "T" * 40
    letters = letters[:site] + "ACC" + letters[site + 3 :]
    with torch.no_grad():
        logits = network(torch.from_numpy(encode(letters))[None])
    assert logits.item() == pytest.approx(expected)


@pytest.mark.parametrize(
    "wrong",
    [{"length": 10}, {"block_length": 4}, {"width": 3}, {"centre": 9},
     {"centre": 10, "head": "flat"}],
)  # fmt: skip
def test_a_shape_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"odd|width|centre"):
        CnnShape(**({"targets": 1, "width": 20} | wrong))
