"""What the training benchmark divides by."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.basset_training import endless, flops, write_set
from regplug.data.sites.sites import Sites
from regplug.models.stack import StackShape
from regplug.train.basset.network import Basset


def test_operations_by_hand():
    """Width 8: 5 places of 3 filters over 4 bases, pools of 2 leave 2 bins; 6 units to 5, to 2."""
    shape = StackShape(targets=2, width=8, filters=(3,), sizes=(4,), pools=(2,), dense=(5,))
    assert flops(shape) == 2 * 2 * (5 * 3 * 4 * 4) + 3 * 2 * (6 * 5 + 5 * 2)


@pytest.mark.parametrize(("form", "targets"), [("valid", 164), ("same", 1)])
def test_operations_as_torch_counts_them(form, targets):
    shape = StackShape(targets=targets, form=form)
    network = Basset(shape)
    with FlopCounterMode(display=False) as counted:
        torch.autograd.backward(network(torch.zeros(2, 600, dtype=torch.uint8)).sum())
    assert 2 * flops(shape) == counted.get_total_flops()


def test_batches_are_whole_and_do_not_end(tmp_path):
    write_set(tmp_path / "set.h5", 700)
    with Sites(tmp_path / "set.h5") as sites:
        batches = endless(sites, 300)
        seen = [next(batches) for _ in range(5)]
    assert {one.codes.shape for one in seen} == {(300, 600)}
    assert {one.targets.shape for one in seen} == {(300, 164)}
