"""`regplug train basset` learns planted motifs, goes on exactly, and says what is wrong."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from regplug.data.measure.metrics import auroc
from regplug.data.sites.sites import Sites
from regplug.errors import DataError, ModelError, TrainingError
from regplug.models.embedded import Embedded
from regplug.models.repository import check_model
from regplug.train.basset.build import arrays_of, build, load_arrays, probabilities
from regplug.train.basset.recipe import read_basset_recipe
from regplug.train.basset.run import read_basset_run
from regplug.train.basset.train import train_basset
from regplug.train.loop import loop
from tests.plugins.basset.toys import random_state
from tests.train.basset.toy_open import CNN, MOTIFS, toy_codes, toy_sites, write_open

pytestmark = pytest.mark.slow

KINDS = {"basset": "recipe.toml", "cnn": "cnn.toml"}


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Return a folder with sites.h5 and a recipe of each kind."""
    folder = tmp_path_factory.mktemp("toys")
    toy_sites(folder)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def trained(request, toys):
    """Return a folder of a run that has learned, of each kind."""
    out = toys / f"trained_{request.param}"
    epochs = {"basset": 12, "cnn": 4}[request.param]
    return run(toys, out, f"schedule.epochs={epochs}", kind=request.param)


def run(toys, out, *settings, kind="basset", sites="sites.h5", **options):
    torch.set_num_threads(1)
    train_basset(read_basset_recipe(toys / KINDS[kind], settings), toys / sites, out, **options)
    return out


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def weights(out):
    return load_file(out / "weights.safetensors")


# -- learning ----------------------------------------------------------------------------------


