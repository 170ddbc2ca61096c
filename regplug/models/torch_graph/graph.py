"""A graph's nodes in PyTorch: values by name ─TorchGraph.run→ the outputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from regplug.models.torch_graph.operators import OPERATORS


class Step(NamedTuple):
    """A node: the operator that it is, and the names of what it reads and makes."""

    kind: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: dict[str, Any]

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """Return what the operator makes of tensors (None: left out): a tensor, or several.

        Raises:
            NotImplementedError: of a kind of the operator that is not known; it names it.
        """
        return OPERATORS[self.kind](inputs, self.attributes)


Apply = Callable[[Step, Sequence[Any]], Any]


class TorchGraph:
    """What the outputs of a graph need.

    Attributes:
        steps: its nodes, in order.
        unknown: the kinds of nodes that there is no operator for, sorted.
    """

    def __init__(self, model: ModelProto, outputs: Sequence[str], device: str) -> None:
        """Take a graph, and its weights to a device: cpu, cuda or cuda:N."""
        self._device, self._outputs = device, outputs
        self.steps = [
            Step(node.op_type, list(node.input), list(node.output), _attributes(node))
            for node in _needed(model, outputs)
        ]
        self.unknown = sorted({step.kind for step in self.steps} - OPERATORS.keys())
        self._constants = {
            array.name: self.tensor(numpy_helper.to_array(array))
            for array in model.graph.initializer
        }
        self._last = {name: at for at, step in enumerate(self.steps) for name in step.inputs}

    def tensor(self, array: NDArray[Any]) -> torch.Tensor:
        """Return an array as a tensor: shapes and axes stay on the CPU."""
        tensor = torch.from_numpy(np.array(array))
        return tensor if tensor.dtype == torch.int64 else tensor.to(self._device)

    def run(self, inputs: Mapping[str, Any], apply: Apply = Step.__call__) -> dict[str, Any]:
        """Return the outputs by name.

        Args:
            inputs: by name.
            apply: what is done at each step; else its operator.

        Raises:
            NotImplementedError: as `Step`.
        """
        values = self._constants | dict(inputs)
        for at, step in enumerate(self.steps):
            found = apply(step, [values[name] if name else None for name in step.inputs])
            several = found if type(found) is tuple else (found,)
            values |= zip(step.outputs, several, strict=False)
            for name in step.inputs:  # what nobody reads any more frees its memory
                if name and self._last[name] == at and name not in self._outputs:
                    values.pop(name, None)
        return {name: values[name] for name in self._outputs}


def _attributes(node: NodeProto) -> dict[str, Any]:
    of_node = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {"num_outputs": len(node.output)} | of_node if node.op_type == "Split" else of_node


def _needed(model: ModelProto, outputs: Sequence[str]) -> list[NodeProto]:
    """Return the nodes that outputs need, in order."""
    wanted, found = set(outputs), []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            found.append(node)
            wanted |= set(node.input)
    return found[::-1]
