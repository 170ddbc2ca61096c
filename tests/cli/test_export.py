"""`regplug export` makes a model of a DeepBind run, measured in the form that users run."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from regplug.data.sets.training import read_set
from regplug.files.version import VERSION
from regplug.files.weights import load_weights, save_weights
from regplug.models.repository import read_card
from regplug_deepbind.stored import to_network
from tests.plugins.deepbind.reference import score
from tests.toy_runs import BOUND

pytestmark = pytest.mark.slow


def copied(toy_run, folder, targets):
    """Return a run with some of the toy run's networks, in the form of a finished one."""
    folder.mkdir()
    networks = load_weights(toy_run / "run" / "weights.safetensors")
    save_weights(folder / "weights.safetensors", {target: networks[target] for target in targets})
    (folder / "metrics.json").write_text((toy_run / "run" / "metrics.json").read_text())
    return {target: networks[target] for target in targets}


def test_a_run_becomes_a_model(regplug, toy_run, tmp_path):
    network = copied(toy_run, tmp_path / "run", [BOUND])[BOUND]
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    metrics["command"] = f"regplug train deepbind mine.toml {tmp_path}/sets/X -o {tmp_path}/run"
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(metrics))
    done = regplug(
        *("export", tmp_path / "run", "--test", toy_run / "test", "--name", "toy"),
        *("-o", tmp_path / "repo"),
    )
    assert done.status == 0, done.err
    card = read_card(tmp_path / "repo" / "toy")
    tested = read_set(toy_run / "test" / BOUND)
    network = to_network(network)
    scores = score(network, np.array(tested.codes))  # numpy, the v0.11 scan
    pairs = scores[tested.targets == 1][:, None] - scores[tested.targets == 0]
    auc = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert list(card.labels) == [BOUND]
    assert float(card.targets[0].about["auc"]) == pytest.approx(auc, abs=1e-4)
    assert card.metrics["mean AUC"] == pytest.approx(auc, abs=1e-4)
    assert card.strand == ("max" if network.reverse_complement else "forward")
    assert card.created_by == f"regplug {VERSION}: regplug train deepbind mine.toml X"
    assert regplug("models", "verify", "--model-repo", tmp_path / "repo").status == 0


def test_mistakes(regplug, toy_run, tmp_path):
    copied(toy_run, tmp_path / "run", [BOUND])
    (tmp_path / "none").mkdir()
    for run, test, message in (
        (tmp_path / "none", toy_run / "test", "holds no finished run"),
        (tmp_path / "run", tmp_path / "none", "regplug prepare"),
    ):
        done = regplug("export", run, "--test", test, "--name", "toy", "-o", tmp_path / "repo")
        assert (done.status, message in done.err) == (1, True), done.err
        assert not (tmp_path / "repo").exists()
