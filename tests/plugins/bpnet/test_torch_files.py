"""Files of bpnet-lite's and Cherimoya's weights answer as those packages do."""

import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from regplug.genome.codes import reverse_complement
from regplug.models.embedded import Embedded
from regplug.models.joined import Reading, joined
from regplug.models.library import open_session
from regplug.models.repository import check_model
from regplug_bpnet.importer import read_net

torch = pytest.importorskip("torch")


def randomised(network, seed=0):
    """Give a network weights that matter for what it answers, biases too."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.3 / max(1, parameter[0].numel()) ** 0.5)
    return network.eval()


def some_codes(window, rows=3):
    codes = np.random.default_rng(window).integers(0, 4, (rows, window)).astype(np.uint8)
    codes[1, 3:9] = 4
    return codes


def letters(codes):
    table = np.vstack([np.eye(4), np.zeros((1, 4))]).astype(np.float32)
    return torch.from_numpy(table[codes].swapaxes(1, 2).copy())


def answers(net, codes):
    """Return log counts (n, targets) and the profile, of codes as they stand."""
    graph = joined([net], Reading("none", unknown=0)).SerializeToString()
    session = open_session(graph, "toy", threads=1)
    return session.run(["log_counts", "profile"], {"codes": codes})


def check(network, net, window, *control):
    codes = some_codes(window)
    with torch.no_grad():
        profile, counts = (y.numpy() for y in network(letters(codes), *control))
    found = answers(net, codes)
    np.testing.assert_allclose(found[0], counts, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1].reshape(profile.shape), profile, rtol=1e-5, atol=1e-5)
    assert counts.std(0).min() > 1e-4 < profile.std(-1).min()


def bpnet_lite(name, **settings):
    module = pytest.importorskip("bpnetlite.bpnet")
    kind = getattr(module, name)
    return randomised(kind(verbose=False, **settings)), module.ControlWrapper


@pytest.mark.parametrize("name", ["BPNet", "BasePairNet"])
@pytest.mark.parametrize(
    ("settings", "window", "profile"),
    [
        ({"n_filters": 8, "n_layers": 3, "n_outputs": 1, "n_control_tracks": 0}, 301, None),
        ({"n_filters": 8, "n_layers": 3, "n_outputs": 2, "n_control_tracks": 2}, 302, None),
        ({"n_filters": 5, "n_layers": 2, "n_outputs": 1, "n_control_tracks": 1}, 77, 77),
        ({"n_filters": 5, "n_layers": 0, "n_outputs": 2, "n_control_tracks": 0}, 101, 33),
        (
            {"profile_output_bias": False, "count_output_bias": False, "n_filters": 6,
             "n_layers": 4, "n_outputs": 1, "n_control_tracks": 0},
            400, 100,
        ),
        pytest.param(
            {"n_filters": 64, "n_layers": 8, "n_outputs": 2, "n_control_tracks": 2},
            2114, None, marks=pytest.mark.slow,
        ),
        pytest.param(
            {"n_filters": 512, "n_layers": 8, "n_outputs": 1, "n_control_tracks": 0},
            2114, 1000, marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_bpnet_lite(tmp_path, name, settings, window, profile):
    if profile:
        settings = settings | {"trimming": (window - profile) // 2}
    network, wrapper = bpnet_lite(name, **settings)
    torch.save(network.state_dict(), tmp_path / "fold.torch")
    net = read_net(
        tmp_path / "fold.torch",
        window=window,
        profile=profile,
        basepairnet=name == "BasePairNet",
    )
    bases = window - 2 * network.trimming
    strands = settings["n_outputs"]
    assert net.heads[1].shape == ((strands, bases) if strands > 1 else (bases,))
    check(wrapper(network), net, window)


def test_chrombpnet_without_its_bias(tmp_path):
    """Of bpnet-lite's ChromBPNet the part without bias is read, as variants are scored with it."""
    settings = {"n_layers": 2, "n_outputs": 1, "n_control_tracks": 0}
    accessibility, _ = bpnet_lite("BPNet", n_filters=6, **settings)
    bias, _ = bpnet_lite("BPNet", n_filters=4, **settings)
    module = pytest.importorskip("bpnetlite.chrombpnet")
    whole = module.ChromBPNet(bias, accessibility)
    torch.save(whole.state_dict(), tmp_path / "whole.pt")
    check(accessibility, read_net(tmp_path / "whole.pt", window=200), 200)


