"""Graphs as torch exports them, opened behind their first convolution; and those refused."""

from io import BytesIO

import numpy as np
import pytest
import torch
from onnx import load_from_string
from torch import nn

from regplug.errors import ModelError
from regplug.interpret.filters.layer import FirstLayer, Silenced
from tests.toy_filters import card_of

WINDOW, FILTERS, TARGETS = 40, 6, 3


class Codes(nn.Module):
    """One-hot of both strands, then `layers` on each; the mean of what `end` makes of them."""

    def __init__(self, layers, end=torch.sigmoid, *, apart=False):
        super().__init__()
        self.layers, self.end, self.apart = layers, end, apart

    def forward(self, codes):
        table = torch.cat([torch.eye(4), torch.full((1, 4), 0.25)])
        bases = table[codes.long()].transpose(1, 2)
        strands = (bases, bases.flip(1, 2))
        if self.apart:
            return sum(self.end(self.layers(one)) for one in strands) / 2
        return self.end(self.layers(torch.cat(strands))).reshape(2, -1, TARGETS).mean(0)


def network(first=None, activation=None, norm=True, **changes):
    torch.manual_seed(0)
    layers = [first or nn.Conv1d(4, FILTERS, 7, padding=3)]
    layers += [nn.BatchNorm1d(FILTERS)] if norm else []
    layers += [activation or nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten()]
    layers += [nn.Linear(FILTERS, TARGETS)]
    return Codes(nn.Sequential(*layers), **changes).eval()


def opened(model, scale="probability"):
    file, codes = BytesIO(), torch.zeros(2, WINDOW, dtype=torch.uint8)
    torch.onnx.export(
        model,
        (codes,),
        file,
        dynamo=False,
        input_names=["codes"],
        output_names=["scores"],
        dynamic_axes={"codes": {0: "n"}, "scores": {0: "n"}},
    )
    graph = load_from_string(file.getvalue())
    card = card_of(graph, window=WINDOW, targets=TARGETS, output_scale=scale)
    return FirstLayer(graph, card, threads=1)


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.GELU(), nn.ELU(), nn.Softplus()])
@torch.no_grad()
def test_a_filter_is_silenced(random_codes, activation):
    model = network(activation=activation)
    codes = random_codes(9, WINDOW, seed=1, unknown=0.1)
    layer = opened(model)
    (member,) = layer.members
    assert (member.size, member.length, member.pad) == (FILTERS, 7, 3)
    maps = layer.read(codes)
    assert maps[0].letters.shape == (18, 4, WINDOW)
    before = layer.predict(codes, maps)
    expected = model(torch.from_numpy(codes))
    np.testing.assert_allclose(before.scores, expected, atol=1e-5)
    after = layer.predict(codes, maps, Silenced(0, 2, np.float32(0.7)))
    logits = before.logits.copy()

    def silence(_, __, output):
        output[:, 2] = 0.7
        return output

    handle = activation.register_forward_hook(silence)
    expected = model(torch.from_numpy(codes))
    model.end = lambda logits: logits
    np.testing.assert_allclose(after.logits, model(torch.from_numpy(codes)), atol=1e-5)
    handle.remove()
    np.testing.assert_allclose(logits, model(torch.from_numpy(codes)), atol=1e-5)
    np.testing.assert_allclose(after.scores, expected, atol=1e-5)
    assert np.abs(after.scores - before.scores).max() > 1e-3


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (network(apart=True), "each strand has a convolution of its own"),
        (network(nn.Conv1d(4, FILTERS, 7, stride=2)), "or leaves bases"),
        (network(nn.Conv1d(4, FILTERS, 7, dilation=2)), "or leaves bases"),
        (network(end=lambda x: x.softmax(1)), "its probabilities come from Softmax"),
        (network(activation=nn.Identity()), "no activation follows its first convolution"),
    ],
)
def test_refused(model, why):
    with pytest.raises(ModelError, match=f"the filters of words cannot be looked at: .*{why}"):
        opened(model)
