"""DeepLIFT and gradients of a graph: by hand, complete, and equal to tangermeme's."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from regplug.errors import ModelError
from regplug.genome.codes import encode
from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.interpret.attribute.contributions import actual
from regplug.interpret.attribute.gradients import deeplift, gradient, references_of
from regplug.interpret.attribute.network import Network
from regplug.models.embedded import Embedded
from regplug.models.foreign import net_of
from regplug.models.imported import import_nets
from regplug.models.onnx_builder import Builder
from regplug.scoring.effects import EFFECTS
from tests.plugins.onnx import toys
from tests.toy_models import position_model
from tests.toy_planted import MOTIF, planted_model

REPO = Path(__file__).parents[3] / "model_repo"
SHIPPED = ["basset_dhs4", "deepbind_encode", "deepbind_single", "open_chromatin", "yeast"]


@pytest.fixture(autouse=True)
def one_thread():
    """Keep torch to one thread: where other work runs, its idle threads spin for minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def opened(repo, name):
    backend = Embedded(repo / name, threads=1)
    graph = onnx.load(repo / name / "1" / "model.onnx")
    return backend, Network(graph, name, backend.card.main.name)


def unknown(codes):
    return references_of(codes, 0)


def test_a_motif_by_hand(tmp_path):
    """Seven bases of 1 for a site, 7/4 for unknown ones: 1 - 0 is shared by the seven alike."""
    planted_model(tmp_path, window=len(MOTIF))
    _, network = opened(tmp_path, "planted")
    codes = encode(MOTIF)[None]
    found = deeplift(codes, network, [0], "diff", unknown)
    assert found.predictions == found.references + 1 == 1
    assert actual(found.hypothetical[:, 0], codes) == pytest.approx(1 / 7)
    others = found.hypothetical[0, 0][np.arange(7), (codes[0] + 1) % 4]
    assert others == pytest.approx(-1 / 4 / (7 - 7 / 4))  # a wrong base: 0 less the quarter


def test_a_sum_by_hand(tmp_path):
    """Of a sum over columns each base's share is its value, less that of an unknown one."""
    position_model(tmp_path)
    _, network = opened(tmp_path, "place")
    codes = encode("ACGTTGCATTACGGATCCAGT")[None]
    found = deeplift(codes, network, [0, 1], "diff", unknown)
    table = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2]])
    wanted = table[None] * 1.1 ** np.arange(21)[:, None, None]
    assert found.hypothetical[0] == pytest.approx(wanted.transpose(2, 0, 1), rel=1e-5)
    slopes = gradient(codes, network, [0, 1], "diff").hypothetical[0]
    centred = wanted - wanted.mean(axis=1, keepdims=True)
    assert slopes == pytest.approx(centred.transpose(2, 0, 1), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_network_is_the_model(name, random_codes):
    backend, network = opened(REPO, name)
    codes = random_codes(3, backend.card.window, seed=1, unknown=0.02)
    answers = network(network.letters(codes)).value.detach().numpy()
    assert answers == pytest.approx(backend.predict(codes), abs=1e-5)


@pytest.mark.parametrize("score", ["diff", "logit"])
@pytest.mark.parametrize("name", SHIPPED)
def test_contributions_sum_to_the_change(name, score, random_codes):
    """The change is onnxruntime's, in whose answers no rule of DeepLIFT's has a part."""
    backend, network = opened(REPO, name)
    if score == "logit" and backend.card.output_scale != "probability":
        pytest.skip("scores that are no probabilities have no logit")
    codes = random_codes(2, backend.card.window, seed=2)
    references = [references_of(row, 6) for row in codes]
    found = deeplift(codes, network, [0, 2], score, lambda row: references_of(row, 6))
    for row in range(2):
        before, after = (
            backend.predict(each)[:, [0, 2]] for each in (references[row], codes[[row]])
        )
        changes = EFFECTS[score](before, np.broadcast_to(after, before.shape)).mean(axis=0)
        summed = actual(found.hypothetical[row], codes[row]).sum(axis=1)
        assert summed == pytest.approx(changes, abs=2e-4 * max(1, np.abs(changes).max()))


@pytest.mark.parametrize("strand", ["mean", "max"])
def test_networks_of_others(tmp_path, random_codes, strand):
    """An import has casts around a network, and joins its strands."""
    net = net_of(toys.Toy().graph(), "toy")
    about = About(name="mine", strand=strand)
    import_nets([net], tmp_path, about, command="onnx", measuring=Measuring(snvs=3, threads=1))
    backend, network = opened(tmp_path, "mine")
    codes = random_codes(2, backend.card.window, seed=2)
    found = deeplift(codes, network, [0, 2], "diff", unknown)
    for row in range(2):
        before, after = (backend.predict(each) for each in (unknown(codes[row]), codes[[row]]))
        summed = actual(found.hypothetical[row], codes[row]).sum(axis=1)
        assert summed == pytest.approx((after - before)[0, [0, 2]], abs=1e-4)


def test_references_are_shuffles_and_the_same_again(random_codes):
    codes = random_codes(1, 200, seed=3)[0]
    references = references_of(codes, 5)
    assert (references == references_of(codes, 5)).all()
    pairs = [np.bincount(each[:-1] * 4 + each[1:], minlength=16) for each in [codes, *references]]
    assert all((of == pairs[0]).all() for of in pairs)
    assert len({each.tobytes() for each in references}) == 5


class Toy(torch.nn.Module):
    """A small Basset of both strands, in the modules that tangermeme has rules for."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.strand = torch.nn.Sequential(
            torch.nn.Conv1d(4, 8, 7),
            torch.nn.ReLU(),
            torch.nn.MaxPool1d(4),
            torch.nn.Conv1d(8, 6, 3),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(6 * 11, 5),
            torch.nn.ReLU(),
            torch.nn.Linear(5, 3),
            torch.nn.Sigmoid(),
        )

    def forward(self, x):
        return (self.strand(x) + self.strand(x.flip(1, 2))) / 2

    def graph(self):
        """Return the same network as the project's graphs are made."""
        graph, arrays = Builder(), [p.detach().numpy() for p in self.strand.parameters()]
        w1, b1, w2, b2, w3, b3, w4, b4 = (
            graph.constant(a[:, :, None] if a.ndim == 3 else a, np.float32) for a in arrays
        )
        x = graph.one_hot(graph.both_strands(graph.known("codes"), 60))
        x = graph.op("Relu", graph.op("Conv", x, w1, b1))
        x = graph.op("MaxPool", x, kernel_shape=[1, 4], strides=[1, 4])
        x = graph.op("Flatten", graph.op("Relu", graph.op("Conv", x, w2, b2)))
        x = graph.op("Relu", graph.op("Gemm", x, w3, b3, transB=1))
        x = graph.op("Sigmoid", graph.op("Gemm", x, w4, b4, transB=1))
        graph.name(
            "scores", graph.op("ReduceMean", graph.reshape(x, 2, -1, 3), axes=[0], keepdims=0)
        )
        return graph.model(
            "toy",
            [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 60])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
            doc="",
        )


