"""A model's last hidden layer as a model of its own: codes (n, width) → units (n, units).

model.onnx ─hidden_graph→ the graph without its last layer ─open_hidden→ Backend

The weights of the last dense layers are replaced by an identity, and what each target has of its
own (bias, scale, output function) is left out; all else stays. So the hidden layers of strands and
of an ensemble's members are joined just as their scores are: strands are averaged, members stand
side by side, and scores = units @ weights + bias. Where a graph averages probabilities, the units
are averaged without the output function, and the scores cannot be computed from them.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from regplug.errors import ModelError
from regplug.models.device import CPU
from regplug.models.embedded import Embedded
from regplug.models.repository import Golden, write_model
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, Target

Array = NDArray[Any]

# Operators that may stand between the last layers and the scores: those that reorder or reduce
# values, those that join several tensors, and those that are applied to each target's score.
_MOVE = {"Cast", "Dropout", "Gather", "Identity", "ReduceMean", "ReduceSum", "Reshape", "Slice"}
_MOVE |= {"Split", "Squeeze", "Transpose", "Unsqueeze"}
_JOIN = {"Add", "Concat", "Mean", "Sub", "Sum"}
_OUTPUT_FUNCTION = {"Exp", "Sigmoid", "Softplus"}


class _Layer(NamedTuple):
    """A last layer: its node, the tensor it reads, its weights (..., units, targets).

    Where they are the left factor (`left`), they stand in the graph as (..., targets, units).
    """

    node: NodeProto
    reads: str
    weights: Array
    left: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (units,), or (members, units) where members are stacked."""
        return self.weights.shape[:-1]

    @property
    def key(self) -> tuple[tuple[int, ...], bytes]:
        """Return what is equal for the two strands of a member, which share their weights."""
        return self.weights.shape, self.weights.tobytes()


