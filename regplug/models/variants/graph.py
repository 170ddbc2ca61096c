"""A model's graph → the graph that scores variants: what windows and alleles share, computed once.

    codes (bases,), starts (n,) of windows in them, and per ALT its window and base (m,)
    → the model's outputs, for the n windows as they are (REF), then for the m ALTs

Nothing is known of the model but its operators. From the codes on, each tensor whose elements know
their bases gets a table of its distinct elements (see `rows`); where an operator mixes all bases,
the tensors that it reads are put together for each window and each ALT, and the rest of the graph
is left as it is. The numbers are those of the plain graph but for the order of sums.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from regplug.models.onnx_builder import Builder
from regplug.models.variants.addresses import FrameKey
from regplug.models.variants.convolution import by_products
from regplug.models.variants.geometry import Geometry
from regplug.models.variants.layers import LAYERS, MOVES
from regplug.models.variants.reduction import Reduction, reduction
from regplug.models.variants.rows import Rows
from regplug.models.variants.tensor import Constant, Input, Tensor, derived, once
from regplug.models.variants.turned import complements, turned_round
from regplug.scoring.stretches import LayerSize, Request, Sizes

BLOCK, STARTS, OF, ALT = "block", "starts", "of", "alt"  # the inputs
SIZES = "regplug_sizes"  # a property of the graph


def variants_graph(model: ModelProto, column: int) -> ModelProto | None:
    """Return the graph for SNVs in the 0-based `column` of the window; None if nothing is shared.

    Args:
        model: reads codes (n, window), uint8, of OPSET or later.
        column: 0-based, of the variant's base.
    """
    shape = model.graph.input[0].type.tensor_type.shape.dim
    window = shape[1].dim_value if len(shape) == 2 else 0
    if len(model.graph.input) != 1 or not window:
        return None
    trunk = _Trunk(model, window, column)
    ends = trunk.ends()
    if not any(end.channels for end in ends.values()) or not trunk.convolves:
        return None
    graph = Builder()
    rows = Rows(graph, trunk.reach())
    with graph.scope("shared"):
        whole = {name: end.whole(rows) for name, end in ends.items()}
    for name, tensor in whole.items():
        graph.name(name, tensor)
    graph.adopt(model, trunk.rest(ends))
    outputs = [
        helper.make_tensor_value_info(
            value.name,
            value.type.tensor_type.elem_type,
            ["n+m", *(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])],
        )
        for value in model.graph.output
    ]
    inputs = [
        helper.make_tensor_value_info(name, kind, [size])
        for name, kind, size in (
            (BLOCK, TensorProto.UINT8, "bases"),
            (STARTS, TensorProto.INT64, "n"),
            (OF, TensorProto.INT64, "m"),
            (ALT, TensorProto.UINT8, "m"),
        )
    ]
    made = graph.model("variants", inputs, outputs, doc=__doc__.partition("\n")[0])
    sizes = msgspec.json.encode(trunk.sizes()).decode()
    helper.set_model_props(made, {SIZES: sizes})
    return made


def sizes_of(made: ModelProto) -> Sizes:
    """Return what `variants_graph` wrote of its layers' sizes."""
    (text,) = (prop.value for prop in made.metadata_props if prop.key == SIZES)
    return msgspec.json.decode(text, type=Sizes)


def inputs_of(request: Request) -> dict[str, NDArray[Any]]:
    """Return a request as the inputs of the graph, by name."""
    return {BLOCK: request.block, STARTS: request.starts, OF: request.of, ALT: request.alt}