@pytest.mark.parametrize(
    ("settings", "window", "profile"),
    [
        ({"n_filters": 8, "n_layers": 3}, 201, None),
        ({"n_filters": 8, "n_layers": 3, "signal_groups": [2], "n_control_tracks": 2}, 202, None),
        ({"n_filters": 6, "n_layers": 2, "expansion": 3, "residual_scale": 0.5}, 120, 40),
        ({"n_filters": 6, "n_layers": 2, "signal_groups": [1, 1, 1]}, 150, None),
        ({"n_filters": 6, "n_layers": 2, "signal_groups": [2, 2]}, 150, None),
        pytest.param({}, 2114, None, marks=pytest.mark.slow),
    ],
)
def test_cherimoya(tmp_path, settings, window, profile):
    cherimoya = pytest.importorskip("cherimoya")
    if profile:
        settings = settings | {"trimming": (window - profile) // 2}
    network = randomised(cherimoya.Cherimoya(compile=False, **settings))
    network.save(tmp_path / "fold.torch")
    net = read_net(tmp_path / "fold.torch", window=window)
    assert net.targets == len(settings.get("signal_groups", [1]))
    check(cherimoya.ControlWrapper(network), net, window)


@pytest.mark.parametrize("name", ["plain", "stranded"])
def test_answers_that_cherimoya_gave(tmp_path, name):
    """Files and answers of Cherimoya 0.3.1 (make_cherimoya.py)."""
    with zipfile.ZipFile(Path(__file__).with_name("cherimoya.zip")) as zipped:
        zipped.extractall(tmp_path)
    held = np.load(tmp_path / f"{name}.npz")
    net = read_net(tmp_path / f"{name}.torch", window=held["codes"].shape[1])
    counts, profile = answers(net, held["codes"])
    np.testing.assert_allclose(counts, held["counts"], rtol=1e-5, atol=1e-5)
    wanted = held["profile"].reshape(profile.shape)
    np.testing.assert_allclose(profile, wanted, rtol=1e-5, atol=1e-5)
    assert np.ptp(counts) > 1e-3 < np.ptp(profile)


@pytest.fixture
def bpnet(tmp_path):
    """Return a small state dict as bpnet-lite names it: 200 bases read, 94 predicted."""
    rng = np.random.default_rng(3)
    shapes = {
        "iconv.weight": (4, 4, 21), "iconv.bias": (4,), "rconvs.0.weight": (4, 4, 3),
        "rconvs.0.bias": (4,), "rconvs.1.weight": (4, 4, 3), "rconvs.1.bias": (4,),
        "fconv.weight": (1, 4, 75), "fconv.bias": (1,), "linear.weight": (1, 4),
        "linear.bias": (1,),
    }  # fmt: skip
    return {
        name: torch.from_numpy(rng.normal(size=shape).astype(np.float32) * 0.3)
        for name, shape in shapes.items()
    }


@pytest.fixture
def importing(regplug, tmp_path):
    """Return what saves a state dict and imports it as the model `mine`, of 200 bases."""

    def run(state, *words, name="fold.pt"):
        if isinstance(state, bytes):
            (tmp_path / name).write_bytes(state)
        else:
            torch.save(state, tmp_path / name)
        words = "--name", "mine", "-o", tmp_path / "repo", "--snvs", 30, "--window", 200, *words
        return regplug("models", "import", "bpnet", tmp_path / name, *words)

    return run


def test_the_command(importing, bpnet, regplug, tmp_path):
    assert (done := importing(bpnet)).status == 0, done.err
    card = check_model(tmp_path / "repo" / "mine")
    assert (card.family, card.window, card.labels) == ("bpnet", 200, ["counts"])
    assert [output.shape for output in card.outputs] == [(1,), (94,)]
    done = regplug("models", "verify", "--model-repo", tmp_path / "repo")
    assert done.status == 0, done.err


@pytest.mark.parametrize(
    ("groups", "shape"), [([1, 1, 1], (3, 1, 40)), ([2, 2], (2, 2, 40)), ([2], (2, 40))]
)
def test_strands_of_groups(importing, bpnet, tmp_path, groups, shape):
    """Bases are turned round, and of stranded groups the strands; counts average as counts."""
    state = {name: bpnet[name] for name in ("iconv.weight", "iconv.bias")}
    state |= {
        "fconv.weight": torch.randn(sum(groups), 4, 5),
        "fconv.bias": torch.randn(sum(groups)),
    }
    state |= {"linear.weight": torch.randn(len(groups), 4), "linear.bias": torch.randn(len(groups))}
    state |= {
        "blocks.0.conv_weight": torch.randn(3, 4),
        "blocks.0.linear1.weight": torch.randn(8, 4),
        "blocks.0.linear2.weight": torch.randn(4, 8),
    }
    config = {"n_layers": 1, "expansion": 2, "residual_scale": 0.5, "trimming": 80}
    file = {"config": config | {"signal_groups": groups}, "state_dict": state}
    assert (done := importing(file)).status == 0, done.err
    net, codes = read_net(tmp_path / "fold.pt", window=200), some_codes(200)
    plus, minus = answers(net, codes), answers(net, reverse_complement(codes))
    turned = minus[1][..., ::-1]
    turned = turned[..., ::-1, :] if 2 in groups else turned
    with closing(Embedded(tmp_path / "repo" / "mine", threads=1)) as backend:
        found = backend.predict(codes, ("log_counts", "profile"))
    assert found["profile"].shape == (3, *shape)
    np.testing.assert_allclose(found["profile"], (plus[1] + turned) / 2, rtol=1e-5, atol=1e-5)
    wanted = np.logaddexp(plus[0], minus[0]) - np.log(2)
    np.testing.assert_allclose(found["log_counts"], wanted, rtol=1e-5, atol=1e-5)


class _Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('weights were run')",))


def without(name):
    return lambda state: {key: value for key, value in state.items() if key != name}


def with_(name, *shape):
    return lambda state: state | {name: torch.zeros(shape)}


SETTINGS = {"n_layers": 1, "expansion": 2, "residual_scale": 0.5, "trimming": 80}


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (without("linear.weight"), (), "fold.pt has no linear.weight, which a network of its kind"),
        (without("rconvs.0.weight"), (), "fold.pt has rconvs.1.weight, of no layer that is read"),
        (with_("rconvs.0.weight", 4, 5, 3), (), "has shape (4, 5, 3), where (4, 4, 3) fits"),
        (with_("rconvs.0.weight", 4, 4), (), "has shape (4, 4), where 3 axes fit"),
        (with_("iconv.weight", 4, 4, 20), (), "iconv has filters of 20 bases, an even number"),
        (with_("head.weight", 4), (), "fold.pt has head.weight, of no layer that is read"),
        (with_("fconv.weight", 1, 3, 75), (), "fconv reads 3 channels, and there are 4"),
        (lambda state: {"config": {}, "state_dict": [1]}, (), "no state dict: config is a dict"),
        (lambda state: [1, 2], (), "holds a list, and no state dict of arrays"),
        (lambda state: state | {"fconv.bias": torch.tensor([np.nan])}, (), "that is not finite"),
        (lambda state: state | {"fconv.bias": 3}, (), "no state dict: fconv.bias is a int"),
        (dict, ("--profile", 99), "reads 200 bases and its profile has 99, which do not lie in"),
        (dict, ("--profile", 300), "reads 200 bases and its profile has 300"),
        (dict, ("--window", 90), "would have a profile of -16 bases, as 53 are cut off"),
        (lambda state: {"net": _Evil()}, (), "A whole module is a pickle, which would run code"),
        (lambda state: torch.nn.Linear(3, 2), (), ".state_dict(), 'weights.pt') makes a file"),
        (lambda state: b"", (), "fold.pt holds no state dict"),
        (
            lambda state: {"config": SETTINGS | {"signal_groups": [1, 2]}, "state_dict": state},
            (), "has signal_groups [1, 2]: all of one strand, or all of two",
        ),
        (
            lambda state: {"config": SETTINGS | {"expansion": True}, "state_dict": state},
            (), "has expansion True, which is no number of things",
        ),
        (
            lambda state: {"config": SETTINGS | {"signal_groups": [1]}, "state_dict": state},
            (), "fold.pt has rconvs.0.weight, of no layer that is read",
        ),
    ],
)  # fmt: skip
def test_bad_files_are_named(importing, bpnet, tmp_path, change, words, message):
    done = importing(change(bpnet), *words)
    assert (done.status, message in done.err) == (1, True), done.err
    assert not (tmp_path / "repo").exists()


def test_other_suffixes(importing):
    assert (
        "fold.bin? Files end in .h5, .hdf5, .keras, .torch" in importing(b"", name="fold.bin").err
    )