@contextmanager
def open_hidden(
    graph: ModelProto, card: ModelCard, *, threads: int = 0, device: str = CPU
) -> Iterator[Backend]:
    """Give a backend whose predictions are the units (n, units) that `graph` computes.

    Args:
        graph: from `hidden_graph`.
        card: of the model that it was made of.
        threads: of the CPU; 0: all.
        device: cpu, cuda or cuda:N.

    Raises:
        ModelError: onnxruntime cannot run the graph.
        BackendError: onnxruntime cannot use the device.
    """
    onnx = graph.SerializeToString()
    units = graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    card = msgspec.structs.replace(
        card,
        targets=tuple(Target(f"unit {number}") for number in range(units)),
        sha256=hashlib.sha256(onnx).hexdigest(),
        outputs=(msgspec.structs.replace(card.main, shape=(units,)),) if card.outputs else (),
        scan=None,  # a long sequence is read whole: units of its parts cannot be joined as scores
        companion=None,
        background=None,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_model(Path(scratch), card, onnx=onnx, golden=Golden([], []))
        with closing(Embedded(folder, threads=threads, device=device)) as backend:
            yield backend


def hidden_graph(model: ModelProto, card: ModelCard) -> ModelProto:
    """Return a graph that reads what `model` reads; its main output is the units (n, units).

    Raises:
        ModelError: its scores are not sums over dense layers that all targets share.
    """
    return _Cut(model, card).graph()


class _Cut:
    """A copy of a model, to be cut at its last dense layers."""

    def __init__(self, model: ModelProto, card: ModelCard) -> None:
        self._model, self._card = ModelProto(), card
        self._model.CopyFrom(model)
        self._makers = {name: node for node in self._model.graph.node for name in node.output}
        self._stored = {tensor.name: tensor for tensor in self._model.graph.initializer}
        self._layers: list[_Layer] = []
        self._reshapes: list[NodeProto] = []
        self._seen: set[str] = set()

    def graph(self) -> ModelProto:
        """Return the graph of units, in which each member's layer has its own columns."""
        self._walk(self._card.main.name)
        members = {layer.key: layer.shape for layer in self._layers}
        units = sum(map(prod, members.values()))
        starts = dict(zip(members, np.cumsum([0, *map(prod, members.values())]), strict=False))
        for layer in self._layers:
            rows = np.eye(prod(layer.shape), units, k=starts[layer.key], dtype=np.float32)
            self._swap(layer, rows.reshape(*layer.shape, units))
        for node in self._reshapes:
            node.input[1] = self._widened(node.input[1], units)
        graph = self._model.graph
        graph.ClearField("value_info")
        graph.ClearField("output")
        scores = helper.make_tensor_value_info(
            self._card.main.name, TensorProto.FLOAT, ["n", units]
        )
        graph.output.append(scores)
        return self._model

    def _walk(self, name: str) -> None:
        """Find the last layers before the tensor `name`; drop what each target has of its own."""
        if name in self._seen:
            return
        self._seen.add(name)
        node = self._makers.get(name)
        if node is None:
            raise self._refused("they are more than sums over dense layers")
        if node.op_type in ("Gemm", "MatMul"):
            self._layers.append(self._layer(node))
            return
        if node.op_type == "Reshape":
            self._reshapes.append(node)
        for source in self._sources(node):
            self._walk(source)

    def _sources(self, node: NodeProto) -> list[str]:
        """Return the tensors that a node after the last layers joins or passes on."""
        kind, inputs = node.op_type, list(node.input)
        constants = [self._constant(name) for name in inputs]
        if kind in ("Add", "Mul") and constants[0] is not None:
            inputs, constants = inputs[::-1], constants[::-1]
        if kind in ("Add", "Sub", "Mul", "Div") and constants[1] is not None:
            if kind in ("Add", "Sub") or _per_target(constants[1], len(self._card.targets)):
                _become(node, "Identity", inputs[0])
            return inputs[:1]
        if kind in _OUTPUT_FUNCTION:
            _become(node, "Identity", inputs[0])
        elif kind in _JOIN:
            return inputs
        elif kind not in _MOVE:
            raise self._refused(f"{kind} makes them")
        return inputs[:1]

    def _layer(self, node: NodeProto) -> _Layer:
        """Return the last layer that a product is.

        Raises:
            ModelError: it is not one of units and weights, or not of all targets.
        """
        first, second = (self._constant(name) for name in node.input[:2])
        flags = {attribute.name for attribute in node.attribute if attribute.i}
        turned = flags & {"transA", "transB"}
        left, weights = second is None, first if second is None else second
        known = all(self._constant(bias) is not None for bias in node.input[2:])
        odd = "transA" in turned or (left and turned)
        if weights is None or weights.ndim < 2 or not known or odd:
            raise self._refused("their last product is not one of units and constant weights")
        if left != ("transB" in turned):
            weights = np.swapaxes(weights, -1, -2)
        if weights.shape[-1] != len(self._card.targets):
            raise self._refused("targets have layers of their own")
        return _Layer(node, node.input[1 if left else 0], weights, left)

    def _swap(self, layer: _Layer, identity: Array) -> None:
        """Put the identity (..., units, columns) in the place of a layer's weights."""
        turned = np.swapaxes(identity, -1, -2) if layer.left else identity
        factors = [layer.reads, self._store(f"{layer.node.output[0]}/identity", turned)]
        _become(layer.node, "MatMul", *(factors[::-1] if layer.left else factors))

    def _widened(self, shape: str, units: int) -> str:
        """Return a shape whose last size, where it is the number of targets, is that of units."""
        sizes = self._constant(shape)
        if sizes is not None:
            last = units if sizes[-1] == len(self._card.targets) else sizes[-1]
            return self._store(f"{shape}/units", np.append(sizes[:-1], last).astype(np.int64))
        node = self._makers.get(shape)
        if node is not None and node.op_type == "Concat":
            node.input[-1] = self._widened(node.input[-1], units)
        return shape

    def _constant(self, name: str) -> Array | None:
        """Return the value of a tensor that is the same for every input, or None."""
        if name in self._stored:
            return np.asarray(numpy_helper.to_array(self._stored[name]))
        node = self._makers.get(name)
        if node is None or node.op_type not in ("Constant", "Identity", "Transpose"):
            return None
        if node.op_type == "Constant":
            value = helper.get_attribute_value(node.attribute[0])
            tensor = isinstance(value, TensorProto)
            return np.asarray(numpy_helper.to_array(value) if tensor else value)
        value = self._constant(node.input[0])
        if value is None or node.op_type == "Identity":
            return value
        orders = [attribute.ints for attribute in node.attribute if attribute.name == "perm"]
        return value.transpose(*orders)

    def _store(self, name: str, value: Array) -> str:
        """Add an initializer; return its name."""
        if name not in self._stored:
            self._stored[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
            self._model.graph.initializer.append(self._stored[name])
        return name

    def _refused(self, why: str) -> ModelError:
        return ModelError(
            f"the scores of {self._card.name} come from no hidden layer that its targets share "
            f"({why}): give the folder of its training run"
        )


def _per_target(value: Array, targets: int) -> bool:
    """Tell whether a factor has a number for each target."""
    return targets > 1 and value.size == targets and value.shape[-1] == targets


def _become(node: NodeProto, kind: str, *inputs: str) -> None:
    """Replace a node by one of another kind, with the same name and output."""
    made = helper.make_node(kind, inputs, node.output, node.name)
    node.CopyFrom(made)
