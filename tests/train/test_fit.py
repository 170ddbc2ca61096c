"""A fit learns a planted motif, repeats itself, and a panel's run leaves weights and metrics."""

import gzip
import json

import msgspec
import numpy as np
import pytest

from regplug.codes import decode
from regplug.train.data.shuffle import shuffle_dinucleotides
from regplug.train.export import to_network
from regplug.train.fit import fit, train_panel
from regplug.train.metrics import shuffle_auc
from regplug.train.recipe import DeepBindRecipe, Setting
from regplug_deepbind.weights import load_networks

RECIPE = DeepBindRecipe(targets=("TOY",), scan=18, filters=8, length=12, epochs=6, batch=32)
SETTING = Setting(hidden=0, dropout=0.0, learning_rate=0.05)


def test_a_planted_motif_is_learned(planted_codes):
    model = fit(RECIPE, SETTING, planted_codes(300, 50, seed=1), seed=1).model
    assert shuffle_auc(model, planted_codes(200, 50, seed=9), scan=18, seed=2) > 0.95


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_same_seed_same_weights(planted_codes, dropout):
    recipe = msgspec.structs.replace(RECIPE, epochs=2, warm_epochs=1)
    setting = SETTING._replace(dropout=dropout, hidden=4)
    positives = planted_codes(64, 40, seed=1)
    first, again, other = (
        to_network(fit(recipe, setting, positives, seed=seed).model) for seed in (1, 1, 2)
    )
    for name in ("detectors", "thresholds", "weights1", "weights2"):
        assert (getattr(first, name) == getattr(again, name)).all()
    assert (first.detectors != other.detectors).any()


def write_set(path, codes, bound):
    """Write a `.seq.gz` table."""
    rows = [
        f"A\tseq_{i}\t{decode(row)}\t{int(b)}\n"
        for i, (row, b) in enumerate(zip(codes, bound, strict=True))
    ]
    path.write_bytes(gzip.compress("".join(["FoldID\tEventID\tseq\tBound\n", *rows]).encode()))


@pytest.fixture
def chip_folder(tmp_path, planted_codes):
    """Return a folder with the sets of two toy factors."""
    for seed, tf in enumerate(("TOY", "OTHER")):
        positives = planted_codes(120, 40, seed=10 * seed)
        test = planted_codes(30, 40, seed=10 * seed + 5)
        shuffled = shuffle_dinucleotides(test, rng=np.random.default_rng(1))
        write_set(tmp_path / f"{tf}_cell_lab_AC.seq.gz", positives, np.ones(120))
        write_set(
            tmp_path / f"{tf}_cell_lab_B.seq.gz",
            np.concatenate([test, shuffled]),
            np.arange(60) < 30,
        )
    return tmp_path


def test_a_panel_leaves_weights_and_metrics(chip_folder, tmp_path):
    recipe = msgspec.structs.replace(
        RECIPE, targets=("TOY", "OTHER"), hidden=(0, 2), learning_rate=(0.05,)
    )
    told: list[str] = []
    train_panel(recipe, chip_folder, tmp_path / "run", progress=told.append)
    networks = load_networks(tmp_path / "run" / "weights.safetensors")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(networks) == ["OTHER", "TOY"]
    assert set(metrics["targets"]) == {"OTHER", "TOY"}
    assert metrics["targets"]["TOY"]["test_auc"] > 0.9
    assert len(told) == 2


def test_a_missing_set_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="MYC_"):
        train_panel(
            msgspec.structs.replace(RECIPE, targets=("MYC",)), tmp_path, tmp_path, progress=print
        )
