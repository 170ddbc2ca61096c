"""Keras files of the family (make_real.py) answer as Keras does."""

import json
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from regplug.models.embedded import Embedded
from regplug.models.joined import Reading, joined
from regplug.models.library import open_session
from regplug.models.repository import check_model
from regplug.scoring.outputs import Output

h5py = pytest.importorskip("h5py")

from regplug_bpnet.keras_files import read_keras_file  # noqa: E402
from tests.plugins.bpnet.toys import write_chrombpnet  # noqa: E402


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    with zipfile.ZipFile(Path(__file__).with_name("real.zip")) as zipped:
        zipped.extractall(folder)
    return folder


@pytest.fixture
def importing(regplug, tmp_path):
    """Return what imports files as the model `mine`."""

    def run(*words):
        words = "--name", "mine", "-o", tmp_path / "repo", "--snvs", 30, *words
        return regplug("models", "import", "bpnet", *words)

    return run


@pytest.mark.parametrize(
    ("name", "window", "profile"),
    [("nobias", 170, (40,)), ("bias", 170, (40,)), ("bpnet", 170, (2, 40)), ("odd", 131, (33,))],
)
def test_answers_are_those_of_keras(real, name, window, profile):
    net = read_keras_file(real / f"{name}.h5")
    assert (net.window, net.heads) == (
        window,
        (Output("log_counts", (1,), "log_count"), Output("profile", profile, "profile_logits")),
    )
    held = np.load(real / f"{name}.npz")
    graph = joined([net], Reading("none", unknown=0)).SerializeToString()
    session = open_session(graph, "toy", threads=1)
    counts, logits = session.run(["log_counts", "profile"], {"codes": held["codes"]})
    np.testing.assert_allclose(counts, held["counts"], rtol=1e-5, atol=1e-5)
    wanted = held["profile"].transpose(0, 2, 1) if len(profile) == 2 else held["profile"]
    np.testing.assert_allclose(logits, wanted, rtol=1e-5, atol=1e-5)
    assert logits.std(-1).min() > 0.1
    assert np.ptp(counts) > 0.02


