"""The network for training: as its graph, and as Basset's rules say."""

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from regplug.models.stack import StackNetwork, StackShape
from regplug.models.stack_graph import stack_graph
from regplug.train.basset.build import arrays_of, load_arrays
from regplug.train.basset.network import Basset
from regplug.train.loop.learner import shorten_rows


def small(form, **changes):
    sizes = {"filters": (6, 5, 4), "sizes": (7, 5, 3), "pools": (3, 2, 4), "dense": (8, 7)}
    return StackShape(**({"targets": 3, "width": 101, "form": form} | sizes | changes))


def lived_in(shape, seed):
    """Return a network whose norms have seen data, some of their scales below 0."""
    torch.manual_seed(seed)
    network = Basset(shape).train()
    for norm in (*network.conv_norms, *network.dense_norms):
        norm.weight.data.uniform_(-1, 2)
        norm.bias.data.normal_(0.3)
    network.last.weight.data *= 4
    for _ in range(30):  # until the running means and variances are those of the data
        network(torch.randint(0, 5, (64, shape.width), dtype=torch.uint8))
    return network.eval()


def stored(model):
    """Return the network's weights, as a graph is made of them."""
    return StackNetwork(model.shape, arrays_of(model))


@pytest.mark.parametrize("form", ["valid", "same"])
def test_the_graph_gives_what_torch_gives(random_codes, form):
    model = lived_in(small(form), 1)
    codes = random_codes(40, 101, seed=1, unknown=0.05)
    with torch.no_grad():
        expected = model.both_strands(torch.from_numpy(codes)).numpy()
    assert expected.std(0).max() > 0.01
    graph = stack_graph(stored(model)).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["scores"], {"codes": codes})[0], expected, atol=1e-5)


def layer_by_layer(model, codes):
    """Return the logits, in training, as the published network is written down."""

    def normed(norm, values):
        return functional.batch_norm(values, None, None, norm.weight, norm.bias, training=True)

    ceil = model.shape.form == "same"
    values = model.one_hot[codes.long()].transpose(1, 2).contiguous()
    for conv, norm, pool in zip(model.convs, model.conv_norms, model.shape.pools, strict=True):
        values = normed(norm, conv(values)).relu()
        values = functional.max_pool1d(values, pool, ceil_mode=ceil)
    values = values.flatten(1)
    for dense, norm in zip(model.dense, model.dense_norms, strict=True):
        values = normed(norm, dense(values)).relu()
    return model.last(values)


@pytest.mark.parametrize("form", ["valid", "same"])
def test_logits_and_gradients_are_those_of_the_layers_one_by_one(random_codes, form):
    model = lived_in(small(form), 4).double().train()
    model.dropout.p = 0.0
    codes = torch.from_numpy(random_codes(32, 101, seed=4, unknown=0.05))
    weights = torch.randn(32, 3, dtype=torch.float64)
    found = []
    for logits in (model(codes), layer_by_layer(model, codes)):
        gradients = torch.autograd.grad((logits * weights).sum(), list(model.parameters()))
        found.append([logits, *gradients])
    assert all(one.abs().max() > 0 for one in found[1] if one.ndim > 1)
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("form", "parameters"), [("valid", 4_135_064), ("same", 4_735_064)])
def test_the_published_sizes(form, parameters):
    model = Basset(StackShape(targets=164, form=form))
    assert sum(one.numel() for one in model.parameters()) == parameters
    assert model.dropout.p == 0.3


@pytest.mark.slow
@pytest.mark.parametrize("form", ["valid", "same"])
def test_there_and_back(form):
    model = lived_in(small(form), 2)
    again = Basset(model.shape).eval()
    load_arrays(again, arrays_of(model))
    for name, value in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_weights_handed_out_are_not_those_in_training():
    model = lived_in(small("valid"), 3)
    before = arrays_of(model)["last.weight"].copy()
    handed_out = arrays_of(model)
    with torch.no_grad():
        model.last.weight.zero_()
    np.testing.assert_array_equal(handed_out["last.weight"], before)


def test_long_rows_are_shortened_and_short_ones_stay():
    model = Basset(small("valid"))
    with torch.no_grad():
        model.convs[0].weight.zero_()
        model.convs[0].weight[0, 0, :2] = torch.tensor([30.0, 40.0])  # 50 long
        model.convs[0].weight[1, 3, 4] = 6.5
        model.last.weight[2] = -8 / 7**0.5  # 8 long
        model.last.bias.fill_(100)
        short = model.last.weight[0].clone()
        model.conv_norms[0].weight.fill_(50)
    shorten_rows(model, 7)
    filters = model.convs[0].weight.detach()
    torch.testing.assert_close(filters[0, 0, :2], torch.tensor([4.2, 5.6]))
    assert filters[1, 3, 4] == 6.5
    torch.testing.assert_close(model.last.weight[2].norm(), torch.tensor(7.0))
    assert torch.equal(model.last.weight[0], short)
    assert (model.last.bias == 100).all()
    assert (model.conv_norms[0].weight == 50).all()
    shorten_rows(model, 1.0)
    assert all(layer.weight.flatten(1).norm(dim=1).max() < 1.001 for layer in model.dense)
