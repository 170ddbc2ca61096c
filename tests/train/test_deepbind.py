"""The torch module scores as the published definition does, literally and slowly computed."""

import numpy as np
import pytest
import torch

from regplug.codes import reverse_complement
from regplug.train.export import to_network
from regplug.train.models.deepbind import DeepBind
from regplug_deepbind.network import Network
from regplug_deepbind.weights import load_networks, save_networks


def window_score(network: Network, window: np.ndarray) -> float:
    """Return one strand's score of one window, padded by itself, in float64."""
    length, _, filters = network.detectors.shape
    table = np.vstack([np.eye(4), np.full(4, 0.25)])
    padded = table[[4] * (length - 1) + window.tolist() + [4] * (length - 1)]  # (bases, 4)
    features = np.zeros(filters)
    for k in range(filters):
        for start in range(len(padded) - length + 1):
            product = padded[start : start + length] * network.detectors[:, :, k].astype(float)
            features[k] = max(features[k], product.sum() + network.thresholds[k])
    sums = features @ network.weights1.astype(float) + network.biases1
    if network.weights2 is None:
        return float(sums[0])
    return float(np.maximum(sums, 0) @ network.weights2 + network.bias2)


def sequence_score(network: Network, codes: np.ndarray, scan: int | None) -> float:
    """Return the maximum over sub-windows and strands."""
    scan = scan or len(codes)
    return max(
        window_score(network, strand[start : start + scan])
        for strand in (codes, reverse_complement(codes))
        for start in range(len(codes) - scan + 1)
    )


@pytest.fixture(params=[0, 3], ids=["no hidden layer", "hidden layer"])
def model(request):
    model = DeepBind(filters=4, length=6, hidden=request.param, seed=5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(8))
    return model


@pytest.mark.parametrize("scan", [None, 6, 9])
def test_scores_as_defined(model, random_codes, scan):
    codes = random_codes(12, 17, seed=1, unknown=0.1)
    network = to_network(model)
    expected = [sequence_score(network, row, scan) for row in codes]
    scores = model(torch.from_numpy(codes), scan).detach().numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-4, rtol=0)


def test_scores_as_defined_at_the_published_size(random_codes):
    model = DeepBind(seed=2)
    codes = random_codes(1, 101, seed=1)
    expected = sequence_score(to_network(model), codes[0], 36)
    assert model(torch.from_numpy(codes), 36).item() == pytest.approx(expected, abs=1e-4)


def test_a_sequence_shorter_than_the_sub_window_is_one_window(model, random_codes):
    codes = torch.from_numpy(random_codes(3, 8, seed=1))
    assert torch.equal(model(codes, 9), model(codes))


def test_both_strands_score_the_same(model, random_codes):
    codes = random_codes(8, 30, seed=4)
    one = model(torch.from_numpy(codes), 9)
    other = model(torch.from_numpy(reverse_complement(codes)), 9)
    torch.testing.assert_close(one, other)


def test_gradient_is_that_of_the_whole_scan(model, random_codes):
    codes = torch.from_numpy(random_codes(5, 20, seed=6))
    model(codes, 9).sum().backward()
    gradient = model.detectors.grad.clone()
    model.zero_grad()
    windows = codes.unfold(1, 9, 1)  # (n, starts, 9)
    scores = model(windows.reshape(-1, 9)).view(windows.shape[:2])
    scores.amax(1).sum().backward()
    torch.testing.assert_close(gradient, model.detectors.grad)


def test_saved_networks_come_back(model, tmp_path):
    path = tmp_path / "weights.safetensors"
    networks = {"MYC": to_network(model), "SP1": to_network(DeepBind(seed=1))}
    save_networks(path, networks)
    loaded = load_networks(path)
    assert list(loaded) == ["MYC", "SP1"]
    for target, network in networks.items():
        for name, value in vars(network).items():
            np.testing.assert_array_equal(getattr(loaded[target], name), value)
