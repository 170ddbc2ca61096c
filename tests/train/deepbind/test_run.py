"""A run leaves networks and figures; killed half way, it goes on to the same; nothing is mixed."""

import json

import msgspec
import numpy as np
import pytest

from regplug.data.sets.folds import with_shuffles
from regplug.data.sets.training import read_set, write_set
from regplug.errors import DataError, OutputError, PluginError
from regplug.files.weights import load_weights
from regplug.train.deepbind import search as search_module
from regplug.train.deepbind import target as target_module
from regplug.train.deepbind.elsewhere import TargetJob, finish_target
from regplug.train.deepbind.recipe import DeepBindRecipe
from regplug.train.deepbind.run import train_run
from regplug.train.deepbind.search import search
from regplug.train.deepbind.target import read_result
from regplug.train.loop.elsewhere import Versions
from tests.train.deepbind.test_fit import set_of

pytestmark = pytest.mark.slow

RECIPE = DeepBindRecipe(
    settings=4,
    rounds=2,
    filters=4,
    length=10,
    steps=40,
    checkpoints=2,
    rows=200,
    finals=2,
    detectors_scale=(1e-2, 1e-1),
    dense_scale=(1e-1, 1.0),
    learning_rate=(1e-2, 5e-2),
    dropout=(0.0, 0.25),
)
change = msgspec.structs.replace


@pytest.fixture
def folders(tmp_path, planted_codes):
    """Return two training sets, and the folder of their test sets."""
    for number, target in enumerate(("ONE", "TWO")):
        for part, n in (("train", 120), ("test", 60)):
            (tmp_path / part).mkdir(exist_ok=True)
            codes = planted_codes(n, 30, seed=10 * number + n)
            made = set_of(*with_shuffles(codes, folds=3, seed=1))
            write_set(tmp_path / part / target, made)
    return [tmp_path / "train" / "ONE", tmp_path / "train" / "TWO"], tmp_path / "test"


def run(folders, out, recipe=RECIPE, *, resume=False, told=None):
    sets, tests = folders
    progress = (told if told is not None else []).append
    return train_run(recipe, sets, tests, out, resume=resume, progress=progress)


def test_steps_are_told(folders, tmp_path):
    told = []
    (sets, tests), stepped = folders, lambda *step: told.append(step)
    results = train_run(
        RECIPE, sets, tests, tmp_path / "run", resume=False, progress=print, stepped=stepped
    )
    assert told == [
        (f"{result.target}: {what}", steps, step)
        for result in results
        for what, steps in [
            *((f"round {r}, fold {fold}", 40) for r in (1, 2) for fold in (1, 2, 3)),
            ("2 final networks", result.steps),
        ]
        for step in range(1, steps + 1)
    ]


def weights(out):
    return {
        f"{target}/{name}": value
        for target, network in load_weights(out / "weights.safetensors").items()
        for name, value in network.arrays.items()
    }


def test_a_run_leaves_networks_and_figures(folders, tmp_path):
    told = []
    results = run(folders, tmp_path / "run", change(RECIPE, steps=200), told=told)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(load_weights(tmp_path / "run" / "weights.safetensors")) == ["ONE", "TWO"]
    for result in results:
        assert len(result.tried) == 4
        losses = [one.loss for one in result.tried]
        assert losses == sorted(losses)
        assert result.steps in (100, 200)
        assert result.finals[result.kept].training_loss == min(
            final.training_loss for final in result.finals
        )
        assert result.test.value > 0.9
        assert result.test.low <= result.test.value <= result.test.high + 1e-12
        assert result.test_rows == (60, 60)
        assert metrics["targets"][result.target]["test"][0] == result.test.value
    assert any("fold 3" in line for line in told)


class KilledError(Exception):
    """Stands for a signal."""


@pytest.mark.parametrize("at", ["fold", "finals"])
def test_a_killed_run_goes_on_to_the_same_weights(folders, tmp_path, monkeypatch, at):
    run(folders, tmp_path / "whole")
    calls = []

    def killed(*args, **kwargs):
        calls.append(args)
        if len(calls) == (5 if at == "fold" else 1):
            raise KilledError
        return real(*args, **kwargs)

    module = search_module if at == "fold" else target_module
    real = module.fit
    monkeypatch.setattr(module, "fit", killed)
    with pytest.raises(KilledError):
        run(folders, tmp_path / "killed")
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    monkeypatch.setattr(module, "fit", real)
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("round*")}
    assert len(done) == (4 if at == "fold" else 6)
    run(folders, tmp_path / "killed", resume=True)
    assert done.items() <= {p: p.stat().st_mtime_ns for p in done}.items()  # not made again
    ours, theirs = weights(tmp_path / "killed"), weights(tmp_path / "whole")
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name])


def test_processes_do_not_change_the_weights(folders, tmp_path):
    """Folds and targets are trained by two others, which leave the files that this one would."""
    run(folders, tmp_path / "one")
    sets, tests = folders
    told, steps = [], []
    train_run(
        *(RECIPE, sets, tests, tmp_path / "two"),
        resume=False,
        progress=told.append,
        stepped=lambda *step: steps.append(step),
        executor="processes:2",
    )
    for name, value in weights(tmp_path / "one").items():
        np.testing.assert_array_equal(value, weights(tmp_path / "two")[name])
    folds = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("round*")]
    assert len(folds) == 12
    for fold in folds:
        assert (tmp_path / "two" / fold).read_bytes() == (tmp_path / "one" / fold).read_bytes()
    assert steps == [(f"round {r}: folds", 6, n) for r in (1, 2) for n in range(1, 7)]
    assert told[:2] == ["round 1: 6 folds done", "round 2: 6 folds done"]
    assert sorted(line.partition(":")[0] for line in told[2:]) == ["ONE", "TWO"]


