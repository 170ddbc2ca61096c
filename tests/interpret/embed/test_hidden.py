"""Hidden layers cut out of graphs: the last layer on top of them makes the model's scores."""

from contextlib import closing

import numpy as np
import pytest
from onnx import TensorProto, helper, load_from_string, numpy_helper

from regplug.errors import ModelError
from regplug.hooks.measuring import Measuring
from regplug.interpret.embed.hidden import hidden_graph, open_hidden
from regplug.models.embedded import Embedded
from regplug.models.export import export_model
from regplug.scoring.card import ModelCard, Target

WINDOW, UNITS, TARGETS = 12, 7, 3
RANDOM = np.random.default_rng(4)
CODES = RANDOM.integers(0, 5, (9, WINDOW)).astype(np.uint8)


class Graph:
    """A graph that a test writes down node by node."""

    def __init__(self) -> None:
        self.nodes, self.stored = [], []
        self.one_hot = self.op("Gather", self.keep(np.eye(5, 4)), self.op("Cast", "codes", to=7))
        letters = self.op("Reshape", self.one_hot, self.keep([-1, WINDOW * 4], int))
        self.forward = letters
        self.reverse = self.op(
            "Gather", letters, self.keep(np.arange(WINDOW * 4)[::-1], int), axis=1
        )

    def keep(self, value, kind=np.float32) -> str:
        self.stored.append(numpy_helper.from_array(np.asarray(value, kind), f"c{len(self.stored)}"))
        return self.stored[-1].name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes) -> str:
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(kind, inputs, names, f"n{len(self.nodes)}", **attributes)
        )
        return names[0] if outputs == 1 else names

    def trunk(self, letters: str, seed: int) -> str:
        """Return rectified units (rows, UNITS)."""
        weights = np.random.default_rng(seed).normal(size=(WINDOW * 4, UNITS))
        return self.op("Relu", self.op("MatMul", letters, self.keep(weights)))

    def dense(self, letters: str, seed: int = 0, kind: str = "Gemm") -> str:
        """Return the targets of a network (rows, TARGETS)."""
        units, (weights, bias) = self.trunk(letters, seed), last_layer(seed)
        if kind == "turned":
            inputs = (units, self.keep(weights.T), self.keep(bias))
            return self.op("Gemm", *inputs, transB=1)
        if kind == "left":
            product = self.op("MatMul", self.keep(weights.T), self.op("Transpose", units))
            return self.op("Transpose", self.op("Add", product, self.keep(bias[:, None])))
        if kind == "transposed":  # the weights by a node of their own
            turned = self.op("Identity", self.op("Transpose", self.keep(weights.T)))
            return self.op("Add", self.op("MatMul", units, turned), self.keep(bias))
        if kind == "MatMul":
            return self.op("Add", self.keep(bias), self.op("MatMul", units, self.keep(weights)))
        return self.op("Gemm", units, self.keep(weights), self.keep(bias))

    def finish(self, scores: str, targets: int = TARGETS) -> bytes:
        self.nodes.append(helper.make_node("Identity", [scores], ["scores"], "last"))
        codes = helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", WINDOW])
        out = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", targets])
        graph = helper.make_graph(self.nodes, "toy", [codes], [out], self.stored)
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def last_layer(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(100 + seed)
    return random.normal(size=(UNITS, TARGETS)), random.normal(size=TARGETS)


def stacked(graph: Graph) -> str:
    """Both strands as one batch: rows, then their mean."""
    both = graph.dense(graph.op("Concat", graph.forward, graph.reverse, axis=0))
    strands = graph.op("Reshape", both, graph.keep([2, -1, TARGETS], int))
    return graph.op("ReduceMean", strands, axes=[0], keepdims=0)


def split(graph: Graph) -> str:
    both = graph.dense(graph.op("Concat", graph.forward, graph.reverse, axis=0), kind="turned")
    first, second = graph.op("Split", both, outputs=2, axis=0)
    return graph.op("Mul", graph.op("Add", first, second), graph.keep(0.5))


def shaped_at_run_time(graph: Graph) -> str:
    both = graph.dense(graph.op("Concat", graph.forward, graph.reverse, axis=0))
    rows = graph.op("Shape", graph.forward, start=0, end=1)
    sizes = (graph.keep([2], int), rows, graph.keep([TARGETS], int))
    strands = graph.op("Reshape", both, graph.op("Concat", *sizes, axis=0))
    return graph.op("ReduceMean", strands, axes=[0], keepdims=0)


def branches(graph: Graph) -> str:
    strands = [graph.dense(letters, 0, "MatMul") for letters in (graph.forward, graph.reverse)]
    return graph.op("Mean", *strands)


def ensemble(graph: Graph) -> str:
    return graph.op("Mean", *(graph.dense(graph.forward, seed) for seed in (0, 1, 2)))


def stacked_ensemble(graph: Graph) -> str:
    """Members along a first axis, their last layers one product of stacks."""
    axis = graph.keep([0], int)
    units = [graph.op("Unsqueeze", graph.trunk(graph.forward, seed), axis) for seed in (0, 1)]
    layers = [last_layer(seed) for seed in (0, 1)]
    weights = graph.keep(np.stack([weights for weights, _ in layers]))
    product = graph.op("MatMul", graph.op("Concat", *units, axis=0), weights)
    biased = graph.op("Add", product, graph.keep(np.stack([bias[None] for _, bias in layers])))
    return graph.op("ReduceMean", biased, axes=[0], keepdims=0)


def model_of(graph: Graph, scores: str, tmp_path, targets: int = TARGETS) -> tuple:
    card = ModelCard(
        name="toy",
        version="1",
        family="toy",
        window=WINDOW,
        targets=tuple(Target(f"T{i}") for i in range(targets)),
        strand="mean",
        output_scale="score",
        max_batch_size=4,
        sha256="",
    )
    onnx = graph.finish(scores, targets)
    card = export_model(tmp_path, card, onnx, measuring=Measuring(3))
    with closing(Embedded(tmp_path / "toy", threads=1)) as backend:
        predicted = backend.predict(CODES)
    with open_hidden(hidden_graph(load_from_string(onnx), card), card) as backend:
        return predicted, backend.predict(CODES)


@pytest.mark.parametrize(
    ("build", "members"),
    [
        *((lambda g, kind=kind: g.dense(g.forward, 0, kind), 1) for kind in ("Gemm", "MatMul")),
        *((lambda g, kind=kind: g.dense(g.forward, 0, kind), 1) for kind in ("left", "turned")),
        (lambda g: g.dense(g.forward, 0, "transposed"), 1),
        (stacked, 1),
        (split, 1),
        (shaped_at_run_time, 1),
        (branches, 1),
        (ensemble, 3),
        (stacked_ensemble, 2),
    ],
)
def test_the_last_layer_makes_the_scores(build, members, tmp_path):
    graph = Graph()
    predicted, units = model_of(graph, build(graph), tmp_path)
    assert units.shape == (len(CODES), members * UNITS)
    layers = [last_layer(seed) for seed in range(members)]
    bias = np.mean([bias for _, bias in layers], axis=0)
    scores = units @ np.vstack([weights for weights, _ in layers]) + bias
    np.testing.assert_allclose(scores, predicted, atol=1e-5)


def test_what_is_a_targets_own_is_left_out(tmp_path):
    """Scores are sigmoid(2 * scale * (units @ weights + bias) - 1)."""
    graph, scale = Graph(), np.array([1, -3, 0.5])
    scaled = graph.op("Mul", graph.dense(graph.forward), graph.keep(scale))
    scores = graph.op("Sub", graph.op("Mul", scaled, graph.keep(2)), graph.keep(1))
    predicted, units = model_of(graph, graph.op("Sigmoid", scores), tmp_path)
    weights, bias = last_layer(0)
    expected = units @ weights * scale + 2 * bias * scale - 1  # the 2 is in the units
    np.testing.assert_allclose(1 / (1 + np.exp(-expected)), predicted, atol=1e-5)


def test_one_target(tmp_path):
    graph = Graph()
    weights = np.random.default_rng(1).normal(size=(UNITS, 1))
    scores = graph.op("MatMul", graph.trunk(graph.forward, 0), graph.keep(weights))
    predicted, units = model_of(graph, scores, tmp_path, targets=1)
    np.testing.assert_allclose(units @ weights, predicted, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda g: g.op("Max", g.dense(g.forward), g.dense(g.reverse)), "Max makes them"),
        (
            lambda g: g.op(
                "Concat",
                *(
                    g.op("MatMul", g.trunk(g.forward, i), g.keep(np.ones((UNITS, 1))))
                    for i in range(3)
                ),
                axis=1,
            ),
            "targets have layers of their own",
        ),
        (lambda g: g.op("Softmax", g.dense(g.forward)), "Softmax makes them"),
        (lambda g: g.op("Slice", g.forward, *(g.keep([i], int) for i in (0, 3, 1))), "more than"),
        (
            lambda g: g.op("Add", g.dense(g.forward), g.op("Relu", g.dense(g.reverse))),
            "Relu makes them",
        ),
    ],
)
def test_refused(build, why, tmp_path):
    graph = Graph()
    with pytest.raises(ModelError, match=f"the scores of toy come from no hidden layer.*{why}"):
        model_of(graph, build(graph), tmp_path)
