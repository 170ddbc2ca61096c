"""What is not known of a site counts neither in training nor in validation."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional

from regplug.data.sites.sites import Sites
from regplug.errors import DataError
from regplug.train.basset.build import build
from regplug.train.basset.recipe import read_basset_recipe
from regplug.train.basset.source import SiteSource, Validation
from regplug.train.basset.train import train_basset
from regplug.train.loop.machine import CPU
from tests.train.basset.toy_open import TRAIN, VALID, toy_codes, toy_sites, write_open

pytestmark = pytest.mark.slow


def half_known(path):
    """Write sites each of which says something of one sample alone; return its targets."""
    codes, targets = toy_codes(2 * (TRAIN + VALID), seed=5)
    targets[np.arange(len(targets)), np.arange(len(targets)) % 2] = 255
    return write_open(path, codes, targets, train=2 * TRAIN, valid=2 * VALID)


def test_the_loss_is_the_mean_over_what_is_known(tmp_path):
    rng = np.random.default_rng(0)
    with Sites(half_known(tmp_path / "s.h5")) as sites:
        for examples in SiteSource(sites).batches(rng, 64):
            logits = torch.from_numpy(rng.normal(size=examples.targets.shape))
            loss = functional.binary_cross_entropy_with_logits(
                logits,
                torch.from_numpy(examples.targets).double(),
                weight=torch.from_numpy(examples.weights),
            )
            known, opened = examples.weights > 0, examples.targets == 1
            chance = 1 / (1 + np.exp(-logits.numpy()))
            by_hand = -np.log(np.where(opened, chance, 1 - chance))[known].mean()
            assert loss.item() == pytest.approx(by_hand, rel=1e-5)
            assert (known.sum(axis=1) == 1).all()


def test_validation_is_of_what_is_known(tmp_path):
    toy_sites(tmp_path)
    recipe = read_basset_recipe(tmp_path / "cnn.toml", ())
    with Sites(half_known(tmp_path / "s.h5")) as sites:
        network = build(recipe.shape(targets=2, width=44), recipe.dropout).eval()
        validation = Validation(sites, CPU)
        loss, aucs = validation(network)
        rows = np.flatnonzero(sites.parts == 1)
        batch = sites.read(0, len(sites))
        from regplug.train.basset.build import probabilities

        with torch.no_grad():
            scores = probabilities(network, torch.from_numpy(batch.codes[rows])).numpy()
    targets = batch.targets[rows]
    known = targets != 255
    for at, auc in enumerate(aucs):
        column = known[:, at]
        assert auc == pytest.approx(roc_auc_score(targets[column, at], scores[column, at]))
    right = np.where(targets == 1, scores, 1 - scores)[known]
    assert loss == pytest.approx(-np.log(right).mean(), rel=1e-5)


def test_a_sample_of_which_nothing_is_known_in_training(tmp_path):
    path = toy_sites(tmp_path)
    codes, targets = toy_codes(TRAIN + VALID, seed=1)
    with Sites(path) as sites:
        name, training = sites.samples[1], np.flatnonzero(sites.parts == 0)
    recipe = read_basset_recipe(tmp_path / "cnn.toml", ())
    targets[training, 1] = 255
    write_open(path, codes, targets)
    told = f"all labels of {name} are unknown in the sites to train on: make the set without"
    with pytest.raises(DataError, match=told):
        train_basset(recipe, path, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    targets[training[-1], 1] = 1
    with Sites(write_open(path, codes, targets)) as sites:
        assert SiteSource(sites).size == TRAIN


def test_motifs_are_learned_from_labels_of_one_sample_a_site(tmp_path):
    torch.set_num_threads(1)
    toy_sites(tmp_path)
    path = half_known(tmp_path / "s.h5")
    recipe = read_basset_recipe(tmp_path / "cnn.toml", ("schedule.epochs=4",))
    metrics = train_basset(recipe, path, tmp_path / "run")
    assert min(metrics.valid_aucs.values()) > 0.9
