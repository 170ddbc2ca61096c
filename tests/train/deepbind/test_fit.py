"""Networks fitted side by side are those fitted alone; a planted motif is learned."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
import torch

from regplug.data.measure.metrics import auroc
from regplug.data.sets.folds import with_shuffles
from regplug.data.sets.training import SetCard, TrainingSet
from regplug.train.deepbind.fit import Sgd, fit, mean_losses, network_of, networks_for
from regplug.train.deepbind.measure import score_codes
from regplug.train.deepbind.network import DeepBinds
from regplug.train.deepbind.recipe import DeepBindRecipe, Setting
from regplug.train.deepbind.rows import Rows, training_rows

RECIPE = DeepBindRecipe(filters=4, length=10, batch=32)
SETTING = Setting(
    hidden=0,
    detectors_scale=1e-2,
    hidden_scale=1e-1,
    output_scale=1e-1,
    detectors_decay=1e-6,
    hidden_decay=1e-6,
    output_decay=1e-6,
    dropout=0.0,
    learning_rate=0.02,
    momentum=0.95,
)


def set_of(codes, targets, folds, *, negatives="shuffles", kind="classification"):
    card = SetCard(
        form="chip",
        kind=kind,
        strand="both",
        length=codes.shape[1],
        rows=len(codes),
        positives=int(targets.sum()) if kind == "classification" else None,
        negatives=negatives,
        folds=3,
        seed=0,
        sources=(),
        dropped={},
    )
    return TrainingSet(codes, targets, folds, card)


@pytest.fixture
def data(planted_codes):
    return set_of(*with_shuffles(planted_codes(200, 40, seed=1), folds=3, seed=1))


@pytest.fixture
def rows(data):
    return training_rows(data, np.ones(len(data.codes), bool), at_least=500, seed=2)


def fitted(data, rows, settings, seeds, **options):
    groups = networks_for(RECIPE, data.card, settings, seeds)
    curve = fit(
        RECIPE, data.card, groups, rows, **{"steps": 60, "checkpoints": 3, "seed": 1} | options
    )
    return groups, curve


def test_side_by_side_is_as_alone(data, rows):
    """Settings of both shapes, one of which diverges, leave the others' weights alone."""
    change = msgspec.structs.replace
    settings = [
        SETTING,
        change(SETTING, hidden=5, learning_rate=0.05),
        change(SETTING, learning_rate=1e30),
        change(SETTING, momentum=0.98, detectors_decay=1e-3),
        change(SETTING, hidden=5),
    ]
    together, curve = fitted(data, rows, settings, range(5))
    for i, setting in enumerate(settings):
        alone, own = fitted(data, rows, [setting], [i])
        one, other = (network_of(groups, at).arrays for groups, at in ((together, i), (alone, 0)))
        np.testing.assert_allclose(one["detectors"], other["detectors"], atol=1e-4, rtol=1e-3)
        np.testing.assert_allclose(one["weights1"], other["weights1"], atol=1e-4, rtol=1e-3)
        np.testing.assert_allclose(curve.training[:, i], own.training[:, 0], rtol=1e-3)
    assert not np.isfinite(curve.training[-1, 2])
    assert np.isfinite(curve.training[:, [0, 1, 3, 4]]).all()


def test_a_planted_motif_is_learned(data, rows, planted_codes):
    groups, curve = fitted(data, rows, [SETTING], [1], steps=400)
    test = set_of(*with_shuffles(planted_codes(200, 40, seed=9), folds=3, seed=3))
    assert auroc(test.targets, score_codes(network_of(groups, 0), test.codes)) > 0.95
    assert all(after < before for before, after in pairwise(curve.training[:, 0]))


def test_an_intensity_is_learned(random_codes):
    """The intensity is how well the best place matches AAAA; the loss falls below its variance."""
    codes = random_codes(600, 20, seed=1)
    matches = np.lib.stride_tricks.sliding_window_view(codes == 0, 4, axis=1).sum(2).max(1)
    targets = ((matches - matches.mean()) / matches.std()).astype(np.float32)
    data = set_of(codes, targets, np.zeros(600, np.uint8), negatives="none", kind="regression")
    rows = training_rows(data, np.ones(600, bool), at_least=10_000, seed=1)
    groups, _ = fitted(data, rows, [SETTING], [1], steps=600)
    assert mean_losses(data.card, groups, Rows(codes, targets))[0] < 0.5  # of a variance of 1


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_same_seed_same_weights(data, rows, dropout):
    setting = msgspec.structs.replace(SETTING, dropout=dropout, hidden=3)
    first, again, other = (
        network_of(fitted(data, rows, [setting], [seed], steps=20, seed=seed)[0], 0)
        for seed in (1, 1, 2)
    )
    for name in ("detectors", "thresholds", "weights1", "weights2"):
        np.testing.assert_array_equal(first.arrays[name], again.arrays[name])
    assert (first.arrays["detectors"] != other.arrays["detectors"]).any()


def test_sgd_is_torch_s_and_decay_is_l1():
    ours, theirs = (DeepBinds(1, filters=2, length=3, hidden=2) for _ in range(2))
    setting = msgspec.structs.replace(SETTING, hidden=2, detectors_decay=0.1)
    sgd = Sgd(ours, [setting])
    torch_sgd = torch.optim.SGD(theirs.parameters(), lr=0.02, momentum=0.95, nesterov=True)
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape, generator=generator)
            other.grad = mine.grad.clone()
        sgd.step(decay=False)
        torch_sgd.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)
    before = ours.detectors.detach().clone()
    fresh = Sgd(ours, [setting])
    for parameter in ours.parameters():
        parameter.grad = torch.zeros_like(parameter)
    fresh.step(decay=True)  # velocity = 0.1 * sign; step = rate * (1 + momentum) * velocity
    moved = 0.02 * 1.95 * 0.1 * before.sign()
    torch.testing.assert_close(ours.detectors.detach(), before - moved)
    torch.testing.assert_close(ours.thresholds, theirs.thresholds)  # which do not decay


def test_rows_repeat_positives_with_new_shuffles(data):
    chosen = data.folds == 0
    rows = training_rows(data, chosen, at_least=500, seed=4)
    assert rows.codes.shape == (1000, 40)
    assert rows.targets.tolist() == [1, 0] * 500
    sources = {row.tobytes() for row in data.codes[chosen & (data.targets == 1)]}
    assert {row.tobytes() for row in rows.codes[::2]} == sources
    shuffles = {row.tobytes() for row in rows.codes[1::2]}
    assert len(shuffles) > 490  # new ones, but for chance
    for positive, shuffled in zip(rows.codes[:40:2], rows.codes[1:40:2], strict=True):
        pairs = (np.sort(c[:-1] * 5 + c[1:]) for c in (positive, shuffled))
        np.testing.assert_array_equal(*pairs)


def test_given_rows_are_taken_once(data):
    given = TrainingSet(
        data.codes, data.targets, data.folds, msgspec.structs.replace(data.card, negatives="given")
    )
    rows = training_rows(given, data.folds != 1, at_least=500, seed=4)
    ours = sorted(row.tobytes() for row in rows.codes)
    assert ours == sorted(row.tobytes() for row in data.codes[data.folds != 1])
