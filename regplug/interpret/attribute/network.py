"""model.onnx in torch: letters ─Network→ the model's answers, with DeepLIFT's slopes or plain ones.

Codes stand as letters, (n, bases, 5): 1 for the base that is there, the fifth for an unknown one.
What a graph does to codes before they are looked up (the other strand, bases put around) is a
move of letters, so that gradients come back to each base of the sequence.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from torch import Tensor

from regplug.errors import ModelError
from regplug.genome.codes import UNKNOWN
from regplug.interpret.attribute import rules
from regplug.interpret.attribute.layers import LAYERS, Attributes, Constant, Input
from regplug.interpret.attribute.rules import Pair

LETTERS = UNKNOWN + 1
_CODES = ("Cast", "Identity", "Min", "Gather", "Concat", "Pad", "Slice")  # what codes go through


class Letters(NamedTuple):
    """Codes of a graph as letters: (rows, bases, 5)."""

    pair: Pair


class Network:
    """A model's graph in torch.

    Attributes:
        window: bases that it reads.
    """

    def __init__(self, model: ModelProto, name: str, output: str, device: str = "cpu") -> None:
        """Take a graph that reads codes.

        Args:
            model: the graph.
            name: of the model, for messages.
            output: which of the graph's outputs is wanted.
            device: cpu, cuda or cuda:N.

        Raises:
            ModelError: it has an operator that is not known here.
        """
        self._name, self._output, self._device = name, output, device
        self._input = model.graph.input[0].name
        self._nodes = list(_needed(model, output))
        for node in self._nodes:
            if node.op_type not in LAYERS and node.op_type not in _CODES:
                raise self._unknown(node)
        self._attributes = [
            {a.name: helper.get_attribute_value(a) for a in node.attribute} for node in self._nodes
        ]
        self._constants: Mapping[str, Constant] = {
            array.name: torch.from_numpy(np.array(numpy_helper.to_array(array))).to(device)
            for array in model.graph.initializer
        }

    def letters(self, codes: NDArray[np.uint8]) -> Tensor:
        """Return codes (n, bases) as letters, shape (n, bases, 5)."""
        known = torch.from_numpy(np.minimum(codes, UNKNOWN).astype(np.int64)).to(self._device)
        return torch.nn.functional.one_hot(known, LETTERS).float()

    def __call__(self, letters: Tensor, references: Tensor | None = None) -> Pair:
        """Return the answers (n, targets) of letters (n, bases, 5), and of their references.

        Raises:
            ModelError: the graph does to codes, or to numbers, what is not known here.
        """
        values: dict[str, Any] = {self._input: Letters(Pair(letters, references))}
        for node, attributes in zip(self._nodes, self._attributes, strict=True):
            inputs = [values.get(name, self._constants.get(name)) for name in node.input]
            try:
                values[node.output[0]] = _result(node, inputs, attributes)
            except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
                raise self._unknown(node) from error
        answer = values[self._output]
        assert isinstance(answer, Pair)
        return answer

    def _unknown(self, node: NodeProto) -> ModelError:
        return ModelError(
            f"{self._name} has an operator {node.op_type} in a way that gradients are not known "
            "of here: take --method ism, which reads any model"
        )


def _result(node: NodeProto, inputs: Sequence[Any], attributes: Attributes) -> Pair | Letters:
    of_codes = [value for value in inputs if isinstance(value, Letters)]
    if of_codes:
        return _moved(node.op_type, inputs, attributes)
    given: list[Input] = list(inputs)
    return LAYERS[node.op_type](given, attributes)


def _moved(kind: str, inputs: Sequence[Any], attributes: Attributes) -> Letters | Pair:
    """Return what an operator makes of letters: letters at other places, or numbers."""
    first, *others = inputs
    if kind in ("Cast", "Identity", "Min"):
        (letters,) = (value for value in inputs if isinstance(value, Letters))
        if kind == "Min" and not all(
            int(value) == UNKNOWN for value in inputs if isinstance(value, Tensor)
        ):
            raise ValueError(kind)
        return letters
    if kind == "Gather" and isinstance(first, Letters):
        axis, places = int(attributes.get("axis", 0)), others[0].long()
        return _each(lambda x: x.index_select(axis, places), first)
    if kind == "Gather":
        return _looked_up(first, others[0].pair)
    if kind == "Concat":
        axis = int(attributes["axis"])
        return Letters(
            rules.joined(
                [each.pair for each in inputs], lambda tensors: torch.cat(list(tensors), axis)
            )
        )
    if kind == "Slice":
        return _each(lambda x: _cut(x, *others), first)
    return _each(lambda x: _padded(x, *others), first)


def _each(function: Callable[[Tensor], Tensor], letters: Letters) -> Letters:
    return Letters(rules.linear(function, letters.pair))


def _looked_up(table: Tensor, codes: Pair) -> Letters | Pair:
    """Return the rows of a table that codes choose: other codes, or a number or several each."""
    if not table.is_floating_point():
        return Letters(rules.linear(lambda x: x @ _one_hot(table), codes))
    return rules.linear(lambda x: x @ table, codes)


def _one_hot(table: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(table.long(), LETTERS).float()


def _cut(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor, *steps: Tensor) -> Tensor:
    if steps and any(step != 1 for step in steps[0].tolist()):
        raise ValueError("Slice")
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        x = x[(slice(None),) * (axis % 2) + (slice(start, end),)]
    return x


def _padded(x: Tensor, pads: Tensor, value: Tensor) -> Tensor:
    """Return letters with the same letter before and behind them."""
    rows_before, before, rows_behind, behind = pads.tolist()
    if rows_before or rows_behind:
        raise ValueError("Pad")
    letter = _one_hot(value.reshape(1)).expand(len(x), 1, LETTERS)
    return torch.cat([letter.expand(-1, before, -1), x, letter.expand(-1, behind, -1)], dim=1)


def _needed(model: ModelProto, output: str) -> Sequence[NodeProto]:
    """Return the nodes that an output needs, in order."""
    wanted, found = {output}, []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            found.append(node)
            wanted |= set(node.input)
    return found[::-1]
