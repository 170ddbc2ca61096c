"""Influence and motifs of whole networks, against what torch gives filter by filter."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from regplug.genome.codes import reverse_complement
from regplug.interpret.filters.influence import measure
from regplug.interpret.filters.layer import FirstLayer
from regplug.interpret.filters.motifs import filter_motifs
from regplug.models.stack_graph import stack_graph
from regplug.motifs.motif import trimmed
from regplug.train.cnn.graph import ensemble_graph
from regplug.train.cnn.shape import CnnShape
from tests.toy_filters import card_of
from tests.train.basset.test_network import lived_in, small, stored
from tests.train.cnn.test_cnn import lived_in as lived_in_cnn


def strands_of(codes):
    return torch.from_numpy(np.concatenate([codes, reverse_complement(codes)]))


def normed(model, at, values):
    """Return a convolution's answers (2n, filters, bases), normalised as pictures are."""
    return model.conv_norms[at](model.convs[at](values).unsqueeze(2)).squeeze(2)


def basset_rectified(model, codes):
    """Return what the first pool reads, (2n, filters, bases), of both strands."""
    return normed(model, 0, model.one_hot[strands_of(codes).int()].transpose(1, 2)).relu()


def basset_rest(model, values):
    ceil = model.shape.form == "same"
    values = functional.max_pool1d(values, model.shape.pools[0], ceil_mode=ceil)
    for at, pool in enumerate(model.shape.pools[1:], start=1):
        values = functional.max_pool1d(normed(model, at, values).relu(), pool, ceil_mode=ceil)
    values = values.flatten(1)
    for dense, norm in zip(model.dense, model.dense_norms, strict=True):
        values = norm(dense(values)).relu()
    return model.last(values)


def literal(values, rest, labels=None):
    """Return influence on targets, moves and losses; `rest` gives the strands' logits of values."""
    before = rest(values)
    mean = sum(before.chunk(2)) / 2
    score = sum(before.sigmoid().chunk(2)) / 2
    change, moved, loss = [], [], []
    for filter in range(values.shape[1]):
        nothing = values.clone()
        nothing[:, filter] = values[:, filter].mean()
        after = rest(nothing)
        difference = mean - sum(after.chunk(2)) / 2
        change.append(difference.mean(0) / mean.var(0))
        moved.append((difference**2).mean(0).sqrt() / mean.std(0))
        if labels is not None:
            without = sum(after.sigmoid().chunk(2)) / 2
            losses = [
                functional.binary_cross_entropy(one, labels, reduction="sum")
                for one in (without, score)
            ]
            loss.append((losses[0] - losses[1]) / len(labels))
    return torch.stack(change), torch.stack(moved), loss


@pytest.mark.parametrize("form", ["valid", "same"])
@torch.no_grad()
def test_basset(random_codes, form):
    model = lived_in(small(form), 1)
    codes = random_codes(70, 101, seed=2, unknown=0.02)  # more than are read at once
    labels = np.random.default_rng(0).integers(0, 2, (70, 3), dtype=np.uint8)
    graph = stack_graph(stored(model))
    layer = FirstLayer(graph, card_of(graph, window=101, targets=3), threads=1)
    found = measure(layer, codes, labels)
    change, moved, loss = literal(
        basset_rectified(model, codes),
        lambda values: basset_rest(model, values),
        torch.from_numpy(labels).float(),
    )
    assert np.abs(found.targets).max() > 0.01
    np.testing.assert_allclose(found.targets, change, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(found.moved, moved, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(found.loss, loss, atol=1e-5, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["valid", "same"])
@torch.no_grad()
def test_the_motifs_of_basset(random_codes, form):
    """Counted placement by placement, as basset_motifs.py does."""
    model = lived_in(small(form), 1)
    codes = random_codes(50, 101, seed=2, unknown=0.02)
    graph = stack_graph(stored(model))
    layer = FirstLayer(graph, card_of(graph, window=101, targets=3), threads=1)
    values = basset_rectified(model, codes).numpy().astype(np.float64)
    strands = strands_of(codes).numpy()
    length, pad = model.shape.sizes[0], model.shape.pads[0]
    for filter, (motif, _) in enumerate(filter_motifs(layer, codes)[0]):
        answers = values[:, filter]
        loud = answers.mean() + 0.5 * (answers.max() - answers.mean())
        counts, sites = np.ones((length, 4)), 0
        for row, place in np.argwhere(answers > loud):
            start = place - pad
            if 0 <= start <= 101 - length:
                sites += 1
                for at, code in enumerate(strands[row, start : start + length]):
                    counts[at] += np.eye(5, 4)[code] if code < 4 else 0.25
        assert motif.sites == sites
        expected = trimmed(counts / (sites + 4)) if sites >= 10 else np.empty((0, 4))
        np.testing.assert_allclose(motif.frequencies, expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("head", ["flat", "max", "attention"])
@pytest.mark.parametrize("changes", [{}, {"turned": False, "activation": "relu"}])
@torch.no_grad()
def test_an_ensemble(random_codes, head, changes):
    shape = CnnShape(
        targets=3, width=47, channels=4, length=7, pool=4, block_length=3, head=head, **changes
    )
    networks = [lived_in_cnn(shape, seed) for seed in (1, 2)]
    codes = random_codes(40, 47, seed=1, unknown=0.05)
    graph = ensemble_graph(
        shape, [{k: v.numpy() for k, v in one.state_dict().items()} for one in networks]
    )
    for network in networks:
        network.double()  # attention's sums lose digits in float32
    card = card_of(graph, window=47, targets=3, output_scale="score")
    found = measure(FirstLayer(graph, card, threads=1), codes)

    def seen(network):
        return network.activation(network.stem_norm(network._stem(strands_of(codes))))

    def logits(network, values):
        for block in network.blocks:
            values = values + network.activation(block(values))
        return network.head(network._features(values))

    parts = []
    for at in (0, 1):
        rest = logits(networks[1 - at], seen(networks[1 - at]))
        member = networks[at]
        parts.append(literal(seen(member), lambda v, m=member, r=rest: (logits(m, v) + r) / 2))
    change, moved = (torch.cat([part[i] for part in parts]) for i in (0, 1))
    assert np.abs(found.targets).max() > 0.01
    np.testing.assert_allclose(found.targets, change, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(found.moved, moved, atol=1e-4, rtol=1e-3)
    assert found.loss is None
