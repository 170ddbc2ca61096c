"""Convolutional networks of many forms, as graphs, drawn by hypothesis."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from regplug.models.onnx_builder import Builder

TARGETS = 3


class Drawn:
    """Draws a network layer by layer, and keeps its shape (channels, length)."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.graph = draw, Builder()
        self.rng = np.random.default_rng(draw(st.integers(0, 2**31)))
        self.strands = draw(st.booleans())
        self.flat = draw(st.booleans())  # (n, c, l), not (n, c, 1, l)
        self.window = self.length = draw(st.integers(24, 70))
        self.channels = 4

    def weights(self, *shape: int) -> str:
        scale = 1.3 / np.sqrt(np.prod(shape[1:]))
        return self.graph.constant(self.rng.normal(size=shape) * scale, np.float32)

    def two(self, along: int, across: int) -> list[int]:
        return [along] if self.flat else [across, along]

    def letters(self) -> str:
        graph = self.graph
        codes = graph.known("codes")
        if self.strands:
            codes = graph.both_strands(codes, self.window)
        if self.draw(st.booleans()):  # the middle of the window alone
            first = self.draw(st.integers(0, self.length - 24))
            last = self.draw(st.integers(0, self.length - 24 - first))
            codes = graph.cut(codes, first, self.length - last, 1)
            self.length -= first + last
        if self.draw(st.booleans()):  # unknown bases around
            ends = self.draw(st.integers(1, 4))
            around = graph.constant(4, np.int32)
            codes = graph.op("Pad", codes, graph.ints(0, ends, 0, ends), around)
            self.length += 2 * ends
        letters = graph.one_hot(codes)
        return graph.op("Squeeze", letters, graph.ints(2)) if self.flat else letters

    def convolution(self, values: str, *, kept: bool = False, channels: int = 0) -> str:
        size = self.draw(st.integers(1, 5))
        apart = self.draw(st.integers(1, 3)) if size > 1 else 1
        reach = (size - 1) * apart
        step = 1 if kept else self.draw(st.sampled_from([1, 1, 1, 2]))
        left = self.draw(st.integers(0, reach)) if kept or self.draw(st.booleans()) else 0
        right = reach - left if kept else self.draw(st.integers(0, left))
        outputs = channels or self.draw(st.integers(1, 5))
        shape = (outputs, self.channels, *self.two(size, 1))
        made = self.graph.op(
            "Conv", values, self.weights(*shape), self.weights(outputs),
            pads=[*self.two(left, 0), *self.two(right, 0)], strides=self.two(step, 1),
            dilations=self.two(apart, 1),
        )  # fmt: skip
        self.length = (self.length + left + right - reach - 1) // step + 1
        self.channels = outputs
        return made

    def activation(self, values: str) -> str:
        graph, kind = self.graph, self.draw(st.sampled_from(["Relu", "gelu", "Sigmoid", "norm"]))
        if kind == "gelu":
            error = graph.op("Erf", graph.op("Mul", values, graph.constant(0.7, np.float32)))
            return graph.op("Mul", values, error)
        if kind == "norm":
            arrays = [self.weights(self.channels) for _ in range(3)]
            spread = graph.constant(self.rng.uniform(0.5, 2, self.channels), np.float32)
            return graph.op("BatchNormalization", values, *arrays, spread)
        return graph.op(kind, values)

    def pool(self, values: str) -> str:
        size = self.draw(st.integers(2, 4))
        step = self.draw(st.integers(1, size))
        if self.draw(st.booleans()):
            over = self.draw(st.booleans())
            made = self.graph.op(
                "MaxPool", values, kernel_shape=self.two(size, 1), strides=self.two(step, 1),
                ceil_mode=int(over),
            )  # fmt: skip
            room = self.length - size
            self.length = (-(-room // step) if over else room // step) + 1
            self.length -= (self.length - 1) * step >= room + size
            return made
        made = self.graph.op(
            "AveragePool", values, kernel_shape=self.two(size, 1), strides=self.two(step, 1)
        )
        self.length = (self.length - size) // step + 1
        return made

    def turned(self, values: str) -> str:
        """The larger of two convolutions' maxima, as of a filter and its complement backwards."""
        before, channels = (self.channels, self.length), self.draw(st.integers(1, 4))
        parts = []
        for _ in range(2):
            self.channels, self.length = before
            made = self.convolution(values, kept=True, channels=channels)
            parts.append(self.graph.op(
                "MaxPool", made, kernel_shape=self.two(3, 1), strides=self.two(3, 1)
            ))  # fmt: skip
        self.length //= 3
        return self.graph.op("Max", *parts)

    def twins(self, letters: str) -> str:
        """Filters and their complements backwards, each of them pooled, as our networks begin."""
        graph, size = self.graph, self.draw(st.integers(1, 7))
        pool, kind = self.draw(st.integers(2, 5)), self.draw(st.sampled_from(["Max", "Average"]))
        self.channels = self.draw(st.integers(1, 4))
        weights = self.rng.normal(size=(self.channels, 4, *self.two(size, 1)))
        bias = [self.weights(self.channels)] if self.draw(st.booleans()) else []
        last = np.flip(weights, axis=(1, *range(2, weights.ndim)))
        left, right = (self.draw(st.integers(0, size - 1)) for _ in range(2))
        if self.draw(st.booleans()):
            right = left
        pads = [*self.two(left, 0), *self.two(right, 0)]
        pools = [
            graph.op(
                f"{kind}Pool",
                graph.op("Conv", letters, graph.constant(each, np.float32), *bias, pads=pads),
                kernel_shape=self.two(pool, 1), strides=self.two(pool, 1),
            )
            for each in (weights, last)
        ]  # fmt: skip
        self.length = (self.length + left + right - size + 1) // pool
        return graph.op("Max", *pools)

    def residual(self, values: str) -> str:
        made = self.activation(self.convolution(values, kept=True, channels=self.channels))
        return self.graph.op("Add", values, made)

    def branches(self, values: str) -> str:
        before = self.channels
        parts = []
        for _ in range(2):
            self.channels = before
            parts.append(self.convolution(values, kept=True, channels=before))
        self.channels = 2 * before
        return self.graph.op("Concat", *parts, axis=1)

    def crop(self, values: str) -> str:
        left, right = self.draw(st.integers(0, 3)), self.draw(st.integers(1, 3))
        axis = 2 if self.flat else 3
        self.length -= left + right
        return self.graph.cut(values, left, left + self.length, axis)

    def head(self, values: str) -> str:
        graph, axis = self.graph, 2 if self.flat else 3
        kind = self.draw(st.sampled_from(["flat", "max", "mean", "attention"]))
        width = self.channels
        if kind == "flat":
            width *= self.length
        elif kind == "max":
            values = graph.op("ReduceMax", values, axes=[axis])
        elif kind == "mean":
            values = graph.op("GlobalAveragePool", values)
        else:
            shares = graph.op("Softmax", values, axis=axis)
            values = graph.op("ReduceSum", graph.op("Mul", shares, values), graph.ints(axis))
        flat = graph.op("Flatten", values)
        return graph.op("Gemm", flat, self.weights(width, TARGETS))

    def model(self, *, twins: bool = False) -> ModelProto:
        values = self.letters()
        layers = [
            self.convolution,
            self.activation,
            self.pool,
            self.residual,
            self.branches,
            self.turned,
        ]
        for layer in [
            self.twins if twins else self.convolution,
            *self.draw(st.lists(st.sampled_from([*layers, self.crop]), max_size=5)),
        ]:
            if self.length >= 14:
                values = layer(values)
        scores = self.head(values)
        if self.strands:
            both = self.graph.reshape(scores, 2, -1, TARGETS)
            scores = self.graph.op("ReduceMean", both, axes=[0], keepdims=0)
        self.graph.name("scores", scores)
        return self.graph.model(
            "toy",
            [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", self.window])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", TARGETS])],
            doc="drawn",
        )


@st.composite
def networks(draw: Any) -> ModelProto:
    """Draw a network's graph: codes (n, window) → scores (n, TARGETS)."""
    return Drawn(draw).model()


@st.composite
def twin_networks(draw: Any) -> ModelProto:
    """Draw one whose first filters are there as they are and turned round, on both strands."""
    drawn = Drawn(draw)
    drawn.strands = True
    return drawn.model(twins=True)


def in_float64(model: ModelProto) -> ModelProto:
    """Return a graph that computes in float64, for onnx's reference evaluator."""
    copy = ModelProto()
    copy.CopyFrom(model)
    for array in copy.graph.initializer:
        if array.data_type == TensorProto.FLOAT:
            wide = numpy_helper.to_array(array).astype(np.float64)
            array.CopyFrom(numpy_helper.from_array(wide, array.name))
    copy.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    return copy


def reference(model: ModelProto, codes: np.ndarray) -> np.ndarray:
    """Return a graph's scores as onnx's reference evaluator computes them in float64."""
    from onnx.reference import ReferenceEvaluator

    (scores,) = ReferenceEvaluator(in_float64(model)).run(None, {"codes": codes})
    return np.asarray(scores)