def test_another_process_has_other_sets_or_versions(folders):
    sets, tests = folders
    cards = (read_set(sets[0]).card, read_set(tests / "ONE").card)
    job = TargetJob(RECIPE, sets[0], tests / "ONE", sets[0].parent / "run", cards, Versions.here())
    with pytest.raises(DataError, match=r"TWO on .* is not the set of the run"):
        finish_target(job._replace(training=sets[1], cards=(change(cards[0], seed=9), cards[1])))
    with pytest.raises(PluginError, match=r"the run 0\.0\.1 and 1\.13\.0: install the same"):
        finish_target(job._replace(versions=Versions("0.0.1", "1.13.0")))
    assert not job.folder.exists()


def test_another_run_is_not_gone_on_with(folders, tmp_path):
    sets, tests = folders
    run(([sets[0]], tests), tmp_path / "run")
    with pytest.raises(OutputError, match="--resume"):
        run(([sets[0]], tests), tmp_path / "run")
    with pytest.raises(OutputError, match="the same recipe"):
        run(([sets[0]], tests), tmp_path / "run", change(RECIPE, seed=2), resume=True)
    with pytest.raises(OutputError, match="the same sets"):
        run(folders, tmp_path / "run", resume=True)
    made = read_set(sets[0])
    write_set(sets[0], made._replace(card=change(made.card, seed=9)))  # other shuffles and folds
    with pytest.raises(OutputError, match="the same sets"):
        run(([sets[0]], tests), tmp_path / "run", resume=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="other things than a run"):
        run(folders, tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_a_damaged_result_is_named(folders, tmp_path):
    sets, tests = folders
    run(([sets[0]], tests), tmp_path / "run")
    (tmp_path / "run" / "ONE" / "result.json").write_text('{"target": "ON')
    with pytest.raises(DataError, match=r"ONE/result\.json"):
        run(([sets[0]], tests), tmp_path / "run", resume=True)


def test_what_is_missing_is_named_before_anything_is_written(folders, tmp_path):
    sets, tests = folders
    three = sets[0].rename(tmp_path / "train" / "THREE")
    with pytest.raises(DataError, match="no set THREE"):
        run(([three], tests), tmp_path / "run")
    with pytest.raises(DataError, match="two sets are called TWO"):
        run(([sets[1], sets[1]], tests), tmp_path / "run")
    with pytest.raises(DataError, match="regplug prepare"):
        run(([tmp_path / "nothing"], None), tmp_path / "run")
    with pytest.raises(DataError, match="both to train and to test on"):
        run(([sets[1]], sets[1].parent), tmp_path / "run")
    intensities = np.linspace(-1, 1, 120, dtype=np.float32)
    other = read_set(tests / "ONE")._replace(targets=intensities)
    card = change(other.card, kind="regression", negatives="none", positives=None)
    write_set(tests / "THREE", other._replace(card=card))
    with pytest.raises(DataError, match="THREE is a regression"):
        run(([three], tests), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").write_text("dear")
    with pytest.raises(OutputError, match="other things than a run"):
        run(([sets[1]], tests), tmp_path / "run")


def test_a_full_disk_leaves_no_half_fold(folders, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(search_module.msgspec.json, "encode", full)
    out = tmp_path / "run"
    with pytest.raises(OutputError, match="No space"):
        search(RECIPE, read_set(folders[0][0]), out, seed=1, progress=print)
    assert not list(tmp_path.glob("run/round*"))


def test_losses_of_other_settings_are_refused(folders, tmp_path):
    data = read_set(folders[0][0])
    (tmp_path / "run").mkdir()
    search(RECIPE, data, tmp_path / "run", seed=1, progress=lambda text: None)
    with pytest.raises(DataError, match="other settings"):
        search(RECIPE, data, tmp_path / "run", seed=2, progress=lambda text: None)


def test_settings_that_all_diverge_are_an_error(folders, tmp_path):
    recipe = change(RECIPE, learning_rate=(1e35, 1e36))
    with pytest.raises(DataError, match="every setting diverged"):
        run(folders, tmp_path / "run", recipe)


def test_a_diverged_setting_loses(folders, tmp_path):
    recipe = change(RECIPE, learning_rate=(1e-3, 1e36), settings=8)
    sets, tests = folders
    run(([sets[0]], tests), tmp_path / "run", recipe)
    losses = [one.loss for one in read_result(tmp_path / "run" / "ONE").tried]
    assert np.isinf(losses).any()
    assert np.isfinite(losses[0])


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_settings_lie_in_the_recipe_s_ranges(sampler):
    recipe = DeepBindRecipe(sampler=sampler)
    study = search_module.optuna.create_study(sampler=search_module.sampler_of(recipe, 1))
    drawn = [search_module.draw_setting(recipe, study.ask()) for _ in range(200)]
    for name in ("detectors_scale", "detectors_decay", "learning_rate"):
        low, high = getattr(recipe, name)
        values = [getattr(one, name) for one in drawn]
        assert low <= min(values) < low * (high / low) ** 0.1
        assert high * (low / high) ** 0.1 < max(values) <= high
    assert {one.dropout for one in drawn} == {0.0, 0.25, 0.5}
    momenta = np.array([one.momentum for one in drawn])
    assert momenta.min() >= 0.95
    assert momenta.max() <= 0.99
    assert (momenta > 0.97).mean() == pytest.approx(0.75, abs=0.12)  # 0.95 + 0.04 sqrt(U)
    if sampler == "random":
        assert [one.hidden for one in drawn] == [0, 32] * 100
        assert np.mean([one.dropout == 0 for one in drawn]) == pytest.approx(0.5, abs=0.12)
