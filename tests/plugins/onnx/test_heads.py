"""`models import onnx --head NAME=KIND`: counts and a profile of one network, strands joined."""

from contextlib import closing

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from regplug.errors import ModelError
from regplug.genome.codes import reverse_complement
from regplug.hooks.about import About
from regplug.interpret.embed.hidden import hidden_graph
from regplug.interpret.filters.layer import FirstLayer
from regplug.models import triton
from regplug.models.embedded import Embedded
from regplug.models.foreign import net_of
from regplug.models.graphs import read_graph
from regplug.models.imported import import_nets
from regplug.models.repository import check_model
from regplug.models.server import local_server, serving
from regplug.scoring.backend import BackendOptions
from regplug.scoring.outputs import Output
from tests.plugins.onnx.test_onnx import importer
from tests.plugins.onnx.toys import TARGETS, WINDOW, Toy, some_codes

PLUS = np.array([1, 2, 4, 8, 3.75])  # logits of a base A C G T, and of N, a quarter of each
MINUS = np.array([10, 20, 40, 80, 37.5])
OTHER = np.array([3, 2, 1, 0, 4])  # the base on the other strand
BOTH = ("--head", "profile=profile_logits", "--head", "y=log_count")


@pytest.fixture
def importing(regplug, tmp_path):
    return importer(regplug, tmp_path, "onnx")


def write(path, rows=(PLUS, MINUS), *, toy=None, flat=False, name="profile"):
    """Write a toy network whose second output gives each base its logits, of each row."""
    model = (toy or Toy()).graph()
    graph = model.graph
    made = "made" if flat else name
    weights = np.stack(rows)[:, :4, np.newaxis].astype(np.float32)
    graph.initializer.append(numpy_helper.from_array(weights, "logits"))
    graph.node.append(helper.make_node("Conv", ["x", "logits"], [made]))
    if flat:
        graph.initializer.append(numpy_helper.from_array(np.array([-1, WINDOW]), "flat_shape"))
        graph.node.append(helper.make_node("Reshape", [made, "flat_shape"], [name]))
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    path.write_bytes(model.SerializeToString())
    return path


def opened(tmp_path):
    return closing(Embedded(tmp_path / "repo" / "mine", threads=1))


def expected_profile(codes):
    """Return the mean of both strands: a base's own, and those of its pair on the other one."""
    plus = (PLUS[codes] + MINUS[OTHER[codes]]) / 2
    minus = (MINUS[codes] + PLUS[OTHER[codes]]) / 2
    return np.stack([plus, minus], 1)


def test_strands_are_joined_output_by_output(importing, regplug, tmp_path):
    done = importing(write(tmp_path / "x.onnx"), *BOTH)
    assert (done.status, done.out) == (0, f"{tmp_path / 'repo' / 'mine'}\t3 targets\n"), done.err
    card = check_model(tmp_path / "repo" / "mine")
    assert card.outputs == (
        Output("y", (TARGETS,), "log_count"),
        Output("profile", (2, WINDOW), "profile_logits"),
    )
    assert (card.main.name, card.output_scale, card.labels) == ("y", "score", ["t0", "t1", "t2"])
    codes = some_codes()
    with opened(tmp_path) as backend:
        both = backend.predict(codes, ("y", "profile"))
        np.testing.assert_array_equal(backend.predict(codes), both["y"])
    sides = (Toy().answers(side) for side in (codes, reverse_complement(codes)))
    np.testing.assert_allclose(both["y"], np.logaddexp(*sides) - np.log(2), atol=1e-5)
    np.testing.assert_allclose(both["profile"], expected_profile(codes), rtol=1e-6)
    assert both["profile"][0, 0, 0] == (PLUS[codes[0, 0]] + MINUS[3 - codes[0, 0]]) / 2
    done = regplug("models", "verify", "--model-repo", tmp_path / "repo")
    assert done.status == 0, done.err


def test_the_sequence_as_it_stands(importing, tmp_path):
    assert importing(write(tmp_path / "x.onnx"), *BOTH, strand="none").status == 0
    codes = some_codes()
    with opened(tmp_path) as backend:
        profile = backend.predict(codes, ("profile",))
    np.testing.assert_array_equal(profile, np.stack([PLUS[codes], MINUS[codes]], 1))


def test_a_profile_of_one_row(importing, tmp_path):
    """It is a vector too, and comes first, but variants are not scored by it."""
    done = importing(write(tmp_path / "x.onnx", [PLUS], flat=True), *BOTH)
    assert done.status == 0, done.err
    codes = some_codes()
    with opened(tmp_path) as backend:
        assert backend.card.main.name == "y"
        profile = backend.predict(codes, ("profile",))
    wanted = (PLUS[codes] + PLUS[OTHER[codes]]) / 2
    np.testing.assert_allclose(profile, wanted, rtol=1e-6)


