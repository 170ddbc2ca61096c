"""Models as Keras 3 itself saves them (make_real.py) answer as Keras does."""

import json
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.genome.codes import reverse_complement
from regplug.models.embedded import Embedded
from regplug.models.joined import Reading, joined
from regplug.models.library import open_session
from regplug.scoring.outputs import Output

h5py = pytest.importorskip("h5py")

from regplug.models.keras.reading import read_keras  # noqa: E402


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    with zipfile.ZipFile(Path(__file__).with_name("real.zip")) as zipped:
        zipped.extractall(folder)
    return folder


def answers(net, codes):
    graph = joined([net], Reading("none")).SerializeToString()
    return open_session(graph, "toy", threads=1).run(["scores"], {"codes": codes})[0]


@pytest.mark.parametrize("form", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize(
    ("name", "head"),
    [("functional", "open"), ("functional", "logits"), ("branches", ""), ("sequential", "")],
)
def test_answers_are_those_of_keras(real, name, head, form):
    architecture = real / f"{name}.json" if form == ".weights.h5" else None
    net = read_keras(architecture, real / f"{name}{form}", head=head)
    held = np.load(real / f"{name}.npz")
    wanted = held["answer1" if head == "logits" else "answer0"]
    found = answers(net, held["codes"])
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert found.std(0).min() > 1e-4
    assert net.probability == (head == "open" or name == "branches")


def test_folds_and_the_command(regplug, real, tmp_path):
    done = regplug(
        "models", "import", "keras", real / "functional.keras", real / "functional.h5", "--head",
        "open", "--name", "mine", "-o", tmp_path / "repo", "--snvs", 30, "--strand", "none",
    )  # fmt: skip
    assert done.status == 0, done.err
    card = json.loads((tmp_path / "repo" / "mine" / "card.json").read_text())
    assert (card["strand"], card["output_scale"]) == ("none", "probability")
    assert card["doc"].startswith("Keras model functional.keras: its outputs, mean of 2 networks")


BOTH = ("--head", "profile=profile_logits", "--head", "counts=log_count")


@pytest.mark.parametrize("form", [".keras", ".h5"])
def test_several_outputs(regplug, real, tmp_path, form):
    """A profile of (bases, strands): of the other strand it is turned round, and they change."""
    held = np.load(real / "two_heads.npz")
    profile, counts, codes = held["answer0"], held["answer1"], held["codes"]
    assert profile.shape == (4, 49, 2)
    found = {}
    for strand in ("none", "mean"):
        done = regplug(
            "models", "import", "keras", real / f"two_heads{form}", *BOTH, "--strand", strand,
            "--name", strand, "-o", tmp_path / "repo", "--snvs", 30,
        )  # fmt: skip
        assert done.status == 0, done.err
        with closing(Embedded(tmp_path / "repo" / strand, threads=1)) as backend:
            assert backend.card.main == Output("counts", (2,), "log_count")
            both = np.concatenate([codes, reverse_complement(codes)])
            found[strand] = backend.predict(both, ("counts", "profile"))
    np.testing.assert_allclose(found["none"]["counts"][:4], counts, atol=1e-5)
    np.testing.assert_allclose(found["none"]["profile"][:4], profile, atol=1e-5)
    minus = found["none"]["profile"][4:, ::-1, ::-1]
    np.testing.assert_allclose(found["mean"]["profile"][:4], (profile + minus) / 2, atol=1e-5)
    minus = found["none"]["counts"][4:]
    wanted = np.log((np.exp(counts) + np.exp(minus)) / 2)
    np.testing.assert_allclose(found["mean"]["counts"][:4], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        (("counts",), ""),
        (("profile",), "gives shape (49, 2), where one axis of targets fits: take it beside"),
        (("profile=profile_logits",), "no --head is such: name one that is no profile"),
        (("counts=log_count", "open=score"), "no output open: choose --head profile or counts"),
        (("counts=log_count", "profile"), "--head profile: of several outputs say what each is"),
    ],
)
def test_heads_that_there_are(regplug, real, tmp_path, heads, message):
    words = [word for head in heads for word in ("--head", head)]
    done = regplug(
        "models", "import", "keras", real / "two_heads.keras", *words, "--name", "mine", "-o",
        tmp_path / "repo", "--snvs", 30,
    )  # fmt: skip
    assert (done.status, message in done.err) == (1 if message else 0, True), done.err
    assert (tmp_path / "repo" / "mine").exists() == (not message)


def changed(real, folder, change):
    model = json.loads((real / "functional.json").read_text())
    change(model["config"])
    path = folder / "changed.json"
    path.write_text(json.dumps(model))
    return path


def named(config, name):
    return next(layer for layer in config["layers"] if layer["name"] == name)


def twice(config):
    layer = named(config, "stem")
    layer["inbound_nodes"] *= 2


def second_input(config):
    other = json.loads(json.dumps(config["layers"][0]))
    other["name"] = other["config"]["name"] = "control"
    config["layers"].insert(1, other)


def unknown_layer(config):
    named(config, "dilated_2")["class_name"] = "LocallyConnected1D"


def other_width(config):
    named(config, "cropping1d")["config"]["cropping"] = [1, 1]


def without_layer(config):
    config["layers"].remove(named(config, "stem"))


def any_length(config):
    config["layers"][0]["config"]["batch_shape"] = [None, None, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (twice, "layer 2 of 19, Conv1D stem stands in several places of the model"),
        (second_input, "InputLayer control is a second input beside letters"),
        (unknown_layer, "LocallyConnected1D dilated_2 is not read: these are Activation, Activ"),
        (other_width, r"Add add reads shapes \(51, 4\), \(53, 4\): one fits"),
        (without_layer, "reads stem, which is no layer before it"),
        (any_length, r"reads an input of shape \[None, 4\]: a model needs a window of its own"),
        (lambda config: config.pop("output_layers"), "does not say which of its layers answers"),
        (lambda config: None, "has 2 outputs: choose --head open or logits"),
    ],
)
def test_what_is_not_read_is_named(real, tmp_path, change, message):
    path = changed(real, tmp_path, change)
    with pytest.raises(ModelError, match=message):
        read_keras(path, real / "functional.weights.h5")


def test_a_window_for_any_length(real, tmp_path):
    path = changed(real, tmp_path, any_length)
    net = read_keras(path, real / "functional.weights.h5", head="open", window=61)
    held = np.load(real / "functional.npz")
    np.testing.assert_allclose(answers(net, held["codes"]), held["answer0"], atol=1e-5)
    assert read_keras(path, real / "functional.weights.h5", head="open", window=80).window == 80


def test_files_that_hold_no_model(real, tmp_path):
    for content in (b"", b"PK\x03\x04"):
        (tmp_path / "x.keras").write_bytes(content)
        with pytest.raises(ModelError, match=r"x\.keras is no \.keras file"):
            read_keras(None, tmp_path / "x.keras")
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as zipped:
        zipped.writestr("config.json", "{}")
    with pytest.raises(ModelError, match=r"x\.keras is no \.keras file"):
        read_keras(None, tmp_path / "x.keras")
    with pytest.raises(ModelError, match="it has no architecture: name that"):
        read_keras(None, real / "functional.weights.h5")