def test_folds_and_strands(real, importing, tmp_path):
    """Strands' counts are averaged, folds' logarithms; profiles of the other strand turned."""
    assert (done := importing(real / "nobias.h5", real / "bias.h5")).status == 0, done.err
    card = check_model(tmp_path / "repo" / "mine")
    assert (card.family, card.window, card.labels) == ("bpnet", 170, ["counts"])
    assert (card.unknown_base, card.strand, card.output_scale) == (0, "mean", "score")
    assert card.doc.startswith("nobias.h5: natural logarithm of reads")
    codes = np.load(real / "nobias.npz")["codes"]
    sides = codes, np.array([3, 2, 1, 0, 4], np.uint8)[codes[:, ::-1]]
    counts, profiles = [], []
    for name in ("nobias", "bias"):
        graph = joined([read_keras_file(real / f"{name}.h5")], Reading("none", unknown=0))
        session = open_session(graph.SerializeToString(), "toy", threads=1)
        plus, minus = (session.run(None, {"codes": side}) for side in sides)
        counts.append(np.log((np.exp(plus[0]) + np.exp(minus[0])) / 2))
        profiles.append((plus[1] + minus[1][:, ::-1]) / 2)
    with closing(Embedded(tmp_path / "repo" / "mine", threads=1)) as backend:
        found = backend.predict(codes, ("log_counts", "profile"))
    np.testing.assert_allclose(found["log_counts"], np.mean(counts, 0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["profile"], np.mean(profiles, 0), rtol=1e-5, atol=1e-5)


def test_the_whole_chrombpnet_is_refused(real, importing, tmp_path):
    done = importing(real / "chrombpnet.h5")
    assert done.status == 1
    assert "holds models in a model (Functional, Functional)" in done.err
    assert "chrombpnet_nobias.h5 is what variants are scored with" in done.err
    assert not (tmp_path / "repo").exists()


@pytest.mark.parametrize(
    "sizes",
    [
        {"filters": 8, "dilated": 3, "window": 170, "bases": 48},
        {"filters": 5, "dilated": 2, "window": 222, "bases": 116},
        pytest.param({"filters": 512, "dilated": 8, "window": 2114, "bases": 1000},
                     marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_bpnet_lite_reads_the_same_of_a_file(tmp_path, sizes):
    """Its own reader of ChromBPNet's files, and its network in float64, say what ours says."""
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("bpnetlite.bpnet")
    path = write_chrombpnet(tmp_path / "chrombpnet_nobias.h5", **sizes)
    network = module.BPNet.from_chrombpnet(path).eval().double()
    network.trimming = (sizes["window"] - sizes["bases"]) // 2
    net = read_keras_file(path)
    assert (net.window, net.heads[1].shape) == (sizes["window"], (sizes["bases"],))
    codes = np.random.default_rng(1).integers(0, 4, (2, net.window)).astype(np.uint8)
    letters = np.eye(4)[codes].swapaxes(1, 2)
    with torch.no_grad():
        profile, counts = (y.numpy() for y in network(torch.from_numpy(letters.copy())))
    graph = joined([net], Reading("none", unknown=0)).SerializeToString()
    found = open_session(graph, "toy", threads=1).run(None, {"codes": codes})
    np.testing.assert_allclose(found[0], counts, atol=1e-5)
    np.testing.assert_allclose(found[1], profile[:, 0], atol=1e-5)
    assert profile.std() > 0.1


def edited(path, change, arrays=lambda weights: None):
    """Change a file's architecture, and its arrays."""
    with h5py.File(path, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        change(model["config"])
        file.attrs["model_config"] = json.dumps(model)
        arrays(file["model_weights"])


def layer(config, name):
    return next(entry for entry in config["layers"] if entry["name"].endswith(name))


def without(name):
    return lambda config: config["layers"].remove(layer(config, name))


def setting(name, **settings):
    return lambda config: layer(config, name)["config"].update(settings)


def one_output(config):
    del config["output_layers"][0]


def control_of_any_length(config):
    entry = json.loads(json.dumps(config["layers"][0]))
    entry["name"] = entry["config"]["name"] = "control"
    entry["config"]["batch_input_shape"] = [None, None, 2]
    config["layers"].insert(1, entry)


def odd_profile(config):
    layer(config, "before_flatten")["config"]["cropping"] = [3, 0]


def renamed(weights):
    name = "wo_bias_bpnet_2conv"
    del weights[name][f"{name}/kernel:0"]


def other_shape(weights):
    name = "wo_bias_bpnet_2conv"
    group = weights[name]
    del group[f"{name}/kernel:0"]
    group[f"{name}/kernel:0"] = np.zeros((3, 8, 7), np.float32)


def nothing(_):
    pass


@pytest.mark.parametrize(
    ("change", "arrays", "message"),
    [
        (without("bpnet_2conv"), nothing, "Add add_2 reads wo_bias_bpnet_2conv, which is no layer"),
        (without("bpnet_1st_conv"), nothing, "reads wo_bias_bpnet_1st_conv, which is no layer"),
        (one_output, nothing, "x.h5 has 1 outputs (wo_bias_bpnet_logcount_predictions), where log"),
        (control_of_any_length, nothing, "control is an input of shape [None, 2], which cannot be"),
        (odd_profile, nothing, "reads 170 bases and its profile has 45, which do not lie in the"),
        (setting("2conv", padding="causal"), nothing, "Conv1D wo_bias_bpnet_2conv has padding 'c"),
        (setting("2crop", cropping=[1, 2]), nothing, "Add add_2 reads shapes"),
        (nothing, renamed, "wo_bias_bpnet_2conv/kernel:0 is missing"),
        (nothing, other_shape, "has shape (3, 8, 7), where (3, 8, 8) fits"),
        (lambda config: config.pop("layers"), nothing, "names no layers"),
    ],
)
def test_bad_files_are_named(importing, tmp_path, change, arrays, message):
    path = write_chrombpnet(tmp_path / "x.h5")
    edited(path, change, arrays)
    done = importing(path)
    assert (done.status, message in done.err) == (1, True), done.err
    assert not (tmp_path / "repo").exists()


def test_files_that_are_none(importing, tmp_path):
    (tmp_path / "x.h5").write_bytes(b"text")
    assert "cannot be taken: it is no HDF5 file" in importing(tmp_path / "x.h5").err
    assert "no such file" in importing(tmp_path / "y.h5").err
    path = write_chrombpnet(tmp_path / "x.h5")
    other = write_chrombpnet(tmp_path / "y.h5", window=180)
    assert "y.h5 reads 180 bases and has 1 targets, x.h5 170" in importing(path, other).err
    done = importing(path, "--strand", "forward")
    assert "networks of the family read DNA: --strand is mean, max or none" in done.err


def test_tracks_that_may_be_strands(importing, tmp_path):
    """Counts and profiles of two tracks each: are they strands, or targets?"""

    def two(config):
        setting("precrop", filters=2)(config)
        setting("logcount_predictions", units=2)(config)
        config["layers"].remove(layer(config, "logits_profile_predictions"))
        config["output_layers"][0][0] = layer(config, "before_flatten")["name"]

    def wider(weights):
        for name, shape in (("prof_out_precrop", (75, 8, 2)), ("logcount_predictions", (8, 2))):
            name, rng = f"wo_bias_bpnet_{name}", np.random.default_rng(2)
            for kind, size in (("kernel", shape), ("bias", (2,))):
                inside = f"{name}/{kind}:0"
                del weights[name][inside]
                weights[name][inside] = rng.normal(size=size).astype(np.float32)

    path = write_chrombpnet(tmp_path / "x.h5")
    edited(path, two, wider)
    assert "of 2 tracks each, and does not tell whether they are strands" in importing(path).err
    done = importing(path, "--strand", "none")
    assert done.status == 0, done.err
    card = check_model(tmp_path / "repo" / "mine")
    assert [output.shape for output in card.outputs] == [(2,), (2, 40)]
