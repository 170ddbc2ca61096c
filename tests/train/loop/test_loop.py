"""The loop's own promises, on networks that are simple enough to see into."""

import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pytest
import torch
from torch import nn

from regplug.errors import TrainingError
from regplug.genome.codes import reverse_complement
from regplug.train.loop import loop
from regplug.train.loop.ahead import ahead
from regplug.train.loop.examples import Examples
from regplug.train.loop.learner import learner
from regplug.train.loop.schedule import Schedule

PLAIN = {"batch": 10, "average": 0.0, "shift": 0, "optimizer": "rmsprop", "weight_decay": 0.0}


class Linear(nn.Module):
    """A layer over the codes as numbers; keeps the codes it has seen."""

    def __init__(self, bases=8, targets=2):
        super().__init__()
        self.layer = nn.Linear(bases, targets)
        self.seen = []

    def forward(self, codes):
        self.seen.append(codes.clone())
        return self.layer(codes.float() - 2)


class Random:
    """Random sequences and targets, the same in every epoch."""

    def __init__(self, n=40):
        rng = np.random.default_rng(5)
        self.size = n
        self.codes = rng.integers(0, 4, (n, 8), dtype=np.uint8)
        self.targets = rng.integers(0, 2, (n, 2), dtype=np.uint8)

    def batches(self, rng, size):
        order = rng.permutation(self.size)
        for at in range(0, self.size - size + 1, size):
            rows = order[at : at + size]
            yield Examples(self.codes[rows], self.targets[rows])


def fit(tmp_path, schedule, network=None, **options):
    torch.manual_seed(0)
    network = network or Linear()
    options = {"done": lambda *_: None, "run": "x", "seed": 1} | options
    kept = loop.Resumable(tmp_path / "checkpoint.pt", options.pop("run"), options.pop("seed"))
    return network, loop.train_networks(network, Random(), schedule, kept, **options)


def rows(codes):
    return {tuple(row) for row in np.array(codes)}


def test_every_second_epoch_reads_the_other_strand(tmp_path):
    schedule = Schedule(**PLAIN, epochs=3, strands="alternate")
    network, _ = fit(tmp_path, schedule)
    forward = Random().codes
    first, second, third = (rows(torch.cat(network.seen[at : at + 4])) for at in (0, 4, 8))
    assert first == third == rows(forward)
    assert second == rows(reverse_complement(forward))
    assert first != second


def test_no_row_is_longer_than_the_longest_after_any_step(tmp_path):
    def longest(longest_row):
        network, norms = Linear(), []

        def stepped(*_):
            norms.append(network.layer.weight.detach().norm(dim=1).max().item())

        schedule = Schedule(**PLAIN, epochs=2, learning_rate=0.2, longest_row=longest_row)
        fit(tmp_path, schedule, network, stepped=stepped, run=str(longest_row))
        (tmp_path / "checkpoint.pt").unlink()
        return norms

    assert len(longest(0.7)) == 8
    assert max(longest(0.7)) < 0.7 + 1e-6
    assert max(longest(0.0)) > 0.8


def test_rmsprop_steps_as_basset_s_on_the_summed_loss():
    """Basset: BCE summed over sites and targets, torch.optim's defaults (epsilon 1e-8)."""
    torch.manual_seed(1)
    ours, theirs = nn.Linear(6, 164), nn.Linear(6, 164)
    theirs.load_state_dict(ours.state_dict())
    schedule = Schedule(optimizer="rmsprop", learning_rate=0.002, weight_decay=0.0, average=0.0)
    state = learner(ours, schedule, 10)
    published = torch.optim.RMSprop(theirs.parameters(), lr=0.002, alpha=0.98, eps=1e-8)
    for _ in range(10):
        inputs, targets = torch.randn(128, 6), torch.rand(128, 164).round()
        loss = nn.functional.binary_cross_entropy_with_logits
        state.step(loss(ours(inputs), targets), schedule)
        published.zero_grad()
        loss(theirs(inputs), targets, reduction="sum").backward()
        published.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-4, atol=1e-6)
    assert state.optimizer.param_groups[0]["lr"] == 0.002


@pytest.mark.parametrize(("patience", "epochs"), [(2, 4), (3, 6), (0, 6)])
def test_training_stops_after_so_many_epochs_without_a_better_auc(tmp_path, patience, epochs):
    script = iter([0.5, 0.8, 0.7, 0.8, 0.9, 0.1])
    schedule = Schedule(**PLAIN, epochs=6, patience=patience)
    _, done = fit(tmp_path, schedule, validate=lambda _: (0.1, (next(script), None)))
    assert len(done) == epochs
    assert loop.best_of(done) == (2 if epochs == 4 else 5)
    again = fit(tmp_path, schedule, validate=None)[1]  # resumed: there is nothing left to do
    assert again == done


class Broken(Linear):
    """Gives nan from its seventh call on."""

    def forward(self, codes):
        return super().forward(codes) * (float("nan") if len(self.seen) > 6 else 1)


def test_a_loss_that_is_no_number_names_its_batch_and_keeps_the_checkpoint(tmp_path):
    schedule = Schedule(**PLAIN, epochs=3)
    with pytest.raises(loop.DivergedError, match="the loss is nan in epoch 2, batch 3: set"):
        fit(tmp_path, schedule, Broken())
    network, done = fit(tmp_path, schedule)  # goes on from the first epoch
    assert (len(done), len(network.seen)) == (3, 8)


def test_a_validation_that_is_no_number_stops(tmp_path):
    with pytest.raises(loop.DivergedError, match="validation loss is nan in epoch 1"):
        fit(tmp_path, Schedule(**PLAIN), validate=lambda _: (float("nan"), ()))