def test_planted_motifs_are_learned(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["targets"] == list(MOTIFS)
    assert min(metrics["valid_aucs"].values()) > 0.9
    assert metrics["valid_auc"] == np.mean(list(metrics["valid_aucs"].values()))
    assert metrics["sites"] == {"train": 600, "valid": 200}
    assert {path.name for path in trained.iterdir()} == {
        "log.csv", "metrics.json", "weights.safetensors",
    }  # fmt: skip


def test_the_kept_weights_have_the_told_auc(trained, toys):
    """Scored here from the file's weights, the validation sites give the figures of the run."""
    found = read_basset_run(trained)
    network = build(found.shape, 0.0).eval()
    load_arrays(network, found.arrays)
    with Sites(toys / "sites.h5") as sites:
        (valid,) = sites.batches("valid", 1000)
    with torch.no_grad():
        scores = probabilities(network, torch.from_numpy(valid.codes)).numpy()
    aucs = [auroc(valid.targets[:, at], scores[:, at]) for at in (0, 1)]
    assert list(found.metrics.valid_aucs.values()) == pytest.approx(aucs, abs=1e-4)


def test_the_log_has_a_row_per_epoch(trained):
    with (trained / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    metrics = json.loads((trained / "metrics.json").read_text())
    assert [int(row["epoch"]) for row in rows] == list(range(1, metrics["epochs"] + 1))
    best = rows[metrics["best_epoch"] - 1]
    assert float(best["valid_auc"]) == pytest.approx(metrics["valid_auc"], abs=1e-5)
    assert float(best["valid_auc"]) == max(float(row["valid_auc"]) for row in rows)
    assert float(best["valid_loss"]) == pytest.approx(metrics["valid_loss"], abs=1e-5)
    assert all(float(row["seconds"]) > 0 for row in rows)


def test_the_best_epoch_s_weights_are_kept(toys, tmp_path, monkeypatch):
    script = [0.6, 0.9, 0.7, 0.7]
    monkeypatch.setattr(
        "regplug.train.basset.train.Validation.__call__", lambda *_: (0.5, (script.pop(0), 0.5))
    )
    stopped = run(toys, tmp_path / "stopped", "schedule.epochs=9", "schedule.patience=2")
    metrics = read_basset_run(stopped).metrics
    assert (metrics.epochs, metrics.best_epoch, metrics.valid_auc) == (4, 2, 0.7)
    script[:] = [0.6, 0.9]
    assert_equal(weights(stopped), weights(run(toys, tmp_path / "two", "schedule.epochs=2")))
    script[:] = [0.6, 0.7, 0.9]
    third = weights(run(toys, tmp_path / "three", "schedule.epochs=3"))
    assert (third["last.weight"] != weights(stopped)["last.weight"]).any()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile's own
@pytest.mark.parametrize(
    "setting",
    [
        'schedule.precision="bfloat16"',
        pytest.param("train.compile=true", marks=pytest.mark.nightly),  # a minute of a compiler
    ],
)
def test_faster_ways_learn_too(toys, tmp_path, setting):
    out = run(toys, tmp_path / "run", "schedule.epochs=4", setting, kind="cnn")
    assert read_basset_run(out).metrics.valid_auc > 0.9


def test_a_target_of_one_class_is_left_out_and_told(toys, tmp_path):
    codes, targets = toy_codes(200, seed=2)
    targets[:, 1] = 1
    write_open(tmp_path / "sites.h5", codes, targets, train=100, valid=100)
    (tmp_path / "recipe.toml").write_text((toys / "recipe.toml").read_text())
    told = []
    out = run(tmp_path, tmp_path / "run", "schedule.epochs=1", tell=told.append)
    assert told[0] == "brain; new has no AUC: its validation sites are of one class"
    metrics = read_basset_run(out).metrics
    assert metrics.valid_aucs["brain; new"] is None
    assert metrics.valid_auc == metrics.valid_aucs["liver"]


# -- going on ----------------------------------------------------------------------------------


class KilledError(Exception):
    pass


@pytest.mark.parametrize("kind", ["basset", "cnn"])
def test_a_killed_run_is_resumed_to_the_same_weights(toys, tmp_path, monkeypatch, kind):
    whole = run(toys, tmp_path / "whole", kind=kind)
    save = loop.save

    def save_and_die(path, run, parts, epochs):
        save(path, run, parts, epochs)
        if len(epochs) == 2:
            raise KilledError

    monkeypatch.setattr(loop, "save", save_and_die)
    with pytest.raises(KilledError):
        run(toys, tmp_path / "killed", kind=kind)
    monkeypatch.setattr(loop, "save", save)
    assert not (tmp_path / "killed" / "metrics.json").exists()
    with pytest.raises(TrainingError, match="another recipe"):
        run(toys, tmp_path / "killed", "schedule.batch=40", kind=kind, resume=True)
    (tmp_path / "killed" / ".4711-checkpoint.pt").write_bytes(b"half")  # as SIGKILL may leave it
    resumed = run(toys, tmp_path / "killed", kind=kind, resume=True)
    assert_equal(weights(whole), weights(resumed))
    first, second = (read_basset_run(out).metrics for out in (whole, resumed))
    assert first.valid_aucs == second.valid_aucs
    assert first.valid_loss == second.valid_loss


def test_a_finished_run_is_not_made_again(toys, tmp_path):
    out = run(toys, tmp_path / "run", "schedule.epochs=1")
    before = (out / "weights.safetensors").stat().st_mtime_ns
    told = []
    run(toys, out, "schedule.epochs=1", resume=True, tell=told.append)
    assert told == [f"{out} was finished before"]
    assert (out / "weights.safetensors").stat().st_mtime_ns == before
    with pytest.raises(TrainingError, match="another recipe or other data"):
        run(toys, out, "schedule.epochs=2", resume=True)


def test_ctrl_c_stops_at_once_and_the_run_goes_on(toys, tmp_path):
    out = tmp_path / "run"
    words = ["train", "basset", toys / "recipe.toml", toys / "sites.h5", "-o", out]
    settings = ["--set", "schedule.epochs=12"]
    command = [sys.executable, "-m", "regplug", *map(str, words), *settings]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    going = subprocess.Popen(command, stderr=subprocess.PIPE, env=one_thread)
    while not (out / "checkpoint.pt").exists() and going.poll() is None:
        time.sleep(0.01)
    going.send_signal(signal.SIGINT)
    told = going.communicate(timeout=60)[1]
    assert (going.returncode, told.splitlines()[-1]) == (130, b"regplug: interrupted")
    assert {path.name for path in out.iterdir()} <= {
        "checkpoint.pt", "log.csv", "weights.safetensors",
    }  # fmt: skip
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, env=one_thread)
    assert done.returncode == 0, done.stderr
    assert "epoch 1:" not in done.stderr
    assert_equal(weights(out), weights(run(toys, tmp_path / "whole", "schedule.epochs=12")))


# -- a trained trunk ---------------------------------------------------------------------------


def test_a_new_task_begins_with_the_trained_trunk(trained, toys, tmp_path, monkeypatch):
    kind = read_basset_run(trained).metrics.kind
    codes, targets = toy_codes(200, seed=2)
    write_open(toys / "one.h5", codes, targets[:, :1], train=100, valid=100, samples=("lung",))
    begun = {}

    def kept(network, *_, **__):
        begun.update(arrays_of(network))
        raise KilledError

    monkeypatch.setattr("regplug.train.basset.train.train_networks", kept)
    with pytest.raises(KilledError):
        run(toys, tmp_path / "run", kind=kind, sites="one.h5", seeded_from=trained)
    before, last = weights(trained), "last." if kind == "basset" else "head."
    assert begun.keys() == before.keys()
    for name, array in begun.items():
        if name.startswith(last):
            assert len(array) == 1
        else:
            np.testing.assert_array_equal(array, before[name])
    monkeypatch.undo()
    out = run(
        toys, tmp_path / "run2", "schedule.epochs=1", kind=kind, sites="one.h5", seeded_from=trained
    )
    assert read_basset_run(out).metrics.seeded_from == trained.name
    assert read_basset_run(out).targets == ("lung",)


def test_targets_of_the_same_name_are_kept(trained, toys, tmp_path, monkeypatch):
    run_, before = read_basset_run(trained), weights(trained)
    kind, kept = run_.metrics.kind, list(reversed(run_.targets))
    codes, targets = toy_codes(200, seed=2)
    names = ("lung", *kept)
    labels = np.concatenate([targets[:, :1], targets[:, : len(kept)]], axis=1)
    write_open(toys / "more.h5", codes, labels, train=100, valid=100, samples=names)
    begun = {}

    def stop(network, *_, **__):
        begun.update(arrays_of(network))
        raise KilledError

    monkeypatch.setattr("regplug.train.basset.train.train_networks", stop)
    with pytest.raises(KilledError):
        run(toys, tmp_path / "run", kind=kind, sites="more.h5", seeded_from=trained)
    last = "last" if kind == "basset" else "head"
    for leaf in ("weight", "bias"):
        array = begun[f"{last}.{leaf}"]
        assert len(array) == len(names)
        np.testing.assert_array_equal(array[1:], before[f"{last}.{leaf}"][::-1])
        assert not np.isin(array[0], before[f"{last}.{leaf}"]).any()


def test_a_trunk_of_another_shape_is_refused(trained, toys, tmp_path):
    kind = read_basset_run(trained).metrics.kind
    other = {"basset": "network.filters=[12, 9]", "cnn": "network.channels=8"}[kind]
    with pytest.raises(ModelError, match=r"has shape .* fits.*network must be the trained one's"):
        run(toys, tmp_path / "run", other, kind=kind, seeded_from=trained)
    with pytest.raises(ModelError, match=r"cannot start from .*cnn\.toml: .*no plugin reads"):
        run(toys, tmp_path / "run", seeded_from=toys / "cnn.toml")
    assert not (tmp_path / "run").exists()


def test_published_weights_can_be_a_trunk(tmp_path):
    from safetensors.numpy import save_file

    save_file(random_state(), tmp_path / "kipoi.safetensors")
    rng = np.random.default_rng(0)
    codes, targets = rng.integers(0, 4, (60, 600), np.uint8), rng.integers(0, 2, (60, 1), np.uint8)
    write_open(tmp_path / "s.h5", codes, targets, train=30, valid=30, samples=("a",))
    (tmp_path / "recipe.toml").write_text(
        "network = {filters = [6, 5, 4], dense = [8, 7]}\nschedule = {batch = 10, epochs = 1}"
    )
    kipoi = tmp_path / "kipoi.safetensors"
    out = run(tmp_path, tmp_path / "run", sites="s.h5", seeded_from=kipoi)
    assert read_basset_run(out).metrics.seeded_from == "kipoi.safetensors"


# -- a model -----------------------------------------------------------------------------------


def test_a_run_becomes_a_model(trained, regplug, tmp_path):
    words = ("--name", "dnase", "-o", tmp_path / "repo", "--assembly", "hg19")
    done = regplug("export", trained, *words)
    assert done.status == 0, done.err
    card, found = check_model(tmp_path / "repo" / "dnase"), read_basset_run(trained)
    assert (card.family, card.output_scale, card.strand) == ("basset", "probability", "mean")
    assert (card.window, card.labels) == (44, ["liver", "brain-new"])
    assert all(target.spread > 0 for target in card.targets)
    auc = found.metrics.valid_aucs["liver"]
    assert done.out.splitlines()[0] == f"liver\tVALID AUC {auc:.4f}"
    network = build(found.shape, 0.0).eval()
    load_arrays(network, found.arrays)
    codes, _ = toy_codes(100, seed=8)
    codes[3, 10:20] = 4
    with torch.no_grad():
        forward, both = network(torch.from_numpy(codes)), torch.from_numpy(codes)
        expected = probabilities(network, both).numpy()
    scores = Embedded(tmp_path / "repo" / "dnase").predict(codes)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert np.abs(scores - forward.sigmoid().numpy()).max() > 0.01  # both strands count
    assert regplug("models", "verify", "--model-repo", tmp_path / "repo").status == 0


def test_a_run_s_graph_takes_no_torch(trained):
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from regplug.train.basset.run import read_basset_run, run_graph\n"
        "print(len(run_graph(read_basset_run(Path(sys.argv[1]))).SerializeToString()) > 1000)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script, trained], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


# -- a search ----------------------------------------------------------------------------------

SPACE = """
[search]
sampler = "tpe"
[search.space]
"network.channels" = [4, 16]
"network.dropout" = {low = 0.1, high = 0.4}
"schedule.learning_rate" = {low = 0.001, high = 0.03, log = true}
"schedule.epochs" = {low = 1, high = 2}
"""


def search(folder, regplug, *words):
    (folder / "search.toml").write_text(CNN + SPACE)
    recipe = ("train", "basset", folder / "search.toml", folder / "sites.h5", "-o", folder / "out")
    return regplug(*recipe, *words)


def test_a_search_keeps_the_best_and_goes_on(regplug, tmp_path):
    toy_sites(tmp_path)
    out = tmp_path / "out"
    done = search(tmp_path, regplug, "--trials", 3)
    assert done.status == 0, done.err
    records = sorted((out / "trials").glob("*.json"))
    tried = [json.loads(record.read_text()) for record in records]
    assert len(tried) == 3
    assert len({json.dumps(one["changes"]) for one in tried}) == 3
    for one in tried:
        assert one["changes"]["network.channels"] in (4, 16)
        assert 0.001 <= one["changes"]["schedule.learning_rate"] <= 0.03
        assert one["recipe"]["network"]["channels"] == one["changes"]["network.channels"]
    aucs = [one["auc"] for one in tried]
    best = out / "trials" / f"{np.argmax(aucs) + 1:03}"
    assert_equal(weights(out), weights(best))
    assert read_basset_run(out).metrics.valid_auc == max(aucs)
    # killed after the second: the same third is drawn and trained again
    records[2].unlink()
    before = [path.stat().st_mtime_ns for path in records[:2]]
    assert search(tmp_path, regplug, "--trials", 3).status == 1
    done = search(tmp_path, regplug, "--trials", 3, "--resume")
    assert done.status == 0, done.err
    assert json.loads(records[2].read_text()) == tried[2]
    assert [path.stat().st_mtime_ns for path in records[:2]] == before
    other = search(tmp_path, regplug, "--trials", 3, "--resume", "--set", "schedule.batch=20")
    assert (other.status, "another recipe" in other.err) == (1, True)


def test_trials_that_diverge_count_as_tried(regplug, tmp_path):
    toy_sites(tmp_path)
    setting = 'search.space."schedule.learning_rate"=[1e30]'
    done = search(tmp_path, regplug, "--trials", 2, "--set", setting)
    assert done.status == 1
    assert "every trial diverged" in done.err
    assert not (tmp_path / "out" / "metrics.json").exists()


# -- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "network.filtres=[1]"], "filtres"),
        (["--set", "network.sizes=[11]"], "as many"),
        (["--set", "network.width=600"], "follow from the set"),
        (["--set", 'network.kind="rnn"'], "not one of basset, cnn"),
        (["--set", "network.dropout=1.5"], "0 and 1|< 1"),
        (["--set", "network.sizes=[43, 5]"], "does not fit .*leaves no bins"),
        (["--set", "schedule.strands=1"], "strands"),
        (["--set", "schedule.batch=1000"], "600 sequences do not fill a batch of 1000"),
        (["--set", 'train.device="cuda"'], "torch sees 0 GPUs"),
        (["--set", "train.tensorboard=true"], r"pip install 'regplug\[tensorboard\]'"),
        (["--trials", "2"], "no .search.space."),
        (["--trials", "2", "--set", 'search.space."network.dropuot"=[1]'], "dropuot"),
        (["--trials", "2", "--set", 'search.space."network.filters.7"=[1]'], "7 is no place"),
        (["--seed-from", "nowhere"], "cannot start from nowhere"),
    ],
)
def test_a_mistake_is_told(toys, tmp_path, regplug, words, told):
    if "cuda" in str(words) and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = regplug(
        *("train", "basset", toys / "recipe.toml", toys / "sites.h5", "-o", tmp_path / "run"),
        *words,
    )
    assert done.status == 1, done.err
    assert re.search(told, done.err), done.err
    assert not list((tmp_path / "run").glob("*"))


