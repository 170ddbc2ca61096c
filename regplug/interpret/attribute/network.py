"""model.onnx in torch: letters ─Network→ the model's answers, with DeepLIFT's slopes or plain ones.

The graph and its operators are those of `--engine torch` (`models.torch_graph`). Here a step goes
by a rule of DeepLIFT's where its inputs change (`layers`), and codes stand as `letters`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import Tensor

from regplug.errors import ModelError
from regplug.genome.codes import UNKNOWN
from regplug.interpret.attribute.layers import KNOWN, by_rule
from regplug.interpret.attribute.letters import LETTERS, OF_CODES, Letters, of_codes
from regplug.interpret.attribute.rules import Pair
from regplug.models.torch_graph.graph import Step, TorchGraph


class Network:
    """A model's graph in torch."""

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
        self._graph = TorchGraph(model, [output], device)
        for kind in [*self._graph.unknown, *self._of_changing()]:
            if kind not in KNOWN and kind not in OF_CODES:
                raise self._unknown(kind)

    def _of_changing(self) -> list[str]:
        """Return the kinds of the steps whose inputs depend on the codes."""
        changing, kinds = {self._input}, []
        for step in self._graph.steps:
            if changing & set(step.inputs):
                kinds.append(step.kind)
                changing |= set(step.outputs) if step.kind != "Shape" else set()
        return kinds

    def letters(self, codes: NDArray[np.uint8]) -> Tensor:
        """Return codes (n, bases) as letters, shape (n, bases, 5)."""
        known = torch.from_numpy(np.minimum(codes, UNKNOWN).astype(np.int64)).to(self._device)
        return torch.nn.functional.one_hot(known, LETTERS).float()

    def __call__(self, letters: Tensor, references: Tensor | None = None) -> Pair:
        """Return the answers (n, targets) of letters (n, bases, 5), and of their references.

        Raises:
            ModelError: the graph does to codes, or to numbers, what is not known here.
        """
        found = self._graph.run({self._input: Letters(Pair(letters, references))}, self._apply)
        answer = found[self._output]
        assert isinstance(answer, Pair)
        return answer

    def _apply(self, step: Step, inputs: Sequence[Any]) -> Any:
        try:
            if any(isinstance(value, Letters) for value in inputs):
                return of_codes(step, inputs)
            if any(isinstance(value, Pair) for value in inputs):
                return by_rule(step, inputs)
            return step(inputs)
        except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
            raise self._unknown(step.kind) from error

    def _unknown(self, kind: str) -> ModelError:
        return ModelError(
            f"{self._name} has an operator {kind} in a way that gradients are not known "
            "of here: take --method ism, which reads any model"
        )