@pytest.mark.parametrize("damage", [b"no checkpoint", b"", "cut", "other"])
def test_a_damaged_checkpoint_is_told(tmp_path, damage):
    schedule, path = Schedule(**PLAIN, epochs=1), tmp_path / "checkpoint.pt"
    fit(tmp_path, schedule)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    elif damage == "other":
        torch.save([1, 2], path)
    else:
        path.write_bytes(damage)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged"):
        fit(tmp_path, schedule)


def test_a_checkpoint_is_never_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (subprocess.call, (["touch", str(tmp_path / "touched")],))

    torch.save({"run": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="damaged"):
        fit(tmp_path, Schedule(**PLAIN))
    assert not (tmp_path / "touched").exists()


def test_ahead_keeps_the_order_and_stays_within_its_count():
    made = []

    def items():
        for number in range(10):
            made.append(number)
            yield number

    taken = []
    for item in ahead(items(), 3):
        taken.append(item)
        assert len(made) <= len(taken) + 3
    assert taken == list(range(10))


def test_an_error_in_the_second_thread_arrives():
    def items():
        yield threading.get_ident()
        raise ZeroDivisionError("here")

    ready = ahead(items(), 3)
    assert next(ready) != threading.get_ident()
    with pytest.raises(ZeroDivisionError, match="here"):
        next(ready)


def test_nothing_is_made_once_closed():
    made = []

    def items():
        while True:
            made.append(1)
            yield 1

    with closing(ahead(items(), 2)) as ready:
        next(ready)
    names = [thread.name for thread in threading.enumerate()]
    assert not any(name.startswith("ahead") for name in names)
    assert len(made) <= 4


PROCESSES = """
import gc, sys, torch, weakref, numpy as np
from pathlib import Path
from regplug.train.loop import loop
from regplug.train.loop.machine import machine
from regplug.train.loop.schedule import Schedule
from tests.train.loop.test_loop import Linear, Random, PLAIN
torch.manual_seed(0)
network, out, penalty = Linear(), Path(sys.argv[1]), float(sys.argv[2])
def written(network, epochs):
    np.save(out / "written.npy", network.layer.weight.detach().numpy())
with machine("cpu", compiled=False) as here:
    schedule = Schedule(**PLAIN, epochs=3, learning_rate=0.01, snv_penalty=penalty)
    epochs = loop.train_networks(network, Random(), schedule,
        loop.Resumable(out / "checkpoint.pt", "x", 1), done=written, machine=here)
    group = weakref.ref(torch.distributed.group.WORLD)
gc.collect()
assert group() is None, "its threads can abort the end of the process"
np.save(out / f"weights{here.rank}.npy", network.layer.weight.detach().numpy())
np.save(out / f"losses{here.rank}.npy", [epoch.loss for epoch in epochs])
times = 2 if penalty else 1
assert torch.cat(network.seen).shape == (times * 120 // here.world, 8)
"""


@pytest.mark.slow
@pytest.mark.parametrize("penalty", [0, 0.5])
def test_two_processes_train_as_one(tmp_path, penalty):
    """Gradients and losses are means over the shares of a batch; without norms that is exact.

    With a penalty on single changes too: each row has the SNV that one process would draw.
    """
    (tmp_path / "script.py").write_text(PROCESSES)
    for world in (1, 2):
        (tmp_path / str(world)).mkdir()
        start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        words = [f"--nproc-per-node={world}", tmp_path / "script.py", tmp_path / str(world)]
        done = subprocess.run([*start, *words, str(penalty)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def load(name):
        return np.load(tmp_path / name)

    weights = load("1/weights0.npy")
    first, second = load("2/weights0.npy"), load("2/weights1.npy")
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, load("2/written.npy"))
    np.testing.assert_allclose(first, weights, atol=1e-5)
    np.testing.assert_allclose(load("2/losses1.npy"), load("1/losses0.npy"), atol=1e-5)
    torch.manual_seed(0)
    assert np.abs(weights - Linear().layer.weight.detach().numpy()).max() > 0.05


def test_a_batch_that_processes_cannot_share_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="3 processes cannot share a batch of 10"):
        fit(tmp_path, Schedule(**PLAIN), machine=loop.CPU._replace(world=3))


def test_the_moving_average_warms_up():
    """After n steps it is the recursion a += (1 - min(d, (1 + n) / (10 + n))) (w - a), by hand."""
    torch.manual_seed(0)
    network = Linear()
    schedule = Schedule(**PLAIN | {"average": 0.998, "learning_rate": 0.05})
    made = learner(network, schedule, steps=15)
    expected = None
    for step in range(15):
        codes = torch.randint(0, 4, (10, 8), dtype=torch.uint8)
        made.step(network(codes).square().mean(), schedule)
        weights = network.layer.weight.detach().double()
        if expected is None:
            expected = weights.clone()  # the first step's weights are taken as they are
        else:
            expected += (1 - min(0.998, (1 + step) / (10 + step))) * (weights - expected)
    average = made.average.module.layer.weight.detach()
    torch.testing.assert_close(average.double(), expected, atol=1e-6, rtol=1e-5)


def test_a_short_training_is_not_forgotten():
    """15 steps towards known weights: a decay of 0.998 alone would keep 97 % of the first ones."""
    torch.manual_seed(0)
    network = Linear(targets=1)
    schedule = Schedule(**PLAIN | {"average": 0.998, "learning_rate": 0.05})
    made = learner(network, schedule, steps=15)
    first = network.layer.bias.item()
    for _ in range(15):
        made.step(-network.layer.bias.sum() + 0 * network.layer.weight.sum(), schedule)
    moved = network.layer.bias.item() - first
    kept = made.average.module.layer.bias.item() - first
    assert kept > moved / 2