def test_a_folder_of_other_things_is_not_touched(toys, tmp_path, regplug):
    words = ("train", "basset", toys / "recipe.toml", toys / "sites.h5", "-o", tmp_path)
    (tmp_path / "log.csv").write_text("")
    assert "go on with --resume" in regplug(*words).err
    (tmp_path / "letter.txt").write_text("")
    assert "holds other things than a run" in regplug(*words, "--resume").err
    assert len(list(tmp_path.iterdir())) == 2


def test_sets_that_cannot_be_used(toys, tmp_path):
    codes, targets = toy_codes(100, seed=1)
    recipe = (toys / "recipe.toml").read_text()
    (tmp_path / "recipe.toml").write_text(recipe)
    for name, (train, valid, which, told) in {
        "no_valid": (100, 0, targets, "make it with regplug prepare basset --valid"),
        "no_train": (0, 100, targets, "no sites to train on"),
        "one_class": (50, 50, targets * 0, "no target has both open and closed sites"),
    }.items():
        write_open(tmp_path / f"{name}.h5", codes, which, train=train, valid=valid)
        with pytest.raises(DataError, match=told):
            run(tmp_path, tmp_path / "run", sites=f"{name}.h5")
    with pytest.raises(DataError, match="cannot be read"):
        run(tmp_path, tmp_path / "run", sites="none.h5")
    assert not (tmp_path / "run").exists()