def test_as_tangermeme(random_codes):
    theirs = pytest.importorskip("tangermeme.deep_lift_shap").deep_lift_shap
    toy = Toy()
    network, codes = Network(toy.graph(), "toy", "scores"), random_codes(4, 60, seed=4)
    references = np.stack([references_of(row, 10) for row in codes])

    def letters(codes):
        return torch.nn.functional.one_hot(torch.from_numpy(codes).long(), 4).float().mT

    for target in range(3):
        wanted = theirs(
            *(toy, letters(codes)),
            target=target,
            references=letters(references),
            hypothetical=True,
            device="cpu",
        )
        found = deeplift(codes, network, [target], "diff", lambda row: references_of(row, 10))
        assert found.hypothetical[:, 0] == pytest.approx(wanted.mT.numpy(), abs=5e-6)
        assert np.abs(found.hypothetical).max() > 1e-3


def test_operators_of_other_networks(random_codes):
    """Pools that round up, parts, powers and quotients: by onnxruntime and to the whole change."""
    graph, random = Builder(), np.random.default_rng(5)
    filters = graph.constant(random.normal(size=(6, 4, 1, 5)), np.float32)
    x = graph.op("Conv", graph.one_hot(graph.known("codes")), filters)  # (n, 6, 1, 36)
    a, b = graph.ops("Split", x, graph.ints(2, 4), outputs=2, axis=1)
    a = graph.op("MaxPool", a, kernel_shape=[1, 5], strides=[1, 3], ceil_mode=1)
    b = graph.op("AveragePool", graph.op("Softplus", b), kernel_shape=[1, 4], strides=[1, 4])
    flat = graph.ints(0, -1)
    a, b = graph.op("Reshape", a, flat), graph.op("Reshape", graph.op("GlobalMaxPool", b), flat)
    two, one = graph.constant(2, np.float32), graph.constant(1, np.float32)
    squares = graph.op("ReduceSum", graph.op("Pow", a, two), graph.ints(1))  # (n, 1)
    total = graph.op("Sqrt", graph.op("Add", squares, one))
    n = graph.op("Concat", graph.size(total, 0), graph.ints(4), axis=0)
    wide = graph.op("Expand", total, n)
    graph.name("scores", graph.op("Div", graph.op("Max", b, wide), graph.op("Add", total, b)))
    model = graph.model(
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 40])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 4])],
        doc="",
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    network, codes = Network(model, "toy", "scores"), random_codes(3, 40, seed=6)
    found = deeplift(codes, network, [0, 3], "diff", lambda row: references_of(row, 4))
    for row in range(3):
        references = references_of(codes[row], 4)
        (after,) = session.run(["scores"], {"codes": codes[[row]]})
        (before,) = session.run(["scores"], {"codes": references})
        assert found.predictions[row] == pytest.approx(after[0, [0, 3]], abs=1e-5)
        summed = actual(found.hypothetical[row], codes[row]).sum(axis=1)
        change = (after - before.mean(axis=0))[0, [0, 3]]
        assert summed == pytest.approx(change, abs=1e-5)
        assert np.abs(change).min() > 1e-3


def test_an_operator_that_is_not_known(tmp_path):
    graph = Builder()
    letters = graph.one_hot(graph.known("codes"))
    graph.name("scores", graph.op("ReduceSum", graph.op("Sin", letters), graph.ints(1, 2, 3)))
    model = graph.model(
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 9])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])],
        doc="",
    )
    with pytest.raises(ModelError, match=r"toy has an operator Sin .*--method ism"):
        Network(model, "toy", "scores")
