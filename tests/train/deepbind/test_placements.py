"""The search finds what a convolution and its maximum find, and its gradient is theirs."""

import pytest
import torch
from torch.nn.functional import conv1d

from regplug.train.deepbind import placements
from regplug.train.deepbind.placements import best_placements, mean_placements, pad, placed


def convolved(detectors, padded):
    """Return the sums (n, filters, starts) of torch's own convolution."""
    one_hot = torch.eye(5, 4)[padded.long()].transpose(1, 2)
    return conv1d(one_hot, detectors.permute(2, 1, 0))


@pytest.fixture
def detectors():
    def make(length, filters=7):
        drawn = torch.randn(length, 4, filters, generator=torch.Generator().manual_seed(length))
        return drawn.requires_grad_()

    return make


@pytest.fixture(params=["words", "convolution"], autouse=True)
def way(request, monkeypatch):
    """Search as a CPU does, and as any other device, here on the CPU."""
    if request.param == "convolution":
        monkeypatch.setattr(placements, "_by_words", lambda tensor: False)


@pytest.mark.parametrize("length", [1, 3, 4, 14, 16, 24, 25, 32])
def test_best_placements_are_the_convolutions(detectors, random_codes, length):
    padded = pad(torch.from_numpy(random_codes(9, 40, seed=length, unknown=0.1)), length)
    weights = detectors(length)
    sums, starts = best_placements(weights, padded)
    expected = convolved(weights, padded).detach()
    torch.testing.assert_close(sums, expected.amax(2), atol=1e-5, rtol=0)
    at_starts = expected.gather(2, starts[..., None])[..., 0]
    torch.testing.assert_close(at_starts, expected.amax(2), atol=1e-5, rtol=0)


def test_the_first_of_equal_placements_is_taken():
    weights = torch.zeros(2, 4, 1)
    weights[0, 0] = 1.0  # an A, then anything
    sums, starts = best_placements(weights, torch.tensor([[1, 0, 1, 0, 1]], dtype=torch.uint8))
    assert (sums.item(), starts.item()) == (1.0, 1)


@pytest.mark.parametrize("length", [5, 24, 30])
def test_the_gradient_is_that_of_the_maximum(detectors, random_codes, length):
    padded = pad(torch.from_numpy(random_codes(6, 50, seed=3)), length)
    weights = detectors(length)
    factors = torch.randn(4, 7, generator=torch.Generator().manual_seed(1))
    (convolved(weights, padded)[2:].amax(2) * factors).sum().backward()
    expected = weights.grad.clone()
    weights.grad = None
    sums, starts = best_placements(weights, padded)
    rows = torch.arange(2, 6)[:, None].expand(4, 7)
    best = placed(weights, sums[2:], padded, rows, starts[2:])
    (best * factors).sum().backward()
    torch.testing.assert_close(best, convolved(weights, padded)[2:].amax(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(weights.grad, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("length", "filters"), [(5, 7), (24, 150), (30, 3)])
def test_means_and_their_gradients_are_torch_s(detectors, random_codes, length, filters):
    padded = pad(torch.from_numpy(random_codes(6, 50, seed=3, unknown=0.1)), length)
    weights = detectors(length, filters)
    thresholds = torch.linspace(-2, 1, filters).requires_grad_()
    factors = torch.randn(6, filters, generator=torch.Generator().manual_seed(1))
    ours = mean_placements(weights, thresholds, padded)
    theirs = (convolved(weights, padded) + thresholds[:, None]).relu().mean(2)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    gradients = (
        torch.autograd.grad((means * factors).sum(), (weights, thresholds))
        for means in (ours, theirs)
    )
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