def test_folds_are_averaged_output_by_output(importing, tmp_path):
    toys = Toy(1), Toy(2)
    first = write(tmp_path / "1.onnx", toy=toys[0])
    second = write(tmp_path / "2.onnx", [PLUS * 3, MINUS], toy=toys[1])
    done = importing(first, second, *BOTH, strand="none")
    assert done.status == 0, done.err
    codes = some_codes()
    with opened(tmp_path) as backend:
        both = backend.predict(codes, ("profile", "y"))
    wanted = sum(toy.answers(codes) for toy in toys) / 2
    np.testing.assert_allclose(both["y"], wanted, atol=1e-5)
    wanted = np.stack([2 * PLUS[codes], MINUS[codes]], 1)
    np.testing.assert_allclose(both["profile"], wanted, rtol=1e-6)


def test_names_that_a_card_cannot_have(importing, tmp_path):
    file = write(tmp_path / "x.onnx", name="2/profile:0")
    done = importing(file, "--head", "y=score", "--head", "2/profile:0=profile_logits")
    assert done.status == 0, done.err
    with opened(tmp_path) as backend:
        found = backend.predict(some_codes(), ("_2_profile_0",))
    np.testing.assert_allclose(found, expected_profile(some_codes()), rtol=1e-6)


def test_what_notes_say(importing, tmp_path):
    notes = tmp_path / "notes.toml"
    notes.write_text('outputs = { y = "log_count", profile = "profile_logits" }\n')
    file = write(tmp_path / "x.onnx")
    assert importing(file, card=notes).status == 0
    with opened(tmp_path) as backend:
        assert [output.name for output in backend.card.answers] == ["y", "profile"]
    assert importing(file, card=notes, head="y").status == 0
    with opened(tmp_path) as backend:
        assert backend.card.outputs == ()


@pytest.mark.parametrize(
    ("how", "heads", "options", "message"),
    [
        ({}, ("y=log_count", "profile"), {}, "--head profile: of several outputs say what each is"),
        ({}, ("y=counts",), {}, "--head y: of several outputs say what each is, as in y=KIND"),
        ({}, ("y=score", "z=score"), {}, "x.onnx has no output z: choose with --head y or profile"),
        ({}, ("profile=profile_logits",), {}, "no --head is such: name one that is no profile"),
        ({}, ("y=probability",), {}, "x.onnx (y) answers"),
        ({}, ("y=log_count",), {"scale": "probability"}, "to random sequences, no probabilities"),
        ({}, ("y=log_count", "profile=profile_logits"), {"strand": "max"}, "cannot be joined"),
        ({"rows": [PLUS] * 3}, ("y=score", "profile=profile_logits"), {}, "cannot be joined: that"),
    ],
)
def test_heads_that_cannot_be_imported(importing, tmp_path, how, heads, options, message):
    words = [word for head in heads for word in ("--head", head)]
    assert message in importing(write(tmp_path / "x.onnx", **how), *words, **options).err


def test_notes_of_outputs_that_an_importer_does_not_read(tmp_path):
    net = net_of(read_graph(write(tmp_path / "x.onnx")), "x", head="y")
    about = About(name="mine", outputs={"y": "log_count"})
    with pytest.raises(ModelError, match="models import torch reads one output"):
        import_nets([net], tmp_path / "repo", about, command="torch")


def test_folds_with_other_outputs(importing, tmp_path):
    first, second = write(tmp_path / "1.onnx"), write(tmp_path / "2.onnx", [PLUS])
    assert (
        "2.onnx has outputs of other shapes than 1.onnx: no ensemble"
        in importing(first, second, *BOTH).err
    )


def test_filters_and_units_are_those_of_the_main_output(importing, tmp_path):
    file = write(tmp_path / "x.onnx", toy=Toy(both=True))
    assert importing(file, *BOTH, strand="none").status == 0
    codes = some_codes()
    with opened(tmp_path) as backend:
        card, wanted = backend.card, backend.predict(codes)
    model = read_graph(tmp_path / "repo" / "mine" / "1" / "model.onnx")
    assert [value.name for value in hidden_graph(model, card).graph.output] == ["y"]
    layer = FirstLayer(model, card, threads=1)
    np.testing.assert_allclose(layer.predict(codes, layer.read(codes)).scores, wanted, atol=1e-5)


@pytest.mark.triton
def test_a_server_gives_the_same(importing, tmp_path):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    assert importing(write(tmp_path / "x.onnx"), *BOTH).status == 0
    codes = some_codes()
    with opened(tmp_path) as backend:
        wanted = backend.predict(codes, ("profile", "y"))
    with serving(tmp_path / "repo") as server:
        for url in (server.grpc, server.http):
            made = triton.regplug_open_backend(url, "mine", BackendOptions())
            with closing(made) as backend:
                found = backend.predict(codes, ("profile", "y"))
                with pytest.raises(ModelError, match="no output scores"):
                    backend.predict(codes, ("scores",))
            for name in ("profile", "y"):
                np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-5)
