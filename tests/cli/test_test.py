"""`regplug test` measures a run's networks on other sets."""

import json
import shutil

import numpy as np
import pytest

from regplug.errors import OutputError

pytest.importorskip("torch")

from safetensors.numpy import load_file, save_file

from regplug.data.sets.training import read_set
from tests.toy_runs import BOUND, PROBES, bound_set, probe_set

pytestmark = pytest.mark.slow


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def test_the_run_s_own_test_comes_out_again(regplug, toy_run):
    done = regplug("test", toy_run / "run", *(toy_run / "test" / t for t in (PROBES, BOUND)))
    assert (done.status, done.err) == (0, "")
    header, *body = rows(done.out)
    assert header == ["target", "metric", "value", "low", "high", "n"]
    known = json.loads((toy_run / "run" / "metrics.json").read_text())["targets"]
    expected = [
        [target, metric, *(f"{x:.4f}" for x in interval), "60"]
        for target in (PROBES, BOUND)
        for metric, interval in {
            known[target]["metric"]: known[target]["test"],
            **known[target]["also"],
        }.items()
    ]
    assert body == expected
    assert [row[1] for row in body] == [
        "Pearson correlation",
        "Pearson correlation of intensities",
        "AUC",
    ]


def test_scores_are_those_of_the_rows(regplug, toy_run, tmp_path):
    path = bound_set(tmp_path / BOUND, seed=9)
    out = tmp_path / "scores"
    for _ in range(2):  # an older one is replaced
        done = regplug("test", toy_run / "run", path, "-o", out)
        assert done.status == 0, done.err
    assert [one.name for one in out.iterdir()] == [f"{BOUND}.tsv"]
    header, *body = rows((out / f"{BOUND}.tsv").read_text())
    assert header == ["score", "target"]
    scores, targets = np.array(body, float).T
    assert (targets == read_set(path).targets).all()
    pairs = scores[:30, None] - scores[None, 30:]  # each bound sequence against each unbound one
    auc = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert float(rows(done.out)[1][2]) == pytest.approx(auc, abs=1e-4)
    assert 0.9 < auc <= 1


def test_sets_of_other_targets_are_passed_over(regplug, toy_run, tmp_path):
    """As tests/* gives them, where a run has some of the factors."""
    bound_set(tmp_path / "MYC", seed=1)
    (tmp_path / "README").touch()
    run, own = toy_run / "run", toy_run / "test" / BOUND
    alone = regplug("test", run, own)
    others = (tmp_path / "README", tmp_path / "MYC")
    done = regplug("test", run, others[1], own, others[0], "-o", tmp_path / "scores")
    assert (done.status, done.out) == (0, alone.out)
    assert done.err == (f"passed over, as {run} has no such target: {others[1]}, {others[0]}\n")
    assert [path.name for path in (tmp_path / "scores").iterdir()] == [f"{BOUND}.tsv"]
    done = regplug("test", run, *others)
    assert (done.status, done.out) == (1, "")
    assert f"{run} has no target README, MYC; it has {BOUND}, {PROBES}" in done.err


def test_mistakes(regplug, toy_run, tmp_path):
    run = toy_run / "run"
    good = toy_run / "test" / BOUND
    for folder in ("kind", "other", "median", "one", "twice", "damaged"):
        (tmp_path / folder).mkdir()
    probe_set(tmp_path / "kind" / BOUND, seed=1)
    probe_set(tmp_path / "median" / PROBES, seed=1, median=False)
    bound_set(tmp_path / "other" / "MYC", seed=1)
    bound_set(tmp_path / "twice" / BOUND, seed=1)
    bound_set(tmp_path / "damaged" / BOUND, seed=1)
    (tmp_path / "damaged" / BOUND / "codes.npy").write_bytes(b"no")
    one = bound_set(tmp_path / "one" / BOUND, seed=1)
    np.save(one / "targets.npy", np.ones(60, np.float32))
    card = json.loads((one / "set.json").read_text())
    (one / "set.json").write_text(json.dumps(card | {"positives": 60}))
    shutil.copytree(run, tmp_path / "half")
    (tmp_path / "half" / "metrics.json").unlink()
    shutil.copytree(run, tmp_path / "torn")
    weights = load_file(run / "weights.safetensors")
    del weights[f"{BOUND}/thresholds"]
    save_file(weights, tmp_path / "torn" / "weights.safetensors")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    for arguments, said in [
        ((tmp_path / "no", good), "no is no finished run"),
        ((tmp_path / "half", good), "metrics.json"),
        ((tmp_path / "torn", good), "c\"' lacks thresholds; train it again"),
        ((run, tmp_path / "no" / BOUND), "set.json"),
        ((run, tmp_path / "other" / "MYC"), "has no target MYC; it has"),
        ((run, tmp_path / "kind" / BOUND), "is a regression, measured by Pearson"),
        ((run, tmp_path / "median" / PROBES), "was prepared without --median"),
        ((run, one), "holds one class only"),
        ((run, tmp_path / "damaged" / BOUND), "codes.npy"),
        ((run, good, tmp_path / "twice" / BOUND), "two sets are called"),
        ((run, good, "-o", tmp_path / "taken"), "holds other things"),
        ((run, good, "-o", tmp_path / "taken" / "thesis.txt" / "scores"), "is a file"),
    ]:
        done = regplug("test", *arguments, *([] if "-o" in arguments else ["-o", tmp_path / "out"]))
        assert (done.status, done.out) == (1, ""), arguments
        assert said in done.err
        assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_half_written(regplug, toy_run, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr("regplug.cli.test.runs._text", fail)
    done = regplug("test", toy_run / "run", toy_run / "test" / BOUND, "-o", tmp_path / "out")
    assert (done.status, done.out) == (1, "")
    assert not list(tmp_path.iterdir())
