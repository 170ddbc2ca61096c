"""A thin layer over onnx.helper, so that graph code reads like array code.

Every graph begins alike: codes ─known→ int32 codes ─both_strands→ two strands ─one_hot→ letters.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

OPSET = 17
IR_VERSION = 8
AXES_ARE_READ = 18  # the version from which on all that reduces reads its axes as an input


class Builder:
    """Collects a graph's nodes and initializers; most methods return the name of a new tensor."""

    def __init__(self) -> None:
        """Start with an empty graph."""
        self._nodes: list[NodeProto] = []
        self._initializers: dict[tuple[str, tuple[int, ...], bytes], TensorProto] = {}
        self._names: Counter[str] = Counter()
        self._scope = ""
        self._opsets = {"": OPSET}
        self._ir_version = IR_VERSION
        self._included: list[TensorProto] = []

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Let the names of all tensors that are made in the context begin with `name/`."""
        outer, self._scope = self._scope, f"{self._scope}{name}/"
        yield
        self._scope = outer

    def constant(self, value: ArrayLike, dtype: type[np.generic]) -> str:
        """Return the initializer of an array; equal arrays are stored once."""
        array = np.ascontiguousarray(value, dtype=dtype).reshape(np.shape(value))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._initializers:
            self._initializers[key] = numpy_helper.from_array(array, self._unique("constant"))
        return str(self._initializers[key].name)

    def ints(self, *values: int) -> str:
        """Return the initializer of a vector of int64."""
        return self.constant(values, np.int64)

    def op(self, kind: str, *inputs: str, **attributes: float | str | Sequence[int]) -> str:
        """Add a node of type `kind` and return its only output."""
        name = self._unique(kind)
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def ops(
        self, kind: str, *inputs: str, outputs: int, **attributes: float | str | Sequence[int]
    ) -> list[str]:
        """Add a node of type `kind` and return its outputs, of which there are `outputs`."""
        name = self._unique(kind)
        names = [f"{name}_{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names

    def name(self, name: str, tensor: str) -> None:
        """Give a tensor the name `name`, as an output of the graph needs one that is known."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name], name=name))

    def size(self, tensor: str, axis: int) -> str:
        """Return a tensor's size along an axis, int64, shape (1,)."""
        return self.op("Shape", tensor, start=axis, end=axis + 1)

    def cut(self, tensor: str, start: int | str, stop: int | str, axis: int) -> str:
        """Return tensor[start:stop] along an axis; a bound may be an int64 tensor of shape (1,)."""
        bounds = (self.ints(bound) if isinstance(bound, int) else bound for bound in (start, stop))
        return self.op("Slice", tensor, *bounds, self.ints(axis))

    def reshape(self, tensor: str, *shape: int | str) -> str:
        """Return the tensor in a shape; a size may be an int64 tensor of shape (1,)."""
        sizes = [size for size in shape if isinstance(size, int)]
        if len(sizes) == len(shape):
            return self.op("Reshape", tensor, self.ints(*sizes))
        parts = [self.ints(size) if isinstance(size, int) else size for size in shape]
        return self.op("Reshape", tensor, self.op("Concat", *parts, axis=0))

    def known(self, codes: str) -> str:
        """Return uint8 codes (n, bases) as int32, 4 for every code above 3."""
        integers = self.op("Cast", codes, to=TensorProto.INT32)
        return self.op("Min", integers, self.constant(4, np.int32))

    def both_strands(self, codes: str, width: int) -> str:
        """Return int32 codes (n, width), then those of the other strand: (2n, width)."""
        other = self.op("Gather", self.constant([3, 2, 1, 0, 4], np.int32), codes)
        backwards = self.ints(*range(width)[::-1])
        return self.op("Concat", codes, self.op("Gather", other, backwards, axis=1), axis=0)

    def one_hot(self, codes: str, letters: str = "ACGT", unknown: float = 0.25) -> str:
        """Return float32 letters (n, 4, 1, bases) of int32 codes.

        Args:
            codes: (n, bases).
            letters: which letter each of the four channels is of.
            unknown: the value of each channel at an unknown base.
        """
        order = ["ACGT".index(letter) for letter in letters]
        table = np.vstack([np.eye(4)[:, order], np.full((1, 4), unknown)])
        letters = self.op("Gather", self.constant(table, np.float32), codes)  # (n, bases, 4)
        return self.op("Unsqueeze", self.op("Transpose", letters, perm=[0, 2, 1]), self.ints(2))

    def gelu(self, tensor: str) -> str:
        """Return x / 2 · (1 + erf(x / √2)) of each number x.

        By a division, as onnxruntime knows it: it computes this in one pass, and no product by √½.
        """
        half = self.op("Mul", tensor, self.constant(0.5, np.float32))
        error = self.op("Erf", self.op("Div", tensor, self.constant(sqrt(2), np.float32)))
        return self.op("Mul", half, self.op("Add", error, self.constant(1, np.float32)))

    def include(self, model: ModelProto, tensor: str) -> list[str]:
        """Add all of another model; it reads `tensor` as its only input. Return its outputs.

        Its operators must be of OPSET or a later version, the same in all models that are included;
        it has no functions and no sparse arrays.
        """
        prefix, graph = self._unique("included") + "/", GraphProto()
        graph.CopyFrom(model.graph)
        _put_before_names(graph, prefix)
        self.name(graph.input[0].name, tensor)
        self._nodes += graph.node
        self._included += graph.initializer
        self._opsets |= {opset.domain: opset.version for opset in model.opset_import}
        self._ir_version = max(self._ir_version, model.ir_version)
        return [str(value.name) for value in graph.output]

    def adopt(self, model: ModelProto, nodes: Sequence[NodeProto]) -> None:
        """Add nodes of another model as they stand, with its arrays and versions."""
        self._nodes += nodes
        self._included += model.graph.initializer
        self._opsets |= {opset.domain: opset.version for opset in model.opset_import}
        self._ir_version = max(self._ir_version, model.ir_version)

    def model(
        self,
        name: str,
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[ValueInfoProto],
        doc: str,
    ) -> ModelProto:
        """Return the finished model; its graph has the name of the model's family."""
        if self._opsets[""] >= AXES_ARE_READ:
            for node in self._nodes:
                self._let_axes_be_read(node)
        arrays = [*self._initializers.values(), *self._included]
        graph = helper.make_graph(self._nodes, name, inputs, outputs, arrays)
        return helper.make_model(
            graph,
            producer_name="regplug",
            doc_string=doc,
            ir_version=self._ir_version,
            opset_imports=[helper.make_opsetid(*opset) for opset in self._opsets.items()],
        )

    def _let_axes_be_read(self, node: NodeProto) -> None:
        """Make an input of the axes of a node that reduces, where an attribute has them."""
        for axes in [a for a in node.attribute if a.name == "axes"]:
            if node.op_type.startswith("Reduce"):
                node.attribute.remove(axes)
                node.input.append(self.ints(*axes.ints))

    def _unique(self, kind: str) -> str:
        stem = self._scope + kind
        self._names[stem] += 1
        return f"{stem}_{self._names[stem]}"


def _put_before_names(graph: GraphProto, prefix: str) -> None:
    """Put a prefix before the names of all tensors and nodes, those of inner graphs too."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = prefix + value.name
    for node in graph.node:
        node.name = prefix + node.name if node.name else ""
        node.input[:] = [prefix + name if name else "" for name in node.input]
        node.output[:] = [prefix + name if name else "" for name in node.output]
        for attribute in node.attribute:
            for inner in (*attribute.graphs, attribute.g):
                _put_before_names(inner, prefix)