class _Trunk:
    """The part of a graph whose tensors know their bases.

    Attributes:
        tensors: by name.
        convolves: whether it has a convolution.
    """

    def __init__(self, model: ModelProto, window: int, column: int) -> None:
        self._model, self._column = model, column
        self._constants = _constants(model)
        codes = Tensor(
            ("n", "l"),
            Geometry(window, column, column + 1),
            once(lambda rows: rows.start(BLOCK, ALT, STARTS, OF)),
        )
        self.tensors = {model.graph.input[0].name: codes}
        self._nodes: list[NodeProto] = []
        for node in model.graph.node:
            made = self._layer(node)
            if made is not None:
                self.tensors[node.output[0]] = made
                self._nodes.append(node)
        self._give_back_moves()
        self.convolves = any(node.op_type == "Conv" for node in self._nodes)

    def covers(self, node: NodeProto) -> bool:
        """Tell whether a node's work is done by tables."""
        return node in self._nodes

    def ends(self) -> dict[str, Tensor | Reduction]:
        """Return what the rest of the graph reads, by name."""
        made = {
            node.output[0]: found
            for node in self._model.graph.node
            if not self.covers(node) and (found := self._reduces(node))
        }
        read = {value.name for value in self._model.graph.output}
        for node in self._model.graph.node:
            if not self.covers(node) and node.output[0] not in made:
                read.update(_read(node))
        ends = {name: tensor for name, tensor in self.tensors.items() if name in read}
        return {**ends, **made}

    def rest(self, ends: Mapping[str, Tensor | Reduction]) -> list[NodeProto]:
        """Return the nodes whose work is not done when the ends are there."""
        nodes = [node for node in self._model.graph.node if not self.covers(node)]
        return [node for node in nodes if node.output[0] not in ends]

    def reach(self) -> dict[tuple[FrameKey, int], int]:
        """Return the rows of a window by frame and stride."""
        found: dict[tuple[FrameKey, int], int] = {}
        for tensor in self.tensors.values():
            key = tensor.geometry.frame, tensor.geometry.stride
            found[key] = max(found.get(key, 0), tensor.geometry.end + tensor.beyond)
        return found

    def sizes(self) -> Sizes:
        """Return how many numbers each layer reads at once, in the words of `Sizes`."""
        layers = set()
        for node in self._nodes:
            if node.op_type in ("Conv", "MaxPool", "AveragePool"):
                read, made = self.tensors[node.input[0]], self.tensors[node.output[0]]
                taps = np.prod(
                    np.shape(self._constants[node.input[1]])[2:]
                    if node.op_type == "Conv"
                    else next(a.ints for a in node.attribute if a.name == "kernel_shape")
                )
                g = made.geometry
                numbers = g.strands * int(taps) * (read.channels or 1)
                if node.op_type == "Conv" and by_products(self._constants[node.input[1]]):
                    numbers = g.strands * int(taps) * (made.channels or 1)
                layers.add(LayerSize(numbers, g.length, g.left + g.right, len(g.changed)))
        return Sizes(self._column, tuple(sorted(layers)))

    def _layer(self, node: NodeProto) -> Tensor | None:
        inputs: list[Input] = []
        for name in node.input:
            found = self.tensors.get(name, self._constants.get(name)) if name else None
            if name and found is None:
                return None
            inputs.append(found)
        if not any(isinstance(value, Tensor) for value in inputs):
            return None
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Concat" and (strands := self._strands(inputs, attributes["axis"])):
            return strands
        layer = LAYERS.get(node.op_type)
        made = layer(node.op_type, inputs, attributes) if layer else None
        return self._twin(node, made) if made and node.op_type == "Conv" else made

    def _strands(self, inputs: list[Input], axis: int) -> Tensor | None:
        """Return both strands, where windows and their complements backwards are put together."""
        if axis != 0 or len(inputs) != 2:
            return None
        plus, minus = inputs
        if not (isinstance(plus, Tensor) and isinstance(minus, Tensor)):
            return None
        one = plus.geometry
        if plus.backwards or not minus.backwards or minus.geometry != one or one.strands == 2:
            return None
        if plus.channels is not None or minus.channels is not None:
            return None
        if (one.shift, one.left, one.part) != (0, 0, None):
            return None
        other = one.length - 1 - self._column
        low, high = min(self._column, other), max(self._column, other) + 1
        geometry = replace(one, low=low, high=high, strands=2)
        return derived(
            plus,
            lambda rows: rows.both_strands(
                plus.table(rows), minus.table(rows), geometry, self._column
            ),
            geometry=geometry,
            turned=complements(plus, minus),
        )

    def _twin(self, node: NodeProto, made: Tensor) -> Tensor:
        """Return a convolution; with its twin, if its filters are another's, turned round."""
        source, filters = self.tensors[node.input[0]], self._constants[node.input[1]]
        if source.turned is None or not made.stem:
            return made
        taps, shorter = made.stem.reading.taps, source.geometry.length - made.geometry.length
        if taps[0] + taps[-1] != shorter:  # more is put around one end than the other
            return made
        for other in self._nodes:
            alike = other.op_type == "Conv" and other.input[0] == node.input[0]
            if not alike or other.attribute != node.attribute or other.input[2:] != node.input[2:]:
                continue
            known = self._constants[other.input[1]]
            if known.shape == filters.shape and np.array_equal(
                turned_round(known, source.turned), filters
            ):
                return replace(made, twin=self.tensors[other.output[0]])
        return made

    def _reduces(self, node: NodeProto) -> Reduction | None:
        return reduction(node, self.tensors, self._constants)

    def _give_back_moves(self) -> None:
        """Leave to the rest what only moves numbers for it."""
        for node in reversed(self._model.graph.node):
            name = node.output[0]
            if node.op_type in MOVES and self.covers(node):
                readers = [n for n in self._model.graph.node if name in _read(n)]
                if not any(self.covers(reader) or self._reduces(reader) for reader in readers):
                    self._nodes.remove(node)
                    del self.tensors[name]


def _constants(model: ModelProto) -> Mapping[str, Constant]:
    """Return the arrays of a graph by name."""
    found = {array.name: numpy_helper.to_array(array) for array in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = np.asarray(numpy_helper.to_array(node.attribute[0].t))
    return found


def _read(node: NodeProto) -> set[str]:
    """Return the names that a node reads, those of inner graphs too."""
    names = set(node.input)
    for attribute in node.attribute:
        for inner in (*attribute.graphs, attribute.g):
            for within in inner.node:
                names |= _read(within)
    return names