def test_damage_found_while_training_is_told(toys, tmp_path, monkeypatch):
    """A block of the codes is bad; validation sites are read before, the others in the thread."""
    (tmp_path / "recipe.toml").write_text((toys / "recipe.toml").read_text())
    codes, targets = toy_codes(4000, seed=1)
    path = write_open(tmp_path / "sites.h5", codes, targets, train=0, valid=0)
    import h5py

    with h5py.File(path, "r+") as file:
        file["parts"][:] = (np.arange(4000) < 500).astype(np.uint8)
        chunk = file["codes"].id.get_chunk_info(9)
    packed = bytearray(path.read_bytes())
    middle = chunk.byte_offset + chunk.size // 2
    packed[middle : middle + 50] = bytes(50)
    path.write_bytes(packed)
    with pytest.raises(DataError, match="is damaged"):
        run(tmp_path, tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_run_that_is_damaged_is_told(trained, tmp_path):
    with pytest.raises(ModelError, match="holds no finished run"):
        read_basset_run(tmp_path)
    metrics = (trained / "metrics.json").read_bytes()
    (tmp_path / "metrics.json").write_bytes(metrics)
    (tmp_path / "weights.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="is damaged"):
        read_basset_run(tmp_path)


STOPPED = """
import os, sys
from regplug.cli import main
from regplug.train.loop import loop
save = loop.save

def save_and_stop(path, run, parts, epochs):
    save(path, run, parts, epochs)
    if len(epochs) == 2: os._exit(9)

loop.save = save_and_stop
main()
"""


def test_two_processes_train_as_one_and_go_on_with_its_run(toys, tmp_path, monkeypatch):
    """Norms and dropouts see whole batches: what is left is the order of sums."""
    whole = weights(run(toys, tmp_path / "whole", kind="cnn"))
    words = ["train", "basset", toys / "cnn.toml", toys / "sites.h5", "-o"]

    def two(*line):
        start = (sys.executable, "-m", "torch.distributed.run", "--standalone")
        return subprocess.run(
            [*start, "--nproc-per-node=2", *line],
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def as_whole(out):
        assert len(list(out.iterdir())) == 3
        for name, array in weights(out).items():
            np.testing.assert_allclose(array, whole[name], atol=1e-5, err_msg=name)

    (tmp_path / "stopped.py").write_text(STOPPED)
    by_two, by_one = tmp_path / "by_two", tmp_path / "by_one"
    assert two(tmp_path / "stopped.py", *words, by_two).returncode != 0
    assert (by_two / "checkpoint.pt").exists()
    as_whole(run(toys, by_two, kind="cnn", resume=True))  # the last epoch, by one process

    save = loop.save

    def save_and_die(path, run, parts, epochs):
        save(path, run, parts, epochs)
        raise KilledError

    monkeypatch.setattr(loop, "save", save_and_die)
    with pytest.raises(KilledError):
        run(toys, by_one, kind="cnn")
    done = two("-m", "regplug", *words, by_one, "--resume")
    assert done.returncode == 0, done.stderr
    assert [done.stderr.count(f"epoch {number}:") for number in (1, 2, 3)] == [0, 1, 1]
    as_whole(by_one)


@pytest.mark.parametrize(
    "words",
    [
        ["basset", "r.toml", "s.h5", "--trials", "2"],
        ["deepbind", "r.toml", "SET"],
        ["panel", "r.toml"],
    ],
)
def test_what_torchrun_would_do_twice_is_refused(regplug, tmp_path, monkeypatch, words):
    monkeypatch.setenv("WORLD_SIZE", "2")
    (tmp_path / "r.toml").write_text("[search.space]\nseed = [1]" if "s.h5" in words else "")
    words = [str(tmp_path / word) if word == "r.toml" else word for word in words]
    done = regplug("train", *words, "-o", tmp_path / "run")
    assert done.status == 1
    assert "torchrun is for one network of train basset" in done.err
    assert not (tmp_path / "run").exists()


# -- recipes -----------------------------------------------------------------------------------


def shipped(name):
    return read_basset_recipe(Path(str(files("regplug.train") / "recipes" / f"{name}.toml")))


def test_the_published_recipe_is_the_published_network():
    recipe = shipped("basset_published")
    shape = recipe.shape(targets=164, width=600)
    assert shape.parameters == 4_135_064
    assert recipe.dropout == 0.3
    assert recipe.schedule.longest_row == 7


@pytest.mark.parametrize("name", ["basset_published", "basset_modern"])
def test_every_place_of_the_searched_space_is_allowed(name):
    recipe = shipped(name)
    space = {
        key: [one.low, one.high] if not isinstance(one, list) else one
        for key, one in recipe.search.space.items()
    }
    for at in (0, -1):
        changed = recipe.changed({key: values[at] for key, values in space.items()})
        assert changed != recipe
        changed.shape(targets=3, width=600)
        assert msgspec.json.decode(msgspec.json.encode(changed), type=type(recipe)) == changed
