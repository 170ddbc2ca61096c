"""Runs of `regplug train basset` become one model, measured on held-out sites."""

import numpy as np
import pytest
import torch

from regplug.data.measure.sites import Predicted
from regplug.models.embedded import Embedded
from regplug.models.repository import read_card
from regplug.train.basset.build import build, load_arrays
from regplug.train.basset.publish import site_aucs
from regplug.train.basset.recipe import read_basset_recipe
from regplug.train.basset.run import read_basset_run
from regplug.train.basset.train import train_basset
from tests.train.basset.toy_open import TRAIN, VALID, toy_codes, toy_sites, write_open

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with runs of two seeds, one of kind basset, and sites of a test."""
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("export")
    sites = toy_sites(made)
    for name, kind, seed in (("a", "cnn", 1), ("b", "cnn", 2), ("c", "recipe", 1)):
        recipe = read_basset_recipe(made / f"{kind}.toml", [f"seed={seed}", "schedule.epochs=2"])
        train_basset(recipe, sites, made / name)
    codes, targets = toy_codes(TRAIN + VALID + 300, seed=4)
    write_open(made / "test.h5", codes, targets)
    codes, targets = toy_codes(TRAIN + VALID, seed=1)
    write_open(made / "narrow.h5", codes[:, 7:37], targets, samples=("liver", "kidney"))
    recipe = read_basset_recipe(made / "cnn.toml", ["schedule.epochs=1"])
    train_basset(recipe, made / "narrow.h5", made / "narrow")
    return made


@pytest.fixture
def export(regplug, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    return lambda *words: regplug("export", *words, "--name", "toy", "-o", tmp_path)


def test_an_ensemble_averages_logits(export, folder, tmp_path):
    done = export("a", "b")
    assert done.status == 0, done.err
    codes, _ = toy_codes(40, seed=9)
    logits = []
    for name in "ab":
        run = read_basset_run(folder / name)
        network = build(run.shape, 0.0).eval()
        load_arrays(network, run.arrays)
        with torch.no_grad():
            logits.append(network.both_strands(torch.from_numpy(codes)))
    expected = torch.stack(logits).mean(0).sigmoid().numpy()
    backend = Embedded(tmp_path / "toy")
    np.testing.assert_allclose(backend.predict(codes), expected, atol=1e-5)
    backend.close()
    card = read_card(tmp_path / "toy")
    runs = [read_basset_run(folder / name).metrics.valid_auc for name in "ab"]
    assert card.metrics == {"mean validation AUC": round(np.mean(runs), 4)}
    assert (card.family, card.output_scale) == ("basset", "probability")


@pytest.mark.parametrize(
    ("words", "labels", "of"),
    [
        ([], ["liver", "brain-new", "kidney"], [["a", "narrow"], ["a"], ["narrow"]]),
        (["--outputs", "narrow=kidney", "--outputs", "a=liver"], ["liver", "kidney"],
         [["a"], ["narrow"]]),
        (["--outputs", "a=liver,brain; new:organ,brain; new", "--outputs", "narrow=kidney:organ"],
         ["liver", "organ", "brain-new"], [["a"], ["a brain-new", "narrow kidney"], ["a"]]),
    ],
)  # fmt: skip
def test_runs_with_other_targets_and_windows(export, folder, tmp_path, words, labels, of):
    """Each target is the mean of the runs that it is taken of; a narrower one reads the middle.

    One that is taken under another name counts for the output of that name, which has no AUC where
    targets of several names are in it.
    """
    done = export("a", "narrow", *words)
    assert done.status == 0, done.err
    codes, _ = toy_codes(40, seed=9)
    logits, aucs = {}, {}
    for name, low, names in (
        ("a", 0, ("liver", "brain-new")), ("narrow", 7, ("liver", "kidney"))
    ):  # fmt: skip
        run = read_basset_run(folder / name)
        network = build(run.shape, 0.0).eval()
        load_arrays(network, run.arrays)
        with torch.no_grad():
            found = network.both_strands(torch.from_numpy(codes[:, low : 44 - low].copy()))
        logits |= {(name, label): found[:, at] for at, label in enumerate(names)}
        each = run.metrics.valid_aucs.values()
        aucs |= {(name, label): auc for label, auc in zip(names, each, strict=True)}
    backend = Embedded(tmp_path / "toy")
    found = backend.predict(codes)
    backend.close()
    card = read_card(tmp_path / "toy")
    assert (card.labels, card.window) == (labels, 44)
    for at, (label, runs) in enumerate(zip(labels, of, strict=True)):
        own = [tuple(run.split()) if " " in run else (run, label) for run in runs]
        expected = torch.stack([logits[one] for one in own]).mean(0).sigmoid()
        np.testing.assert_allclose(found[:, at], expected.numpy(), atol=1e-5)
        if len({target for _, target in own}) == 1:
            mean = np.mean([aucs[one] for one in own])
            assert float(card.targets[at].about["valid_auc"]) == pytest.approx(mean, abs=1e-4)
        else:  # the labels of neither are of it
            assert "valid_auc" not in card.targets[at].about


def test_the_card_has_the_areas_of_the_test(export, tmp_path):
    done = export("a", "--test", "test.h5")
    assert done.status == 0, done.err
    card = read_card(tmp_path / "toy")
    codes, targets = toy_codes(TRAIN + VALID + 300, seed=4)
    parts = np.array(["train"] * TRAIN + ["valid"] * VALID + ["test"] * 300)
    rows = np.random.default_rng(0).permutation(parts) == "test"  # as write_open mixes
    backend = Embedded(tmp_path / "toy")
    scores, opened = backend.predict(codes[rows]), targets[rows] == 1
    backend.close()
    for at, target in enumerate(card.targets):
        own, other = opened[:, at], opened[:, 1 - at]
        for kind, negative in (
            ("auc", ~own),
            ("auc_closed", ~own & ~other),
            ("auc_elsewhere", ~own & other),
        ):
            pairs = scores[own, at][:, None] - scores[negative, at]
            area = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
            assert float(target.about[kind]) == pytest.approx(area, abs=1e-4)


def test_the_card_says_what_its_maker_says(export, tmp_path):
    about = ("--doc", "Reb1 is there", "--cite-as", "They 2021", "--assembly", "sacCer3")
    assert export("a", *about, "--license", "MIT").status == 0
    card = read_card(tmp_path / "toy")
    said = (card.doc, card.cite_as, card.assembly, card.license)
    assert said == ("Reb1 is there", "They 2021", "sacCer3", "MIT")


def test_areas_by_hand():
    """Of one target no site is open elsewhere; the other is open nowhere."""
    scores = np.array([[0.9, 0], [0.4, 0], [0.6, 0], [0.1, 0]], np.float32)
    opened = np.array([[1, 0], [1, 0], [0, 0], [0, 0]], np.uint8)
    aucs = site_aucs(Predicted(["x", "y"], scores, opened, probabilities=True))
    np.testing.assert_array_equal(aucs["auc"], [0.75, np.nan])
    np.testing.assert_array_equal(aucs["auc_closed"], [0.75, np.nan])
    np.testing.assert_array_equal(aucs["auc_elsewhere"], [np.nan, np.nan])


def test_areas_of_what_is_known():
    """x: 0.9 against 0.4 and 0.1, of which 0.4 is open elsewhere; y: 0.4 against 0.6."""
    scores = np.array([[0.9, 0.9], [0.4, 0.4], [0.6, 0.6], [0.1, 0.1]], np.float32)
    opened = np.array([[1, 255], [0, 1], [255, 0], [0, 255]], np.uint8)
    aucs = site_aucs(Predicted(["x", "y"], scores, opened, probabilities=True))
    np.testing.assert_array_equal(aucs["auc"], [1, 0])
    np.testing.assert_array_equal(aucs["auc_closed"], [1, 0])
    np.testing.assert_array_equal(aucs["auc_elsewhere"], [1, np.nan])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a", "c"), "have no ensemble"),
        (("c", "c"), "have no ensemble"),
        (("c", "--outputs", "c=liver"), "have no ensemble"),
        (("a", "--outputs", "a=heart"), "a has no target heart: it has liver, brain; new"),
        (
            ("a", "--outputs", "a=heart:liver"),
            "a has no target heart:liver: it has liver, brain; new",
        ),
        (("a", "--outputs", "a=brain; new:liver,liver"), "a has two targets for liver"),
        (("a", "--outputs", "b=liver"), "outputs of b are asked for, which is not exported"),
        (("a", "--outputs", "liver"), "--outputs liver does not say RUN=TARGET"),
        (("a", "none"), "no finished run"),
        (("a", "--windows", "x"), "leave out --windows"),
        (("a", "--test", "none.h5"), "none.h5"),
    ],
)
def test_mistakes(export, tmp_path, words, message):
    done = export(*words)
    assert (done.status, message in done.err) == (1, True), done.err
    assert not (tmp_path / "toy").exists()
