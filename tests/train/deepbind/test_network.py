"""The torch networks score as the published definition does, and do not disturb each other."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from regplug.errors import OutputError
from regplug.files.weights import load_weights, save_weights
from regplug.genome.codes import reverse_complement
from regplug.train.deepbind.network import DeepBinds
from regplug_deepbind.stored import to_network
from tests.plugins.deepbind.reference import score


def make(*, networks=3, filters=4, length=6, seed=1, **kinds):
    """Return networks with weights that make every part matter."""
    model = DeepBinds(networks, filters=filters, length=length, **{"hidden": 0} | kinds)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(seed))
    return model.eval()


KINDS = [
    {"hidden": 0},
    {"hidden": 3},
    {"hidden": 0, "both_strands": False},
    {"hidden": 3, "pool": "max+mean"},
    {"hidden": 0, "pool": "max+mean", "both_strands": False},
]


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_scores_as_defined(random_codes, kinds):
    model = make(**kinds)
    codes = random_codes(12, 17, seed=1, unknown=0.1)
    scores = model.score(torch.from_numpy(codes)).numpy()
    for i in range(3):
        expected = score(to_network(model.network(i)), codes, whole=True)
        np.testing.assert_allclose(scores[:, i], expected, atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("kinds", KINDS, ids=str)
def test_the_gradient_is_that_of_plain_torch(random_codes, kinds):
    """Through autograd alone: every placement of every strand, and the maxima."""
    model = make(**kinds).train()
    codes = torch.from_numpy(random_codes(6, 20, seed=6))
    model(codes).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    plainly(model, codes).sum().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, atol=1e-4, rtol=1e-4)


def plainly(model, codes):
    """Return the scores (n, networks) as a textbook would compute them."""
    strands = [codes]
    if model.both_strands:
        strands.append(torch.from_numpy(reverse_complement(codes.numpy())))
    table = torch.cat([torch.eye(4), torch.full((1, 4), 0.25)])
    scores = []
    for strand in strands:
        edge = torch.full((len(codes), model.length - 1), 4)
        one_hot = table[torch.cat([edge, strand, edge], 1).long()]
        places = one_hot.unfold(1, model.length, 1)  # (n, starts, 4, length)
        sums = torch.einsum("nsbl,lbf->nsf", places, model.detectors) + model.thresholds
        pooled = [sums.relu().amax(1), sums.relu().mean(1)]
        features = torch.stack(pooled, 2) if model.pool == "max+mean" else pooled[0][..., None]
        features = features.reshape(len(codes), model.networks, -1)
        out = torch.einsum("nkf,kfh->nkh", features, model.weights1) + model.biases1
        if model.weights2 is not None:
            out = ((out.relu() * model.weights2).sum(2) + model.bias2)[..., None]
        scores.append(out[..., 0])
    return torch.stack(scores).amax(0)


def test_both_strands_score_the_same(random_codes):
    codes = random_codes(8, 30, seed=4)
    model = make(hidden=3)
    one, other = (model.score(torch.from_numpy(c)) for c in (codes, reverse_complement(codes)))
    torch.testing.assert_close(one, other)


def test_dropout_drops_its_share_and_keeps_the_mean(random_codes):
    model = make(networks=2, filters=400)
    model.dropout.copy_(torch.tensor([0.0, 0.25]))
    model.train()
    ones = torch.ones(50, 2, 400)
    with torch.no_grad():
        model.weights1.copy_(torch.ones_like(model.weights1))
        model.biases1.zero_()
        torch.manual_seed(1)
        sums = model._head(ones)
    assert (sums[:, 0] == 400).all()
    assert sums[:, 1].mean().item() == pytest.approx(400, rel=0.01)
    kept = sums[:, 1] / 400 * 0.75
    assert kept.std().item() == pytest.approx((0.25 * 0.75 / 400) ** 0.5, rel=0.3)


def test_the_same_seed_draws_the_same_weights():
    model = DeepBinds(3, filters=4, length=6, hidden=2)
    scales = {"detectors": 0.5, "weights1": 2.0}
    for i, seed in enumerate((1, 1, 2)):
        model.draw(i, scales, seed=seed)
    first, again, other = (to_network(model.network(i)) for i in range(3))
    np.testing.assert_array_equal(first.detectors, again.detectors)
    assert (first.detectors != other.detectors).all()
    assert first.detectors.std() == pytest.approx(0.5, rel=0.2)
    assert (first.weights2 == 0).all()


def test_a_network_comes_back_from_the_disk_and_scores_the_same(random_codes, tmp_path):
    codes = random_codes(5, 20, seed=2)
    networks = {str(kinds): make(**kinds).network(1) for kinds in KINDS}
    save_weights(tmp_path / "weights.safetensors", networks)
    loaded = load_weights(tmp_path / "weights.safetensors")
    assert sorted(loaded) == sorted(networks)
    for name, network in networks.items():
        assert loaded[name].flags == network.flags
        assert loaded[name].arrays.keys() == network.arrays.keys()
        for key, array in network.arrays.items():
            np.testing.assert_array_equal(loaded[name].arrays[key], array)
        scores = DeepBinds.of(loaded[name]).score(torch.from_numpy(codes))[:, 0]
        expected = score(to_network(network), codes, whole=True)
        np.testing.assert_allclose(scores, expected, atol=1e-5, rtol=1e-6)


def test_the_oldest_files_are_of_both_strands_and_maxima(random_codes, tmp_path):
    """They have no metadata, or those of whoever wrote them anew."""
    network, codes = make(hidden=3).network(1), random_codes(5, 20, seed=2)
    arrays = {f"TOY/{name}": array for name, array in network.arrays.items()}
    for metadata in (None, {"format": "pt"}):
        save_file(arrays, tmp_path / "weights.safetensors", metadata)
        loaded = load_weights(tmp_path / "weights.safetensors")["TOY"]
        scores = DeepBinds.of(loaded).score(torch.from_numpy(codes))[:, 0]
        expected = score(to_network(loaded), codes, whole=True)
        np.testing.assert_allclose(scores, expected, atol=1e-5, rtol=1e-6)
        assert loaded.flags == network.flags


def test_a_full_disk_leaves_no_half_written_weights(tmp_path, monkeypatch):
    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"weights\.safetensors: No space left"):
        save_weights(tmp_path / "weights.safetensors", {"TOY": make().network(0)})
    assert list(tmp_path.iterdir()) == []
