"""A model directory from a stranger: what it could make regplug read, run, allocate or write."""

import hashlib
import json
from pathlib import Path

import msgspec
import onnx
import pytest
from onnx import TensorProto, helper

from regplug.errors import ModelError
from regplug.models.graph_check import check_graph
from regplug.models.repository import read_card
from regplug.models.server import serving
from regplug.scoring.model import BATCH, batch_size
from tests.conftest import Finished

FAULT = pytest.mark.fault


@pytest.fixture
def graph_of(place):
    """Return a function that changes the model's graph, and its card's sha256 with it."""

    def change(how):
        file = place.model / "1" / "model.onnx"
        model = onnx.load(file)
        how(model)
        file.write_bytes(model.SerializeToString())
        place.card(sha256=hashlib.sha256(file.read_bytes()).hexdigest())
        return file.read_bytes()

    return change


@pytest.fixture
def annotate(place, refused, monkeypatch):
    def run() -> str:
        monkeypatch.chdir(place.folder)  # onnxruntime looks for external data from here
        line = ["annotate", "in.vcf", "--fasta", "genome.fa", "--model-repo", "models"]
        return refused(*line, "--model", "gc", "-o", "out.vcf")

    return run


def external(tensor: TensorProto, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)


def in_initializer(model):
    table = next(it for it in model.graph.initializer if it.name == "table")
    table.CopyFrom(TensorProto(name="table", data_type=TensorProto.FLOAT, dims=[5, 2]))
    external(table, "secret")


def in_constant(model):
    node = model.graph.node.add(op_type="Constant", output=["unused"])
    node.attribute.append(helper.make_attribute("value", TensorProto(dims=[4], data_type=1)))
    external(node.attribute[0].t, "secret")


def in_a_branch(model):
    tensor = TensorProto(name="w", dims=[4], data_type=1)
    external(tensor, "secret")
    branch = helper.make_graph([], "branch", [], [], [tensor])
    node = model.graph.node.add(op_type="If", input=["codes"], output=["unused"])
    node.attribute.append(helper.make_attribute("then_branch", branch))


def in_sparse(model):
    tensor = model.graph.sparse_initializer.add()
    external(tensor.values, "secret")


@pytest.mark.parametrize("how", [in_initializer, in_constant, in_a_branch, in_sparse])
@FAULT("strange models", "a graph that reads another file, at four places of a graph")
def test_external_data(place, graph_of, annotate, how):
    (place / "secret").write_bytes(b"\0" * 40)  # so onnxruntime would load it and score
    graph_of(how)
    assert "reads another file for" in annotate()


@FAULT("strange models", "a graph that reads another file, in models verify, motifs and serve")
def test_external_data_in_other_commands(place, graph_of, regplug, monkeypatch):
    (place / "secret").write_bytes(b"\0" * 40)
    graph_of(in_initializer)
    monkeypatch.chdir(place.folder)
    done: Finished = regplug("models", "verify", "gc", "--model-repo", "models")
    assert done.status == 1
    assert "reads another file for 'table'" in done.out
    monkeypatch.setattr("regplug.models.server._checked_program", lambda: Path("/none"))
    with (
        pytest.raises(ModelError, match="the graph of gc reads another file"),
        serving(place / "models"),
    ):
        pass


def foreign_operator(model):
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.node.add(op_type="Relu", domain="com.example", input=["codes"], output=["unused"])


def unknown_operator(model):
    model.graph.node.add(op_type="RunProgram", input=["codes"], output=["unused"])


def of_onnxruntime(model):
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    model.graph.node.add(op_type="Gelu", domain="com.microsoft", input=["codes"], output=["unused"])


@pytest.mark.parametrize("how", [foreign_operator, unknown_operator, of_onnxruntime])
@FAULT("strange models", "operators that are not ONNX's own")
def test_operators(graph_of, annotate, how):
    graph_of(how)
    assert "an operator that is not ONNX's own in opset 17: " in annotate()


@FAULT("strange models", "a graph with a function of its own")
def test_functions(graph_of, annotate):
    def add(model):
        node = helper.make_node("Relu", ["x"], ["y"])
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("mine", "F", ["x"], ["y"], [node], opsets))

    graph_of(add)
    assert "defines a function, 'F'" in annotate()


@FAULT("strange models", "bytes that are no graph, with their sha256 in the card")
def test_no_graph(place, annotate):
    (place.model / "1" / "model.onnx").write_bytes(b"\xff" * 99)
    place.card(sha256=hashlib.sha256(b"\xff" * 99).hexdigest())
    assert "the graph of gc is no ONNX" in annotate()


@FAULT("strange models", "every model that comes with regplug passes")
def test_our_own_models():
    graphs = list(Path(__file__).parents[2].glob("model_repo/*/1/model.onnx"))
    assert len(graphs) > 3
    for graph in graphs:
        check_graph(graph.read_bytes(), graph)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"window": 10**9}, "window and scan must be from 1 to"),
        ({"window": 10**30}, "is damaged"),
        ({"window": -1}, "window and scan must be from 1 to"),
        ({"scan": 10**9}, "window and scan must be from 1 to"),
        ({"max_batch_size": 10**9}, "max_batch_size must be from 1 to"),
        ({"max_batch_size": 0}, "max_batch_size must be from 1 to"),
        ({"targets": [{"label": f"T{i}"} for i in range(70_000)]}, "are more than 65536"),
        ({"targets": [{"label": "T", "scan": 10**9}]}, "window and scan must be from 1 to"),
        ({"version": "1>\n##evil=<ID=x"}, "the version '1>"),
        ({"name": "a/../b"}, "the name 'a/../b' is not of letters"),
        ({"companion": "../other"}, "the companion '../other' is not of letters"),
        ({"sha256": "0>\n##evil"}, "the sha256 is not of hexadecimal digits"),
    ],
)
@FAULT("strange models", "a card with a window, batch, name or version without limit")
def test_cards(place, annotate, keys, said):
    place.card(**keys)
    assert said in annotate()


@pytest.mark.parametrize(
    "label", ["", "a\nb", "a\tb", "a\rb", "a\x00", "a\x1b[2J", "a\u2028b", "a\u202eb", "x" * 201]
)
@FAULT("strange models", "labels with control characters, line ends, or over 200 letters")
def test_labels(place, annotate, label):
    place.card(targets=[{"label": "T0"}, {"label": label}])
    assert "the label '" in annotate()


@FAULT("strange models", "a name for a new model that no card can have")
def test_a_card_of_our_own(place):
    card = read_card(place.model)
    with pytest.raises(ModelError, match=r"the name 'a/b c' is not of letters, digits"):
        msgspec.structs.replace(card, name="a/b c")
    for name in ("-script-a", "β_2.1", "HNRNPA1+x"):  # as networks of a run are called
        assert msgspec.structs.replace(card, name=name).name == name


@FAULT("strange models", "a card that says another window or other targets than its graph")
def test_a_card_that_lies(place, annotate):
    card = json.loads((place.model / "card.json").read_bytes())
    place.card(window=1_000_000)
    assert "the input codes of gc has 21 columns in the graph, 1000000 in the card" in annotate()
    place.card(window=21, targets=card["targets"] * 1 + [{"label": "T2"}])
    assert "the output scores of gc has 2 columns in the graph, 3 in the card" in annotate()


@FAULT("strange models", "long windows: how many ALTs are in memory at once")
def test_memory_of_a_batch():
    assert batch_size([600, 2000]) == BATCH
    assert batch_size([21, 1 << 20]) * (1 << 20) <= 1 << 28
    assert batch_size([1 << 40]) == 1
    assert batch_size([]) == BATCH
