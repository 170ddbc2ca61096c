"""Training on Dask's workers: the weights of one process, whatever ends a worker or the run."""

import json
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed")
pytest.importorskip("torch")

from safetensors.numpy import load_file

pytestmark = pytest.mark.slow


@pytest.fixture
def train(stack):
    """Return a function that starts `regplug train`."""

    def start(*words):
        line = [sys.executable, "-m", "regplug", "train", *map(str, words)]
        process = stack.enter_context(subprocess.Popen(line, stderr=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        return process

    return start


def ended(process):
    err = process.communicate()[1]
    assert process.returncode == 0, err
    return err


def until(folder, pattern, process):
    """Wait until there is a file of the pattern in the folder."""
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def weights(path):
    return {name: array.tobytes() for name, array in load_file(path).items()}


def figures(run):
    """Return what metrics.json says of the targets, but for how long they took."""
    targets = json.loads((run / "metrics.json").read_text())["targets"]
    return {name: told | {"seconds": 0} for name, told in targets.items()}


@pytest.mark.fault("clusters", "train deepbind: a worker and the run are killed, then --resume")
def test_deepbind(tmp_path, toy_run, cluster, train):
    run = tmp_path / "run"
    line = ["deepbind", toy_run / "recipe.toml", *sorted((toy_run / "train").iterdir())]
    line += ["--test", toy_run / "test", "-o", run, "--executor", cluster.location]
    for _ in range(2):
        cluster.add_worker()
    first = train(*line)
    until(run, "*/round1-*.json", first)
    cluster.workers[0].send_signal(signal.SIGKILL)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (run / "metrics.json").exists()
    ended(train(*line, "--resume"))
    name = "weights.safetensors"
    assert weights(run / name) == weights(toy_run / "run" / name)
    assert figures(run) == figures(toy_run / "run")
