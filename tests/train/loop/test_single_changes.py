"""What an SNV changes: one known base, the same units dropped, and the penalty on it by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from regplug.train.loop import loop
from regplug.train.loop.examples import Examples
from regplug.train.loop.schedule import Schedule
from regplug.train.loop.single_changes import changed_logits, with_snvs
from tests.train.loop.test_loop import PLAIN


def test_one_known_base_of_each_row_becomes_another(random_codes):
    torch.manual_seed(0)
    codes = torch.from_numpy(random_codes(4000, 6, seed=1, unknown=0.3))
    codes[:5] = 4
    changed = with_snvs(codes)
    known, differ = (codes < 4).any(1), codes != changed
    assert torch.equal(differ.sum(1), known.long())
    assert changed.max() == 4
    assert (codes[differ] < 4).all()
    assert (changed[differ] < 4).all()
    assert (
        len({(int(a), int(b)) for a, b in zip(codes[differ], changed[differ], strict=True)}) == 12
    )
    places = differ.sum(0) / (codes < 4).sum(0)
    assert places.max() < 1.3 * places.min()


def test_the_same_units_are_dropped():
    """A network that reads nothing of its codes changes nothing, whatever it drops."""

    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.dropout = nn.Dropout(0.5)

        def forward(self, codes):
            return self.dropout(torch.ones(len(codes), 50))

    torch.manual_seed(3)
    network, codes = Blind().train(), torch.zeros(20, 8, dtype=torch.uint8)
    changed = changed_logits(network, codes)
    logits = network(codes)
    assert set(logits.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(changed, logits)
    assert not torch.equal(network(codes), logits)


class Adenines(nn.Module):
    """The number of As, times a weight."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[0.5]]))

    def forward(self, codes):
        return (codes == 0).sum(1, keepdim=True) * self.weight


class AllAdenines:
    size = 10

    def batches(self, rng, size):
        yield Examples(np.zeros((10, 4), np.uint8), np.ones((10, 1), np.uint8))


@pytest.mark.parametrize("penalty", [0, 3])
def test_the_penalty_by_hand(tmp_path, penalty):
    """Of AAAA the logit is 2, and with any SNV 1.5."""
    schedule = Schedule(**PLAIN, epochs=1, strands="alternate", snv_penalty=penalty)
    kept = loop.Resumable(tmp_path / "checkpoint.pt", "x", 1)
    network = Adenines()
    (epoch,) = loop.train_networks(network, AllAdenines(), schedule, kept, done=lambda *_: None)
    assert epoch.loss == pytest.approx(math.log(1 + math.exp(-2)) + penalty * 0.5, rel=1e-5)
    assert (network.weight.item() > 0.5) == (penalty == 0)  # the penalty pulls it down
